/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * contract_storage_files [single MOUNT_ROOT SCRATCH | cluster VIEW SERVER VOLUME WORKER]: what every
 * `struct storage_files` answers. Without arguments the fake is asked. SCRATCH is a directory on another file
 * system, to mount things in; VIEW is the volume, mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/files/local_files.h"
#include "protocols/gluster/volume_files.h"
#include "tests/contract/world_of_files.h"

#define PATIENCE_MS 20000

static char **arguments;

/* --- Asking ------------------------------------------------------------------------------------------------- */

static int inspect(struct world *world, const char *path, struct path_seen *seen, struct fault *fault)
{
        memset(seen, 0x55, sizeof *seen);
        return world->files.inspect(world->files.context, world->storage, path, PATIENCE_MS, seen, fault);
}

static int make(struct world *world, const char *path, uint32_t uid, uint32_t gid, uint16_t mode,
                struct fault *fault)
{
        return world->files.make_directory(world->files.context, world->storage, path, uid, gid, mode, PATIENCE_MS,
                                           fault);
}

static void assert_seen(struct world *world, const char *path, enum path_kind kind, const char *at)
{
        struct fault fault = { 0 };
        struct path_seen seen;

        if (inspect(world, path, &seen, &fault))
                fail_msg("inspect %s: %s", path, fault.text);
        if (seen.kind != kind || strcmp(seen.at, at) != 0)
                fail_msg("inspect %s: kind %d at \"%s\"", path, seen.kind, seen.at);
}

static void assert_made(struct world *world, const char *path, uint32_t uid, uint32_t gid, uint16_t mode)
{
        struct fault fault = { 0 };

        if (make(world, path, uid, gid, mode, &fault))
                fail_msg("make %s: %s", path, fault.text);
}

static void assert_is(struct world *world, const char *path, enum path_kind kind, uint32_t uid, uint32_t gid,
                      unsigned mode)
{
        struct fake_file file = world_look(world, path);

        if (file.kind != kind ||
            (kind == PATH_DIRECTORY && (file.uid != uid || file.gid != gid || file.mode != mode)))
                fail_msg("%s is kind %d, %u:%u %04o", path, file.kind, file.uid, file.gid, file.mode);
}

static void assert_refused(struct world *world, const char *path, const char *sentence)
{
        struct fault fault = { 0 };

        if (make(world, path, 0, 0, 0755, &fault) != -FAULT_INVALID)
                fail_msg("make %s: not refused", path);
        if (!strstr(fault.text, sentence))
                fail_msg("make %s: \"%s\" has no \"%s\"", path, fault.text, sentence);
}

/* --- What all of them answer -------------------------------------------------------------------------------- */

static void root_is_a_directory(void **state)
{
        struct world *world = *state;

        assert_seen(world, "/", PATH_DIRECTORY, "");
        assert_made(world, "/", 5, 5, 0700); /* it is there: nothing to do */
}

