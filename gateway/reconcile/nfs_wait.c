/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_wait.h"

#include "base/memory.h"

void nfs_wait_remember(struct nfs_side *side, struct nfs_entry *entry)
{
        if (entry->remembered)
                return;
        entry->remembered = true;
        side->waiting = memory_grow(side->waiting, side->waiting_count, sizeof *side->waiting);
        side->waiting[side->waiting_count++] = entry->number;
}

void nfs_wait_over(struct nfs_side *side)
{
        for (size_t i = 0; i < side->waiting_count; i++) {
                struct nfs_entry *entry = side->entries[side->waiting[i]];

                if (!entry)
                        continue;
                entry->remembered = false;
                if (!entry->waits)
                        continue;
                entry->retry_at_ms = 0;
                nfs_side_queue(side, entry);
        }
        free(side->waiting);
        side->waiting = NULL;
        side->waiting_count = 0;
}

void nfs_wait_retries(struct nfs_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock);

        if (!side->next_retry_ms || now_ms < side->next_retry_ms)
                return;
        side->next_retry_ms = 0;
        for (size_t number = 0; number < NFS_NUMBERS; number++) {
                struct nfs_entry *entry = side->entries[number];

                if (entry && nfs_entry_awakes(entry, now_ms, &side->next_retry_ms))
                        nfs_side_queue(side, entry);
        }
}
