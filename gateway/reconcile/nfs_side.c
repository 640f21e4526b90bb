/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_side.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/changes.h"
#include "reconcile/nfs_anchor.h"
#include "reconcile/nfs_clients.h"
#include "reconcile/nfs_drift.h"
#include "reconcile/nfs_look.h"
#include "reconcile/nfs_plan.h"
#include "reconcile/nfs_review.h"
#include "reconcile/nfs_settle.h"
#include "reconcile/nfs_wait.h"
#include "reconcile/nfs_wanted.h"

void nfs_side_queue(struct nfs_side *side, struct nfs_entry *entry)
{
        bool urgent = nfs_plan_takes_away(entry->held, entry->wanted) ||
                      nfs_plan_takes_away(entry->sent, entry->wanted) || (!entry->wanted && !entry->foreign);
        bool before = nfs_anchor_is(entry) || nfs_hold_awaits(&side->hold, entry);
        struct nfs_queue *line = urgent ? &side->taking : before ? &side->awaited : &side->giving;

        if (entry->queued && (entry->urgent || line == entry->line || line == &side->giving))
                return;
        if (entry->queued)
                nfs_queue_unlink(entry);
        entry->queued = true;
        entry->urgent = urgent;
        if (!urgent && nfs_anchor_is(entry))
                nfs_queue_push_first(line, entry);
        else
                nfs_queue_push(line, entry);
}

struct nfs_entry *nfs_side_entry(struct nfs_side *side, uint16_t number)
{
        struct nfs_entry *entry = side->entries[number];

        if (!entry) {
                entry = nfs_entry_new(number, side->listed ? KNOWN_ABSENT : KNOWN_UNKNOWN);
                side->entries[number] = entry;
        }
        return entry;
}

void nfs_side_note(struct nfs_side *side, const struct nfs_entry *entry, const struct fault *fault)
{
        if (entry->id[0])
                status_note(side->world->status, entry->id, PROTOCOL_IS_NFS, entry->revision, fault);
}

void nfs_side_want(struct nfs_side *side, struct nfs_entry *entry, struct nfs_export *wanted)
{
        nfs_clients_replace(&side->clients, entry->wanted, wanted);
        nfs_export_free(entry->wanted);
        entry->wanted = wanted;
}

/* Makes `wanted` anew from the side's snapshot and puts the entry in line. `export` NULL: nothing is wanted. */
static void entry_want(struct nfs_side *side, struct nfs_entry *entry, const struct export *export)
{
        struct nfs_export *wanted = NULL;
        const struct storage *storage = NULL;

        if (export) {
                struct protocol_facts facts = status_facts(side->world->status);
                int64_t now_ms = clock_wall_ms(side->world->clock);

                entry->in_doubt = entry->in_doubt && facts.pool_enforced == KNOWN_UNKNOWN;
                if (entry->in_doubt)
                        facts.pool_enforced = KNOWN_ABSENT;
                storage = snapshot_storage(side->snapshot, export->storage);
                wanted = nfs_wanted(side->snapshot, export, &facts, now_ms);
                if (export->expires_at_ms > now_ms &&
                    (!side->next_expiry_ms || export->expires_at_ms < side->next_expiry_ms))
                        side->next_expiry_ms = export->expires_at_ms;
        }
        nfs_entry_set_export(entry, export);
        shared_put(entry->storage);
        entry->storage = shared_get(storage);
        nfs_side_want(side, entry, wanted);
        entry->revision = side->snapshot->revision;
        entry->failures = 0;
        entry->retry_at_ms = 0;
        nfs_side_queue(side, entry);
}

static void export_changed(void *context, const struct export *old_export, const struct export *new_export)
{
        struct nfs_side *side = context;
        const struct export *export = new_export ? new_export : old_export;
        struct nfs_entry *entry = nfs_side_entry(side, export->number);

        /* A removal that is told after the number went to a newer export speaks of the past. */
        if (!new_export && entry->export && strcmp(entry->export->document.id, export->document.id) != 0)
                return;
        if (!new_export && !entry->id[0])
                snprintf(entry->id, sizeof entry->id, "%s", export->document.id);
        if (!new_export)
                directories_forget(side->world->directories, export->document.id);
        entry_want(side, entry, new_export);
}