static void inspect_tells_what_is_there(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/d"), 0, 0, 0755);
        world_put_directory(world, world_path(world, "/d/closed"), 33, 34, 0000);
        world_put_directory(world, world_path(world, "/d/closed/in"), 33, 34, 0700);
        world_put_file(world, world_path(world, "/d/f"));
        world_put_link(world, world_path(world, "/to-d"), "d");
        world_put_link(world, world_path(world, "/to-nothing"), "nothing");
        world_put_link(world, world_path(world, "/out"), "/");
        static const struct {
                const char *path;
                enum path_kind kind;
                const char *at;
        } cases[] = {
                { "/d", PATH_DIRECTORY, "" },
                { "/d/closed/in", PATH_DIRECTORY, "" },
                { "/d/closed/in/none", PATH_ABSENT, "" },
                { "/none", PATH_ABSENT, "" },
                { "/none/none/none", PATH_ABSENT, "" },
                { "/d/f", PATH_OTHER, "/d/f" },
                { "/d/f/below", PATH_OTHER, "/d/f" },
                { "/to-d", PATH_LINK, "/to-d" },
                { "/to-d/closed", PATH_LINK, "/to-d" },
                { "/to-nothing", PATH_LINK, "/to-nothing" },
                { "/to-nothing/below", PATH_LINK, "/to-nothing" },
                { "/out/etc", PATH_LINK, "/out" },
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_seen(world, world_path(world, cases[i].path), cases[i].kind,
                            cases[i].at[0] ? world_path(world, cases[i].at) : "");
}

static void make_gives_the_last_its_owner_and_parents_to_root(void **state)
{
        struct world *world = *state;

        assert_made(world, world_path(world, "/a/b/c"), 33, 34, 0750);
        assert_is(world, world_path(world, "/a"), PATH_DIRECTORY, 0, 0, 0755);
        assert_is(world, world_path(world, "/a/b"), PATH_DIRECTORY, 0, 0, 0755);
        assert_is(world, world_path(world, "/a/b/c"), PATH_DIRECTORY, 33, 34, 0750);
        assert_seen(world, world_path(world, "/a/b/c"), PATH_DIRECTORY, "");
        /* All twelve bits, in a directory of somebody else that is closed to others. */
        assert_made(world, world_path(world, "/a/b/c/d"), 1000, 1001, 03770);
        assert_is(world, world_path(world, "/a/b/c/d"), PATH_DIRECTORY, 1000, 1001, 03770);
}

static void make_leaves_an_existing_directory_as_it_is(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/there"), 7, 8, 0711);
        for (int i = 0; i < 2; i++) {
                assert_made(world, world_path(world, "/there"), 33, 33, 0755);
                assert_is(world, world_path(world, "/there"), PATH_DIRECTORY, 7, 8, 0711);
        }
        assert_made(world, world_path(world, "/new"), 33, 34, 0750);
        assert_made(world, world_path(world, "/new"), 99, 99, 0700);
        assert_is(world, world_path(world, "/new"), PATH_DIRECTORY, 33, 34, 0750);
}

static void make_finishes_what_was_left_half_made(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/half"), 0, 0, DIRECTORY_UNFINISHED_MODE);
        assert_made(world, world_path(world, "/half"), 33, 34, 0750);
        assert_is(world, world_path(world, "/half"), PATH_DIRECTORY, 33, 34, 0750);
}

static void make_refuses_links_and_files_by_name(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/real"), 0, 0, 0755);
        world_put_link(world, world_path(world, "/link"), "real");
        world_put_link(world, world_path(world, "/dangling"), "nothing");
        world_put_file(world, world_path(world, "/file"));
        static const char *const cases[][2] = {
                { "/link", "/link is a symbolic link" },
                { "/link/new", "/link is a symbolic link" },
                { "/dangling", "/dangling is a symbolic link" },
                { "/dangling/new/er", "/dangling is a symbolic link" },
                { "/file", "/file is not a directory" },
                { "/file/new", "/file is not a directory" },
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_refused(world, world_path(world, cases[i][0]), world_path(world, cases[i][1]));
        assert_is(world, world_path(world, "/real/new"), PATH_ABSENT, 0, 0, 0);
        assert_is(world, world_path(world, "/nothing"), PATH_ABSENT, 0, 0, 0);
}

static void hostile_path_is_refused_and_makes_nothing(void **state)
{
        struct world *world = *state;
        static const char *const cases[] = {
                "",    "relative", "/..", "/../x", "/x/..", "/x/../y", "/./x",  "/x/.",
                "//x", "/x//",     "/x/", "/x//y", "./x",   "../x",    "/x/./", "/x/../..",
        };
        AUTO_FREE char *long_name = memory_format("/%0256d", 0);
        AUTO_FREE char *long_path = memory_format("/%0200d/%0200d/%0200d/%0200d/%0200d/%0200d", 0, 0, 0, 0, 0, 0);
        const char *more[] = { long_name, long_path };

        for (size_t i = 0; i < ARRAY_SIZE(cases) + ARRAY_SIZE(more); i++) {
                const char *path = i < ARRAY_SIZE(cases) ? cases[i] : more[i - ARRAY_SIZE(cases)];
                struct path_seen seen;
                struct fault fault = { 0 };
                int inspected = inspect(world, path, &seen, &fault);
                int made = make(world, path, 0, 0, 0755, &fault);

                if ((inspected != -FAULT_INVALID && inspected != -FAULT_MALFORMED) || made != inspected)
                        fail_msg("\"%s\": %d %d", path, inspected, made);
        }
        assert_is(world, "/x", PATH_ABSENT, 0, 0, 0);
        assert_is(world, "/y", PATH_ABSENT, 0, 0, 0);
}

static void wish_out_of_range_is_refused(void **state)
{
        struct world *world = *state;
        static const struct {
                uint32_t uid, gid;
                uint16_t mode;
        } cases[] = { { UINT32_MAX, 0, 0755 }, { 0, UINT32_MAX, 0755 }, { 0, 0, 010755 } };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(
                        make(world, world_path(world, "/no"), cases[i].uid, cases[i].gid, cases[i].mode, NULL),
                        -FAULT_MALFORMED);
        assert_is(world, world_path(world, "/no"), PATH_ABSENT, 0, 0, 0);
}

static void unusual_names_are_only_names(void **state)
{
        struct world *world = *state;
        static const char *const names[] = { "/with space", "/ümläut/日本", "/`touch x`",   "/$(touch x)",
                                             "/a'b;c|d&e",  "/-rf",         "/...",         "/%s%n%d",
                                             "/*?[x]",      "/new\nline",   "/.hidden/..x", "/{a,b}",
                                             "/\xff\xfe/x", "/\\back" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_seen(world, world_path(world, names[i]), PATH_ABSENT, "");
                assert_made(world, world_path(world, names[i]), 33, 34, 0700);
                assert_is(world, world_path(world, names[i]), PATH_DIRECTORY, 33, 34, 0700);
                assert_seen(world, world_path(world, names[i]), PATH_DIRECTORY, "");
        }
}

static void longest_path_is_made(void **state)
{
        struct world *world = *state;
        char path[EXPORT_PATH_MAX + 1];
        size_t length = strlen(world->base);

        memset(path, 'n', sizeof path);
        memcpy(path, world->base, length);
        for (size_t at = length; at < EXPORT_PATH_MAX - 1; at += 200)
                path[at] = '/';
        path[EXPORT_PATH_MAX] = '\0';
        assert_made(world, path, 33, 34, 0700);
        assert_seen(world, path, PATH_DIRECTORY, "");
        assert_is(world, path, PATH_DIRECTORY, 33, 34, 0700);
}

static void change_by_others_is_seen_at_once(void **state)
{
        struct world *world = *state;
        const char *path = world_path(world, "/p/q");

        for (int i = 0; i < 3; i++) {
                assert_made(world, path, 33, 34, 0700);
                assert_seen(world, path, PATH_DIRECTORY, "");
                world_remove(world, path);
                assert_seen(world, path, PATH_ABSENT, "");
                world_put_link(world, path, "/etc");
                assert_seen(world, path, PATH_LINK, path);
                world_remove(world, path);
        }
}

struct maker {
        struct world *world;
        const char *path;
        int failed;
        struct fault fault;
};

static void *maker_run(void *context)
{
        struct maker *maker = context;

        maker->failed = make(maker->world, maker->path, 33, 34, 0750, &maker->fault);
        return NULL;
}

static void makers_at_the_same_time_all_succeed(void **state)
{
        struct world *world = *state;

        for (int round = 0; round < 10; round++) {
                struct maker makers[4];
                pthread_t threads[4];
                char path[64];

                snprintf(path, sizeof path, "%s/%d/x/y/z", world->base, round);
                for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
                        makers[i] = (struct maker){ .world = world, .path = path };
                        pthread_create(&threads[i], NULL, maker_run, &makers[i]);
                }
                for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                        pthread_join(threads[i], NULL);
                for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                        if (makers[i].failed)
                                fail_msg("%s", makers[i].fault.text);
                assert_is(world, path, PATH_DIRECTORY, 33, 34, 0750);
        }
}

static void storage_is_fit(void **state)
{
        struct world *world = *state;
        struct fault fault = { 0 };

        if (world->files.check_storage(world->files.context, world->storage, PATIENCE_MS, &fault))
                fail_msg("%s", fault.text);
}

/* --- Real ones: somebody swaps a directory for a link while it is walked ------------------------------------- */

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
static void link_swapped_in_during_the_walk_is_never_followed(void **state)
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
                int code = make(world, path, 33, 34, 0700, &fault);
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

/* --- A single storage ---------------------------------------------------------------------------------------- */

static void mounted(const char *what, const char *where, const char *type, unsigned long flags, const char *data)
{
        if (mount(what, where, type, flags, data))
                fail_msg("mount %s on %s: %s", type ? type : what, where, strerror(errno));
}

static void mount_point_on_the_way_is_not_crossed(void **state)
{
        struct world *world = *state;
        char where[128];

        world_put_directory(world, world_path(world, "/m"), 0, 0, 0755);
        snprintf(where, sizeof where, "%s%s/m", world->view, world->base);
        mounted("tmpfs", where, "tmpfs", 0, NULL);
        mkdir(strcat(where, "/in"), 0755);
        assert_seen(world, world_path(world, "/m/in"), PATH_OTHER, world_path(world, "/m"));
        assert_refused(world, world_path(world, "/m/new"), world_path(world, "/m is not a directory"));
        *strrchr(where, '/') = '\0';
        umount2(where, MNT_DETACH);
        /* The same file system again, by a bind mount. */
        mounted(world->view, where, NULL, MS_BIND, NULL);
        assert_seen(world, world_path(world, "/m"), PATH_OTHER, world_path(world, "/m"));
        umount2(where, MNT_DETACH);
}

static char scratch_texts[8][512];

/* `name` below the scratch directory; made. */
static const char *scratch(const char *name)
{
        static unsigned next;
        char *at = scratch_texts[next++ % 8];

        snprintf(at, sizeof scratch_texts[0], "%s/%s", arguments[2], name);
        mkdir(at, 0755);
        return at;
}

static void assert_unfit(struct world *world, const char *mount_root, const char *sentence)
{
        struct fault fault = { 0 };
        struct path_seen seen;

        if (local_files_check(&world->real.helper, mount_root, PATIENCE_MS, &fault) != -FAULT_INVALID)
                fail_msg("%s is said to be fit", mount_root);
        if (!strstr(fault.text, sentence))
                fail_msg("%s: \"%s\" has no \"%s\"", mount_root, fault.text, sentence);
        /* The acts do not rely on somebody having asked. */
        assert_int_equal(local_files_inspect(&world->real.helper, mount_root, "/", PATIENCE_MS, &seen, NULL),
                         -FAULT_INVALID);
        assert_int_equal(local_files_make_directory(&world->real.helper, mount_root, "/new",
                                                    &(struct directory_wish){ 0, 0, 0755 }, PATIENCE_MS, NULL),
                         -FAULT_INVALID);
}

static void root_that_is_no_file_system_of_its_own_is_refused(void **state)
{
        struct world *world = *state;
        AUTO_FREE char *data =
                memory_format("lowerdir=%s,upperdir=%s,workdir=%s", scratch("l"), scratch("u"), scratch("w"));
        AUTO_FREE char *plain = memory_format("%s/plain", world->view);
        AUTO_FREE char *link = memory_format("%s/link", arguments[2]);

        assert_unfit(world, "/", "has to be an absolute path other than /");
        assert_unfit(world, "data", "has to be an absolute path other than /");
        assert_unfit(world, "/data/../etc", "has to be an absolute path other than /");
        assert_unfit(world, scratch(""), "has to be an absolute path other than /"); /* ends in a slash */
        assert_unfit(world, "/no/such/place", "No such file or directory");
        assert_unfit(world, "/etc/passwd", "Not a directory");
        assert_unfit(world, "/proc", "type proc");
        mounted("overlay", scratch("overlay"), "overlay", 0, data);
        assert_unfit(world, scratch("overlay"), "of type overlay; ext4 or xfs has to be mounted there");
        mounted("tmpfs", scratch("tmpfs"), "tmpfs", 0, NULL);
        assert_unfit(world, scratch("tmpfs"), "type tmpfs");
        assert_int_equal(symlink(world->view, link), 0);
        assert_unfit(world, link, "symbolic link");
        assert_int_equal(mkdir(plain, 0755), 0);
        assert_unfit(world, plain, "it is not a mount point");
        mounted(plain, scratch("part"), NULL, MS_BIND, NULL);
        assert_unfit(world, scratch("part"), "only a part of a larger file system");
        umount2(scratch("part"), MNT_DETACH);
        assert_int_equal(rmdir(plain), 0);
}

/* Each capability of a row is needed by something the act has to do; none is there for comfort. */
static void capability_taken_away_is_missed(void **state)
{
        static const uint64_t needed[] = { CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER, CAP_FSETID };
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/theirs"), 1000, 1000, 0700);
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
                const char *path = world_path(world, "/theirs/new");
                struct fault fault = { 0 };

                world->direct.withheld = UINT64_C(1) << needed[i];
                int failed = make(world, path, 1000, 1000, 02755, &fault);
                struct fake_file file = world_look(world, path);
                if (!failed && file.mode == 02755)
                        fail_msg("capability %d is not needed", (int)needed[i]);
                world->direct.withheld = 0;
                if (file.kind == PATH_DIRECTORY)
                        world_remove(world, path);
                assert_made(world, path, 1000, 1000, 02755);
                assert_is(world, path, PATH_DIRECTORY, 1000, 1000, 02755);
                world_remove(world, path);
        }
        struct path_seen seen;
        world->direct.withheld = UINT64_C(1) << CAP_DAC_READ_SEARCH;
        assert_int_equal(inspect(world, world_path(world, "/theirs/new"), &seen, NULL), -FAULT_UNAVAILABLE);
        world->direct.withheld = 0;
        assert_seen(world, world_path(world, "/theirs/new"), PATH_ABSENT, "");
}

