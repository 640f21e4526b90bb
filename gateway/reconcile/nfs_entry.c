/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct nfs_entry *nfs_entry_new(uint16_t number, enum known there)
{
        struct nfs_entry *entry = NEW(struct nfs_entry);

        entry->number = number;
        entry->there = there;
        return entry;
}

void nfs_entry_free(struct nfs_entry *entry)
{
        nfs_export_free(entry->wanted);
        nfs_export_free(entry->held);
        nfs_export_free(entry->sent);
        free(entry->differs);
        free(entry->drift_seen);
        shared_put(entry->export);
        shared_put(entry->storage);
        free(entry);
}

void nfs_entry_hold(struct nfs_entry *entry, const struct nfs_export *held)
{
        nfs_export_free(entry->held);
        entry->held = held ? nfs_export_dup(held) : NULL;
}

void nfs_entry_see(struct nfs_entry *entry, const struct nfs_export_seen *seen)
{
        bool there = entry->there == KNOWN_PRESENT;

        nfs_entry_hold(entry, there && entry->wanted && nfs_export_seen_matches(seen, entry->wanted)
                                      ? entry->wanted
                                      : NULL);
        entry->foreign = there && !nfs_plan_is_ours(seen->pseudo);
        entry->moved =
                there && !entry->foreign && entry->wanted &&
                (strcmp(seen->pseudo, entry->wanted->pseudo) != 0 || strcmp(seen->path, entry->wanted->path) != 0);
}

void nfs_entry_set_export(struct nfs_entry *entry, const struct export *export)
{
        if (export && entry->id[0] && strcmp(entry->id, export->document.id) != 0)
                memcpy(entry->leaving, entry->id, sizeof entry->leaving);
        if (export)
                snprintf(entry->id, sizeof entry->id, "%s", export->document.id);
        shared_put(entry->export);
        entry->export = shared_get(export);
}

bool nfs_entry_awakes(struct nfs_entry *entry, int64_t now_ms, int64_t *next_retry_ms)
{
        if (entry->retry_at_ms && entry->retry_at_ms <= now_ms) {
                entry->retry_at_ms = 0;
                return true;
        }
        if (entry->retry_at_ms && (!*next_retry_ms || entry->retry_at_ms < *next_retry_ms))
                *next_retry_ms = entry->retry_at_ms;
        return false;
}

void nfs_entry_mark(struct nfs_entry *entry, bool unsettled, size_t *count)
{
        *count += unsettled;
        *count -= entry->unsettled;
        entry->unsettled = unsettled;
}

struct nfs_observed nfs_entry_observed(const struct nfs_entry *entry)
{
        return (struct nfs_observed){ entry->there, entry->held, entry->foreign, entry->moved };
}

void nfs_queue_push(struct nfs_queue *queue, struct nfs_entry *entry)
{
        entry->line = queue;
        entry->next = NULL;
        *queue->last = entry;
        queue->last = &entry->next;
}

void nfs_queue_push_first(struct nfs_queue *queue, struct nfs_entry *entry)
{
        entry->line = queue;
        entry->next = queue->first;
        queue->first = entry;
        if (!entry->next)
                queue->last = &entry->next;
}

struct nfs_entry *nfs_queue_pop(struct nfs_queue *queue)
{
        struct nfs_entry *entry = queue->first;

        if (entry) {
                queue->first = entry->next;
                if (!queue->first)
                        queue->last = &queue->first;
        }
        return entry;
}

void nfs_queue_unlink(struct nfs_entry *entry)
{
        struct nfs_queue *queue = entry->line;
        struct nfs_entry **at = &queue->first;

        while (*at != entry)
                at = &(*at)->next;
        *at = entry->next;
        if (!*at)
                queue->last = at;
}

void nfs_queue_init(struct nfs_queue *queue)
{
        queue->first = NULL;
        queue->last = &queue->first;
}