/* Goes over to the newest snapshot; `all`: looks at every export even if nothing was edited. */
static void snapshot_follow(struct nfs_side *side, bool all)
{
        const struct snapshot *older = side->snapshot;
        const struct snapshot *newer = side->world->snapshot(side->world->snapshot_context);

        side->snapshot = newer;
        status_follow(side->world->status, newer);
        if (newer != older)
                changes_walk(older, newer, export_changed, side);
        if (all && older)
                changes_walk(NULL, newer, export_changed, side);
        shared_put(older);
        side_bind(side->world, newer);
        nfs_clients_shut_ended(&side->clients, side->world->gate);
        if (side->passed)
                gate_followed(side->world->gate, SERVICE_NFS, newer->revision);
}

/* Nobody is there to ask: says so of everything that is wanted, or was seen and not seen to go. */
static void server_lost(struct nfs_side *side)
{
        struct fault fault = { 0 };

        fault_set(&fault, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the message bus%s",
                  gate_nfs_is_held(side->world->gate) ? ", its clients are kept waiting" : "");
        status_note_backend(side->world->status, BACKEND_GANESHA, &fault);
        nfs_look_stop(side);
        for (size_t number = 0; number < NFS_NUMBERS; number++) {
                struct nfs_entry *entry = side->entries[number];

                if (!entry)
                        continue;
                entry->there = KNOWN_UNKNOWN;
                nfs_entry_hold(entry, NULL);
                nfs_side_note(side, entry, &fault);
                nfs_side_queue(side, entry); /* to be looked at when somebody is there again */
        }
}

static void instance_follow(struct nfs_side *side, uint64_t instance)
{
        if (instance == side->instance)
                return;
        nfs_hold_lost(&side->hold, side->instance != 0); /* first: clients try again at once */
        side->instance = instance;
        side->listed = side->version_told = false;
        versions_note(side->world->versions, PROTOCOL_IS_NFS, "");
        server_lost(side);
        if (instance == 0) {
                log_error("NFS-Ganesha left the message bus; its exports come back when it does");
                return;
        }
        log_notice("NFS-Ganesha is on the message bus");
        nfs_look_list(side);
}

/* Takes in all that has happened since: new commits, facts, directories, times that have come. */
static void side_follow(struct nfs_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock);
        bool expired = side->next_expiry_ms && side->next_expiry_ms <= clock_wall_ms(side->world->clock);

        side_wake_drain(&side->wake);
        if (expired)
                side->next_expiry_ms = 0;
        snapshot_follow(side, atomic_exchange(&side->wake.facts, false) || expired);
        if (atomic_exchange(&side->wake.directories, false))
                nfs_wait_over(side);
        nfs_wait_retries(side);
        if (side->instance && now_ms >= side->next_look_ms) {
                nfs_settle_end(side);
                nfs_look_list(side);
        }
        nfs_look_follow(side);
}

static void side_review(struct nfs_side *side)
{
        nfs_review(side->world->status, side->entries, side->instance && side->listed, side->snapshot->revision);
}

/* The next in line; NULL when there is none, or an answer is to be had first. Clients that wait go on before what
 * none of them waits for, once all is there that any of them waits for. */
static struct nfs_entry *entry_next(struct nfs_side *side)
{
        struct nfs_queue *line = side->taking.first ? &side->taking : &side->awaited;

        if (!line->first) {
                if (side->hold.replays && side->flight_count > 0)
                        return NULL;
                if (side->listed)
                        nfs_hold_end(&side->hold, side->entries, NFS_NUMBERS);
                line = &side->giving;
        }
        return line->first && !line->first->asked ? nfs_queue_pop(line) : NULL;
}

/* Takes the next thing in hand, or to its end when enough is in hand. False: there is none. */
static bool side_step(struct nfs_side *side)
{
        struct nfs_entry *entry = nfs_settle_has_room(side) ? entry_next(side) : NULL;

        if (!entry && side->flight_count == 0)
                return false;
        if (entry) {
                entry->queued = false;
                if (side->instance)
                        nfs_settle_begin(side, entry);
        } else
                nfs_settle_go_on(side);
        if (side->took_away && !side->taking.first)
                side_review(side);
        side->took_away = side->took_away && side->taking.first;
        return true;
}