/* --- A cluster storage --------------------------------------------------------------------------------------- */

static void volume_that_is_not_there_is_unavailable(void **state)
{
        struct world *world = *state;
        char *volume = world->storage->volume;
        struct fault fault = { 0 };
        struct path_seen seen;

        world->storage->volume = (char[]){ "nosuch" };
        int failed = inspect(world, "/", &seen, &fault);
        world->storage->volume = (char[]){ "../etc" };
        int hostile = inspect(world, "/", &seen, NULL);
        world->storage->volume = volume;
        assert_int_equal(failed, -FAULT_UNAVAILABLE);
        assert_non_null(strstr(fault.text, "volume nosuch"));
        assert_int_equal(hostile, -FAULT_INVALID);
        assert_seen(world, "/", PATH_DIRECTORY, "");
}

/* A glusterd that does not answer, as seen when its node hangs: the deadline holds, and nothing is left. */
static void glusterd_that_hangs_costs_the_deadline(void **state)
{
        struct world *world = *state;
        struct worker_pool_settings settings = { .program = arguments[4], .workers = 1 };
        struct worker_pool *pool = worker_pool_new(&settings, NULL);
        struct act_caller caller = worker_pool_acts(pool);
        int pid = atoi(getenv("GLUSTERD_PID"));
        struct fault fault = { 0 };
        struct path_seen seen;

        kill(pid, SIGSTOP);
        int64_t start_ms = clock_monotonic_ms(clock_system());
        int failed = volume_files_inspect(&caller, world->storage->addresses, 1, world->storage->volume, "/", 700,
                                          &seen, &fault);
        int64_t took_ms = clock_monotonic_ms(clock_system()) - start_ms;
        kill(pid, SIGCONT);
        assert_int_equal(failed, -FAULT_TIMEOUT);
        assert_string_equal(fault.text, "open volume data: call a worker: no answer in time, and it was killed");
        assert_true(took_ms >= 700 && took_ms < 2000);
        assert_int_equal(volume_files_inspect(&caller, world->storage->addresses, 1, world->storage->volume, "/",
                                              PATIENCE_MS, &seen, &fault),
                         0);
        worker_pool_free(pool);
}

