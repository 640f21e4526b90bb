/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_hold.h"

#include "base/log.h"

#define DIRECTORIES_MS 10000 /* a worker or the helper makes one in milliseconds */

static void hold_set(const struct nfs_hold *hold, bool held)
{
        struct fault fault = { 0 };

        if (gate_hold_nfs(hold->gate, held, &fault) != 0)
                log_error("%s: %s", held ? "keep NFS clients waiting" : "let NFS clients go on", fault.text);
}

void nfs_hold_lost(struct nfs_hold *hold, bool had_one)
{
        if (had_one)
                hold_set(hold, true);
        hold->bare = true;
        hold->until_ms = clock_monotonic_ms(hold->clock) + DIRECTORIES_MS;
}

void nfs_hold_begin(struct nfs_hold *hold, bool clients)
{
        if (hold->bare && clients)
                hold_set(hold, true);
        hold->bare = false;
}

static bool any_awaits_directory(struct nfs_entry *const *entries, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (entries[i] && entries[i]->awaits_directory && entries[i]->failures == 0)
                        return true;
        return false;
}

void nfs_hold_end(struct nfs_hold *hold, struct nfs_entry *const *entries, size_t count)
{
        hold->waits = clock_monotonic_ms(hold->clock) < hold->until_ms && any_awaits_directory(entries, count);
        if (!hold->waits)
                hold_set(hold, false);
}

int64_t nfs_hold_due_ms(const struct nfs_hold *hold)
{
        return hold->waits ? hold->until_ms : INT64_MAX;
}
