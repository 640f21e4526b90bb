/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam struct gluster_volume from a shell, for tests that run inside gluster_node:
 *   observe VOLUME | secure VOLUME PEER... | install VOLUME GENERATION PEER [DIRECTORY=ADDRESS...]
 *   canary VOLUME GENERATION   waits up to 10 s until every brick holds it
 * Acts run in this process with the capabilities that their rows name: none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/gluster_volume.h"
#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/glusterd_acts.h"
#include "tests/fakes/direct_caller.h"

#define CANARY_MS 10000

static int say(const struct fault *fault, int failed)
{
        if (failed)
                fprintf(stderr, "%s: %s\n", fault_word(fault->code), fault->text);
        return failed ? 1 : 0;
}

static struct address address_of(const char *text)
{
        struct address address;

        if (address_parse(text, &address)) {
                fprintf(stderr, "%s is not an address\n", text);
                exit(2);
        }
        return address;
}

static int observe(const struct gluster_volume *volume, const char *name)
{
        struct volume_seen seen = { 0 };
        struct fault fault = { 0 };
        int failed = volume->observe(volume->context, name, &seen, &fault);
        char text[ADDRESS_TEXT_SIZE];

        if (failed)
                return say(&fault, failed);
        printf("known=%d started=%d generation=%llu pool=%zu filter=%d\n", seen.known, seen.started,
               (unsigned long long)seen.generation, seen.pool_members, seen.filter_in_place);
        for (size_t i = 0; i < seen.brick_count; i++)
                printf("brick %s %s %u\n", seen.bricks[i].path, address_format(&seen.bricks[i].address, text),
                       seen.bricks[i].port);
        volume_seen_fini(&seen);
        return 0;
}

static int secure(const struct gluster_volume *volume, const char *name, int count, char **peers)
{
        AUTO_FREE struct address *addresses = memory_new((size_t)count, sizeof *addresses);
        struct fault fault = { 0 };

        for (int i = 0; i < count; i++)
                addresses[i] = address_of(peers[i]);
        return say(&fault, volume->secure(volume->context, name, addresses, (size_t)count, &fault));
}

static int install(const struct gluster_volume *volume, const char *name, int count, char **words)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        struct address peer = address_of(words[1]);
        struct fault fault = { 0 };

        access_list_init(&list, &peer, 1);
        list.generation = strtoull(words[0], NULL, 10);
        for (int i = 2; i < count; i++) {
                char *equals = strchr(words[i], '=');
                struct address address = address_of(equals ? equals + 1 : "");

                *equals = '\0';
                access_list_add(&list, words[i], &address);
        }
        return say(&fault, volume->install(volume->context, name, &list, &fault));
}

static int canary(const struct gluster_volume *volume, const char *name, uint64_t generation)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + CANARY_MS;
        struct volume_seen seen = { 0 };
        struct fault fault = { 0 };
        int failed = volume->observe(volume->context, name, &seen, &fault);

        for (size_t i = 0; !failed && i < seen.brick_count;) {
                enum known held = KNOWN_UNKNOWN;

                failed = volume->canary(volume->context, name, &seen.bricks[i], generation, &held, &fault);
                if (held == KNOWN_PRESENT)
                        i++;
                else if (!failed && clock_monotonic_ms(clock_system()) > until_ms)
                        failed = fault_set(&fault, FAULT_TIMEOUT, "canary %llu: brick %zu says %d",
                                           (unsigned long long)generation, i, held);
        }
        volume_seen_fini(&seen);
        return say(&fault, failed);
}

int main(int argc, char **argv)
{
        struct direct_caller helper = { .table = glusterd_acts }, worker = { .table = brick_probe_acts };
        struct gluster_volume_callers callers = { direct_caller_acts(&helper), direct_caller_acts(&worker) };
        struct gluster_volume volume = gluster_volume_over(&callers);

        if (argc >= 3 && strcmp(argv[1], "observe") == 0)
                return observe(&volume, argv[2]);
        if (argc >= 4 && strcmp(argv[1], "secure") == 0)
                return secure(&volume, argv[2], argc - 3, argv + 3);
        if (argc >= 5 && strcmp(argv[1], "install") == 0)
                return install(&volume, argv[2], argc - 3, argv + 3);
        if (argc == 4 && strcmp(argv[1], "canary") == 0)
                return canary(&volume, argv[2], strtoull(argv[3], NULL, 10));
        fprintf(stderr, "usage: gluster_volume_tool observe|secure|install|canary VOLUME ...\n");
        return 2;
}