static void timings_are_told(void **state)
{
        struct world *world = *state;
        int64_t start_ms = clock_monotonic_ms(clock_system());
        struct path_seen seen;

        for (int i = 0; i < 100; i++)
                inspect(world, world_path(world, "/a/b"), &seen, NULL);
        int64_t inspected_ms = clock_monotonic_ms(clock_system());
        for (int i = 0; i < 100; i++) {
                char path[64];

                snprintf(path, sizeof path, "%s/%d", world->base, i);
                assert_made(world, path, 33, 33, 0755);
        }
        print_message("# inspect %.2f ms, make %.2f ms\n", (double)(inspected_ms - start_ms) / 100,
                      (double)(clock_monotonic_ms(clock_system()) - inspected_ms) / 100);
}

/* --- The program --------------------------------------------------------------------------------------------- */

static struct world the_world;

static int case_begin(void **state)
{
        static unsigned cases;

        snprintf(the_world.base, sizeof the_world.base, "/case-%u", ++cases);
        world_put_directory(&the_world, the_world.base, 0, 0, 0755);
        *state = &the_world;
        return 0;
}

static int case_end(void **state)
{
        world_remove(*state, the_world.base);
        return 0;
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, case_begin, case_end)
#define COMMON_CASES                                                                                           \
        CASE(root_is_a_directory), CASE(inspect_tells_what_is_there),                                          \
                CASE(make_gives_the_last_its_owner_and_parents_to_root),                                       \
                CASE(make_leaves_an_existing_directory_as_it_is), CASE(make_finishes_what_was_left_half_made), \
                CASE(make_refuses_links_and_files_by_name), CASE(hostile_path_is_refused_and_makes_nothing),   \
                CASE(wish_out_of_range_is_refused), CASE(unusual_names_are_only_names),                        \
                CASE(longest_path_is_made), CASE(change_by_others_is_seen_at_once),                            \
                CASE(makers_at_the_same_time_all_succeed), CASE(storage_is_fit)

