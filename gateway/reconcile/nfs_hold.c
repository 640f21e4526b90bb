/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_hold.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/side.h"

#define DIRECTORIES_MS 10000 /* a worker or the helper makes one in milliseconds */
#define LOOK_MS 1000         /* through the helper: milliseconds, too */

void nfs_hold_fini(struct nfs_hold *hold)
{
        address_bag_fini(&hold->idle);
}

void nfs_hold_look(struct nfs_hold *hold)
{
        AUTO_FIREWALL_SET struct firewall_set open = { 0 };
        AUTO_ADDRESS_BAG struct address_bag connected = { 0 };
        struct fault fault = { 0 };

        if (hold->replays || !hold->firewall)
                return;
        hold->idle.count = 0;
        if (!gate_copy(hold->gate, SERVICE_NFS, &open) || open.pair_count == 0)
                return;
        AUTO_FREE size_t *connections = memory_new(open.pair_count, sizeof *connections);
        if (hold->firewall->count_sessions(hold->firewall->context, open.pairs, open.pair_count, LOOK_MS,
                                           connections, &fault) != 0) {
                log_warning("see who is connected by NFS: %s", fault.text);
                return;
        }
        for (size_t i = 0; i < open.pair_count; i++)
                address_bag_add(connections[i] == 0 ? &hold->idle : &connected, &open.pairs[i].address, 1);
        status_note_connected(hold->status, connected.items, connected.count);
}

bool nfs_hold_awaits(const struct nfs_hold *hold, const struct nfs_entry *entry)
{
        const struct nfs_export *wanted = entry->wanted;

        for (size_t i = 0; hold->replays && wanted && i < wanted->client_count; i++)
                if (!address_bag_holds(&hold->idle, &wanted->clients[i].address))
                        return true;
        return false;
}

static void hold_set(const struct nfs_hold *hold, bool held)
{
        struct fault fault = { 0 };

        if (gate_hold_nfs(hold->gate, held, &fault) != 0)
                side_complain(held ? "keep NFS clients waiting" : "let NFS clients go on", &fault);
}

void nfs_hold_lost(struct nfs_hold *hold, bool had_one)
{
        if (had_one)
                hold_set(hold, true);
        hold->bare = hold->replays = true;
        hold->until_ms = clock_monotonic_ms(hold->clock) + DIRECTORIES_MS;
}

void nfs_hold_begin(struct nfs_hold *hold, bool clients)
{
        if (hold->bare && clients)
                hold_set(hold, true);
        hold->bare = false;
}

static bool any_waits(const struct nfs_hold *hold, struct nfs_entry *const *entries, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (entries[i] && entries[i]->waits && entries[i]->failures == 0 &&
                    nfs_hold_awaits(hold, entries[i]))
                        return true;
        return false;
}

void nfs_hold_end(struct nfs_hold *hold, struct nfs_entry *const *entries, size_t count)
{
        if (!hold->replays)
                return;
        hold->waits = clock_monotonic_ms(hold->clock) < hold->until_ms && any_waits(hold, entries, count);
        if (hold->waits)
                return;
        hold->replays = hold->bare = false;
        hold_set(hold, false);
}

int64_t nfs_hold_due_ms(const struct nfs_hold *hold)
{
        return hold->waits ? hold->until_ms : INT64_MAX;
}
