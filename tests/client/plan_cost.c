/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan-cost: what it costs to think: protocol and grants of every export, derived anew from one snapshot; and of
 * those exports alone that a change of one node can touch. No server and no disk. Says so on one line of JSON.
 * Used by contrib/bench.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "domain/grant.h"
#include "reconcile/changes.h"

/* An environment for each hundred exports, with three nodes, two of them by Gluster Native. */
enum { EXPORTS_OF_ONE = 100, NODES_OF_ONE = 3, EXPORTS_MAX = 65000 };

static const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };

struct plan {
        const struct snapshot *older, *newer;
        size_t exports, grants, admitted, native;
        size_t differing; /* grants that are not what they were */
};

static long long now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void storage_put(struct snapshot *draft)
{
        AUTO_SHARED struct storage *storage = storage_new("files");

        storage->kind = STORAGE_CLUSTER;
        storage->account = memory_text("acme");
        storage->volume = memory_text("data");
        storage->mount_root = memory_text("/data");
        address_parse("10.77.0.11", &storage->addresses[storage->address_count++]);
        snapshot_put(draft, &storage->document);
}

static void environment_put(struct snapshot *draft, const char *name)
{
        AUTO_SHARED struct environment *environment = environment_new(name);

        environment->uid = memory_text(name);
        environment->account = memory_text("acme");
        environment->state = ENVIRONMENT_RUNNING;
        environment->platform_version = (struct platform_version){ true, 8, 3, 0 };
        environment->layers = memory_new(1, sizeof *environment->layers);
        environment->layers[0] = memory_text("cp");
        environment->layer_count = 1;
        snapshot_put(draft, &environment->document);
}

static void node_put(struct snapshot *draft, const char *environment, unsigned number, const char *os)
{
        AUTO_FREE char *id = memory_format("n%u", number);
        AUTO_FREE char *address =
                memory_format("10.%u.%u.%u", 1 + number / 62500, number / 250 % 250, 1 + number % 250);
        AUTO_SHARED struct node *node = node_new(id);

        node->environment = memory_text(environment);
        node->environment_uid = memory_text(environment);
        node->layer = memory_text("cp");
        node->os_id = memory_text(os);
        address_parse(address, &node->addresses[node->address_count++]);
        snapshot_put(draft, &node->document);
}

static void export_put(struct snapshot *draft, const char *environment, unsigned number)
{
        AUTO_FREE char *id = memory_format("ex-%05u", number);
        AUTO_SHARED struct export *export = export_new(id);

        export->number = (uint16_t)number;
        export->file_system_id = number;
        export->account = memory_text("acme");
        export->storage = memory_text("files");
        export->path = memory_format("/shared/site%u", number);
        export->environment = memory_text(environment);
        export->environment_uid = memory_text(environment);
        export->target = TARGET_LAYER;
        export->target_name = memory_text("cp");
        export->mount_path = memory_format("/var/www/site%u", number);
        snapshot_put(draft, &export->document);
}

static struct snapshot *world_new(unsigned exports)
{
        struct snapshot *draft = snapshot_new();

        storage_put(draft);
        for (unsigned i = 0; i < exports; i++) {
                AUTO_FREE char *environment = memory_format("e-%u", i / EXPORTS_OF_ONE);

                if (i % EXPORTS_OF_ONE == 0) {
                        environment_put(draft, environment);
                        for (unsigned node = 0; node < NODES_OF_ONE; node++)
                                node_put(draft, environment, i / EXPORTS_OF_ONE * NODES_OF_ONE + node,
                                         node == 0 ? "alpine" : "debian");
                }
                export_put(draft, environment, 1 + i);
        }
        return draft;
}

static void count_whole(void *context, const struct export *was, const struct export *is)
{
        struct plan *plan = context;
        AUTO_GRANTS struct grant_list grants = { 0 };

        (void)was;
        grant_derive(plan->newer, is, &facts, 1, &grants);
        plan->exports++;
        plan->grants += grants.count;
        for (size_t i = 0; i < grants.count; i++) {
                plan->admitted += grants.items[i].verdict == ACCESS_ADMITTED;
                plan->native += grants.items[i].choice.protocol == PROTOCOL_IS_GLUSTER;
        }
}

static void count_difference(void *context, const struct grant *was, const struct grant *is)
{
        struct plan *plan = context;

        plan->differing +=
                !was || !is || was->verdict != is->verdict || was->choice.protocol != is->choice.protocol;
}

static void count_change(void *context, const struct export *was, const struct export *is)
{
        struct plan *plan = context;
        AUTO_GRANTS struct grant_list before = { 0 };
        AUTO_GRANTS struct grant_list after = { 0 };

        grant_derive(plan->older, was, &facts, 1, &before);
        grant_derive(plan->newer, is, &facts, 1, &after);
        plan->exports++;
        plan->grants += after.count;
        grant_list_walk_both(&before, &after, count_difference, plan);
}

int main(int argc, char **argv)
{
        unsigned long exports = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

        if (exports == 0 || exports > EXPORTS_MAX || exports % EXPORTS_OF_ONE != 0) {
                fprintf(stderr, "usage: plan-cost EXPORTS\nA multiple of %d, %d at most.\n", EXPORTS_OF_ONE,
                        EXPORTS_MAX);
                return 2;
        }
        AUTO_SHARED struct snapshot *world = world_new((unsigned)exports);
        struct plan whole = { .newer = world };
        long long began_us = now_us();
        changes_walk(NULL, world, count_whole, &whole);
        long long whole_us = now_us() - began_us;

        /* The first Debian node of the first environment becomes an Alpine one. */
        AUTO_SHARED struct snapshot *next = snapshot_draft(world);
        node_put(next, "e-0", 1, "alpine");
        struct plan change = { .older = world, .newer = next };
        began_us = now_us();
        changes_walk(world, next, count_change, &change);
        printf("{\"exports\":%zu,\"grants\":%zu,\"admitted\":%zu,\"native\":%zu,\"whole_ms\":%.3f,"
               "\"change_exports\":%zu,\"change_grants\":%zu,\"change_differing\":%zu,\"change_ms\":%.3f}\n",
               whole.exports, whole.grants, whole.admitted, whole.native, (double)whole_us / 1e3, change.exports,
               change.grants, change.differing, (double)(now_us() - began_us) / 1e3);
        return 0;
}