static int fake_run(void)
{
        const struct CMUnitTest tests[] = { COMMON_CASES };

        world_open_fake(&the_world);
        return cmocka_run_group_tests_name("fake", tests, NULL, NULL);
}

static int single_run(void)
{
        const struct CMUnitTest tests[] = { COMMON_CASES,
                                            CASE(link_swapped_in_during_the_walk_is_never_followed),
                                            CASE(mount_point_on_the_way_is_not_crossed),
                                            CASE(root_that_is_no_file_system_of_its_own_is_refused),
                                            CASE(capability_taken_away_is_missed),
                                            CASE(timings_are_told) };

        world_open_single(&the_world, arguments[1]);
        return cmocka_run_group_tests_name("single", tests, NULL, NULL);
}

static int cluster_run(void)
{
        const struct CMUnitTest tests[] = { COMMON_CASES, CASE(link_swapped_in_during_the_walk_is_never_followed),
                                            CASE(volume_that_is_not_there_is_unavailable),
                                            CASE(glusterd_that_hangs_costs_the_deadline), CASE(timings_are_told) };

        world_open_cluster(&the_world, arguments[1], arguments[2], arguments[3], arguments[4]);
        return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
        int failed;

        arguments = argv + 1;
        umask(022);
        if (argc == 1)
                failed = fake_run();
        else if (argc == 4 && strcmp(argv[1], "single") == 0)
                failed = single_run();
        else if (argc == 6 && strcmp(argv[1], "cluster") == 0)
                failed = cluster_run();
        else
                return 2;
        world_close(&the_world);
        return failed;
}
