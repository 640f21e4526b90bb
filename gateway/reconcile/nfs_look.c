/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_look.h"

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/nfs_drift.h"

#define SLICE 128         /* displays in a row: about 20 ms of the server's D-Bus thread */
#define SLICE_PAUSE_MS 50 /* and at least so long for others, however short the interval */
#define FOREIGN_DISPLAYS \
        64 /* at each look: foreign exports are few, and none of our business but for their paths */

static bool entry_is_to_be_displayed(const struct nfs_entry *entry)
{
        return entry && entry->there == KNOWN_PRESENT && entry->held && !entry->queued;
}

static void walk_begin(struct nfs_side *side, int64_t now_ms)
{
        size_t count = 0;

        if (side->look.under_way)
                return;
        for (size_t number = 0; number < NFS_NUMBERS; number++)
                count += entry_is_to_be_displayed(side->entries[number]);
        side->look = (struct nfs_look){ .under_way = true,
                                        .due_ms = now_ms,
                                        .pause_ms = side->world->interval_ms / (int64_t)(count / SLICE + 1),
                                        .started_ms = now_ms };
        if (side->look.pause_ms < SLICE_PAUSE_MS)
                side->look.pause_ms = SLICE_PAUSE_MS;
}

void nfs_look_follow(struct nfs_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock);
        size_t marked = 0;

        if (!side->look.under_way || side->look.next == NFS_NUMBERS || now_ms < side->look.due_ms)
                return;
        for (; side->look.next < NFS_NUMBERS && marked < SLICE; side->look.next++) {
                struct nfs_entry *entry = side->entries[side->look.next];

                if (!entry_is_to_be_displayed(entry))
                        continue;
                entry->there = KNOWN_UNKNOWN; /* `held` stays: it is what the look is compared with */
                nfs_side_queue(side, entry);
                marked++;
        }
        side->look.due_ms = now_ms + side->look.pause_ms;
}

void nfs_look_worked(struct nfs_side *side)
{
        if (!side->look.under_way || side->look.next < NFS_NUMBERS || !side->instance)
                return;
        side->look.under_way = false;
        drift_looked(side->world->drift, PLACE_GANESHA, side->snapshot->revision, side->look.started_ms, NULL);
}

int64_t nfs_look_due_ms(const struct nfs_side *side, int64_t latest_ms)
{
        bool waits = side->look.under_way && side->look.next < NFS_NUMBERS;

        return waits && side->look.due_ms < latest_ms ? side->look.due_ms : latest_ms;
}

void nfs_look_stop(struct nfs_side *side)
{
        side->look = (struct nfs_look){ 0 };
}

/* --- Listing ------------------------------------------------------------------------------------------------ */

/* Takes in what ShowExports tells: who is not on the list is absent, who is on it must be looked at. */
static void listing_apply(struct nfs_side *side, const struct nfs_export_listed *listed, size_t count)
{
        AUTO_FREE bool *present = memory_new(NFS_NUMBERS, sizeof *present);

        for (size_t i = 0; i < count; i++) {
                present[listed[i].number] = true;
                if (nfs_plan_is_ours(listed[i].path))
                        side->hold.bare = false;
                if (side->entries[listed[i].number] || nfs_plan_is_ours(listed[i].path))
                        nfs_side_entry(side, listed[i].number);
        }
        for (size_t number = 0; number < NFS_NUMBERS; number++) {
                struct nfs_entry *entry = side->entries[number];

                if (!entry || (entry->there == KNOWN_PRESENT && present[number]))
                        continue;
                if (entry->there == KNOWN_ABSENT && !present[number])
                        continue;
                if (!present[number] && entry->held && entry->wanted &&
                    nfs_export_equal(entry->held, entry->wanted))
                        nfs_drift_lost(entry);
                entry->there = present[number] ? KNOWN_UNKNOWN : KNOWN_ABSENT;
                nfs_entry_hold(entry, NULL);
                entry->retry_at_ms = 0;
                nfs_side_queue(side, entry);
        }
}

/* Fills in where a foreign export leads. One that cannot be displayed has no path. */
static void foreign_look(struct nfs_side *side, struct unmanaged_export *export)
{
        struct nfs_export_seen seen = { 0 };
        struct fault fault = { 0 };

        if (side->server->display(side->server->context, export->number, &seen, &fault) == 0 &&
            seen.known == KNOWN_PRESENT) {
                export->path = memory_text(seen.path);
                export->overlaps = memory_text(nfs_drift_overlap(side->snapshot, seen.path));
        }
        nfs_export_seen_fini(&seen);
}

/* What is on the list and not ours: left alone, and shown. */
static void foreign_note(struct nfs_side *side, const struct nfs_export_listed *listed, size_t count)
{
        struct unmanaged_export *foreign = memory_new(DRIFT_UNMANAGED_MAX, sizeof *foreign);
        size_t kept = 0, left_out = 0;

        for (size_t i = 0; i < count; i++) {
                if (nfs_plan_is_ours(listed[i].path))
                        continue;
                if (kept == DRIFT_UNMANAGED_MAX) {
                        left_out++;
                        continue;
                }
                foreign[kept] = (struct unmanaged_export){ .number = listed[i].number,
                                                           .pseudo = memory_text(listed[i].path) };
                if (kept < FOREIGN_DISPLAYS)
                        foreign_look(side, &foreign[kept]);
                kept++;
        }
        drift_set_unmanaged(side->world->drift, foreign, kept, left_out);
}

/* An instance says it once. That it does not say, or an older bus policy keeps it from being asked, harms nobody.
 */
static void version_ask(struct nfs_side *side)
{
        char version[SERVER_VERSION_SIZE];

        if (side->version_told || side->server->version(side->server->context, version, NULL) != 0)
                return;
        side->version_told = true;
        versions_note(side->world->versions, PROTOCOL_IS_NFS, version);
}

void nfs_look_list(struct nfs_side *side)
{
        struct nfs_export_listed *listed = NULL;
        struct fault fault = { 0 };
        size_t count = 0;
        int64_t started_ms = clock_monotonic_ms(side->world->clock);
        int failed = side->server->list(side->server->context, &listed, &count, &fault);

        status_note_backend(side->world->status, BACKEND_GANESHA, failed ? &fault : NULL);
        side->next_look_ms = started_ms + (failed ? 1000 : side->world->interval_ms);
        if (failed) {
                drift_looked(side->world->drift, PLACE_GANESHA, side->snapshot ? side->snapshot->revision : 0,
                             started_ms, &fault);
                log_warning("list the exports of NFS-Ganesha: %s", fault.text);
                return;
        }
        side->listed = true;
        nfs_hold_look(&side->hold);
        listing_apply(side, listed, count);
        if (side->snapshot)
                foreign_note(side, listed, count);
        walk_begin(side, started_ms);
        version_ask(side);
        for (size_t i = 0; i < count; i++)
                free(listed[i].path);
        free(listed);
}