/* Works off the lines, the taking one first, and looks up for news between two steps. */
static void side_work(struct nfs_side *side)
{
        if (side->listed)
                nfs_hold_begin(&side->hold, pmap_count(side->clients.counts) > 0);
        while (!atomic_load(&side->wake.stop) && side_step(side))
                if (side_wake_drain(&side->wake))
                        side_follow(side);
        if (!side->instance) {
                nfs_hold_lost(&side->hold, true);
                server_lost(side);
        }
        if (!side->passed)
                nfs_clients_shut_others(&side->clients, side->world->gate);
        side->passed = true;
        nfs_look_worked(side);
        gate_followed(side->world->gate, SERVICE_NFS, side->snapshot->revision);
        side_review(side);
        if (nfs_side_is_settled(side))
                status_note_settled(side->world->status, PROTOCOL_IS_NFS, side->snapshot->revision);
}

/* Milliseconds until something is due unasked. */
static int side_pause_ms(const struct nfs_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock), due_ms = now_ms + side->world->interval_ms;

        if (side->instance && side->next_look_ms < due_ms)
                due_ms = side->next_look_ms;
        due_ms = nfs_look_due_ms(side, due_ms);
        if (side->next_retry_ms && side->next_retry_ms < due_ms)
                due_ms = side->next_retry_ms;
        if (nfs_hold_due_ms(&side->hold) < due_ms)
                due_ms = nfs_hold_due_ms(&side->hold);
        if (gate_due_ms(side->world->gate) < due_ms)
                due_ms = gate_due_ms(side->world->gate);
        if (side->next_expiry_ms && now_ms + side->next_expiry_ms - clock_wall_ms(side->world->clock) < due_ms)
                due_ms = now_ms + side->next_expiry_ms - clock_wall_ms(side->world->clock);
        return due_ms > now_ms ? (int)(due_ms - now_ms) + 1 : 0;
}

static void *side_run(void *argument)
{
        struct nfs_side *side = argument;
        int pause_ms = 0;

        while (!atomic_load(&side->wake.stop)) {
                instance_follow(side, side->server->wait(side->server->context, side->wake.fd, pause_ms));
                side_follow(side);
                side_work(side);
                gate_tend(side->world->gate);
                pause_ms = side_pause_ms(side);
        }
        return NULL;
}

int nfs_side_start(const struct side_world *world, const struct nfs_server *server, struct nfs_side **result,
                   struct fault *fault)
{
        struct nfs_side *side = NEW(struct nfs_side);

        side->world = world;
        side->server = server;
        side->hold = (struct nfs_hold){
                .gate = world->gate, .firewall = world->firewall, .status = world->status, .clock = world->clock
        };
        side->entries = memory_new(NFS_NUMBERS, sizeof *side->entries);
        nfs_queue_init(&side->taking);
        nfs_queue_init(&side->awaited);
        nfs_queue_init(&side->giving);
        int failed = side_wake_init(&side->wake, fault);
        if (!failed && pthread_create(&side->thread, NULL, side_run, side) != 0)
                failed = fault_set(fault, FAULT_INTERNAL, "start the NFS side: no thread to be had");
        if (failed) {
                free(side->entries);
                free(side);
                return failed;
        }
        pthread_setname_np(side->thread, "nfs-side");
        *result = side;
        return 0;
}

void nfs_side_stop(struct nfs_side *side)
{
        if (!side)
                return;
        atomic_store(&side->wake.stop, true);
        side_wake_call(&side->wake);
        pthread_join(side->thread, NULL);
        for (size_t number = 0; number < NFS_NUMBERS; number++)
                if (side->entries[number])
                        nfs_entry_free(side->entries[number]);
        free(side->entries);
        free(side->waiting);
        tally_fini(&side->clients);
        nfs_hold_fini(&side->hold);
        shared_put(side->snapshot);
        side_wake_fini(&side->wake);
        free(side);
}

struct side_wake *nfs_side_wake(struct nfs_side *side)
{
        return &side->wake;
}
