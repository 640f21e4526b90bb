/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cases of contract_storage_files for every real storage.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/contract/world_of_files.h"

struct swapper {
        char directory[512], link[512];
        atomic_bool stop;
        unsigned swaps;
};

/* GlusterFS cannot exchange two names, so there the directory goes aside and a link comes in its place; a
 * directory that the maker put there meanwhile goes aside too. */
static bool swap_slowly(struct swapper *swapper)
{
        char aside[600];

        do {
                snprintf(aside, sizeof aside, "%s-%u", swapper->directory, swapper->swaps++);
                if (rename(swapper->directory, aside) && errno != ENOENT)
                        return false;
        } while (symlink("victim", swapper->directory) && errno == EEXIST);
        if (unlink(swapper->directory))
                return false;
        return mkdir(swapper->directory, 0755) == 0 || errno == EEXIST;
}

static void *swapper_run(void *context)
{
        struct swapper *swapper = context;

        while (!swapper->stop) {
                if (renameat2(AT_FDCWD, swapper->directory, AT_FDCWD, swapper->link, RENAME_EXCHANGE) == 0)
                        swapper->swaps++;
                else if (errno != EINVAL || !swap_slowly(swapper))
                        return (void *)"the swapper could not swap";
        }
        return NULL;
}

/* Whatever the moment of the swap: nothing is ever made where the link points to. */
void link_swapped_in_during_the_walk_is_never_followed(void **state)
{
        struct world *world = *state;
        struct swapper swapper = { .stop = false };
        unsigned made = 0, refused = 0;
        pthread_t thread;
        void *failed;

        world_put_directory(world, world_path(world, "/victim"), 0, 0, 0755);
        world_put_directory(world, world_path(world, "/dir"), 0, 0, 0755);
        world_put_link(world, world_path(world, "/link"), "victim");
        snprintf(swapper.directory, sizeof swapper.directory, "%s%s/dir", world->view, world->base);
        snprintf(swapper.link, sizeof swapper.link, "%s%s/link", world->view, world->base);
        pthread_create(&thread, NULL, swapper_run, &swapper);
        /* Rounds are bounded; on a fast local file system they are over in a moment, so there are more. */
        for (int round = 0; round < (world->pool ? 150 : 3000); round++) {
                struct fault fault = { 0 };
                char path[64];

                snprintf(path, sizeof path, "%s/dir/%d/x", world->base, round);
                int code = world_make(world, path, 33, 34, 0700, &fault);
                if (code != 0 && code != -FAULT_INVALID && code != -FAULT_UNAVAILABLE)
                        fail_msg("%s", fault.text);
                made += code == 0;
                refused += code == -FAULT_INVALID;
        }
        swapper.stop = true;
        pthread_join(thread, &failed);
        if (failed)
                fail_msg("%s", (char *)failed);
        print_message("# %u swaps: %u made, %u refused\n", swapper.swaps, made, refused);
        assert_true(made > 0);
        char victim[600];
        snprintf(victim, sizeof victim, "%s%s/victim", world->view, world->base);
        assert_int_equal(rmdir(victim), 0); /* it is still empty */
        assert_int_equal(mkdir(victim, 0755), 0);
}

void timings_are_told(void **state)
{
        struct world *world = *state;
        int64_t start_ms = clock_monotonic_ms(clock_system());
        struct path_seen seen;

        for (int i = 0; i < 100; i++)
                world_inspect(world, world_path(world, "/a/b"), &seen, NULL);
        int64_t inspected_ms = clock_monotonic_ms(clock_system());
        for (int i = 0; i < 100; i++) {
                char path[64];

                snprintf(path, sizeof path, "%s/%d", world->base, i);
                assert_made(world, path, 33, 33, 0755);
        }
        print_message("# inspect %.2f ms, make %.2f ms\n", (double)(inspected_ms - start_ms) / 100,
                      (double)(clock_monotonic_ms(clock_system()) - inspected_ms) / 100);
}
