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
#include "reconcile/nfs_wait.h"
#include "reconcile/nfs_wanted.h"

void nfs_side_queue(struct nfs_side *side, struct nfs_entry *entry)
{
        bool urgent = nfs_plan_takes_away(entry->held, entry->wanted) || (!entry->wanted && !entry->foreign);
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

static void entry_note(struct nfs_side *side, struct nfs_entry *entry, const struct fault *fault)
{
        if (entry->id[0])
                status_note(side->world->status, entry->id, PROTOCOL_IS_NFS, entry->revision, fault);
}

/* Seen: nothing of it is on the server, and nothing is wanted there. */
static void entry_note_gone(struct nfs_side *side, struct nfs_entry *entry)
{
        if (entry->leaving[0])
                status_note_gone(side->world->status, entry->leaving, PROTOCOL_IS_NFS);
        entry->leaving[0] = '\0';
        if (!entry->wanted && entry->id[0])
                status_note_gone(side->world->status, entry->id, PROTOCOL_IS_NFS);
}

/* Puts `wanted` (taken) in the place of what was wanted. */
static void entry_replace(struct nfs_side *side, struct nfs_entry *entry, struct nfs_export *wanted)
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
        entry_replace(side, entry, wanted);
        entry->revision = side->snapshot->revision;
        entry->failures = 0;
        entry->retry_at_ms = 0;
        nfs_side_queue(side, entry);
}

/* Until it is known whether the pool enforces, who is served by NFS stays so. */
static void entry_doubt(struct nfs_side *side, struct nfs_entry *entry, const struct nfs_export_seen *seen)
{
        struct protocol_facts facts = status_facts(side->world->status);
        struct nfs_export *all = NULL;

        if (entry->export && seen->known == KNOWN_PRESENT && nfs_plan_is_ours(seen->pseudo))
                all = nfs_wanted_in_doubt(side->snapshot, entry->export, &facts, clock_wall_ms(side->world->clock),
                                          entry->wanted, seen);
        if (!all)
                return;
        entry->in_doubt = true;
        entry_replace(side, entry, all);
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
                directories_doubt(side->world->directories, export->document.id);
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

static void entry_failed(struct nfs_side *side, struct nfs_entry *entry, const struct fault *fault)
{
        entry->failures++;
        entry->retry_at_ms = clock_monotonic_ms(side->world->clock) + side_backoff_ms(entry->failures);
        if (!side->next_retry_ms || entry->retry_at_ms < side->next_retry_ms)
                side->next_retry_ms = entry->retry_at_ms;
        entry_note(side, entry, fault);
        if (entry->failures == 1 && fault->code != FAULT_OBSERVING)
                log_line(LOG_LEVEL_WARNING, (const char *[]){ "export", entry->id, NULL }, "NFS: %s", fault->text);
}

/* Asks the server what it holds of this number; `unasked`: and not because we have just changed it. */
static int entry_look(struct nfs_side *side, struct nfs_entry *entry, bool unasked, struct fault *fault)
{
        struct nfs_export_seen seen = { 0 };
        bool drift = unasked && nfs_drift_expects(entry, side->passed);
        int failed = side->server->display(side->server->context, entry->number, &seen, fault);

        entry->there = failed ? KNOWN_UNKNOWN : seen.known;
        entry_doubt(side, entry, &seen);
        nfs_entry_see(entry, &seen);
        if (!failed && !entry->foreign)
                nfs_drift_look(entry, &seen, drift);
        nfs_export_seen_fini(&seen);
        if (!failed && entry->there == KNOWN_UNKNOWN)
                failed = fault_set(fault, FAULT_UNAVAILABLE, "look at export %u: the server did not say",
                                   entry->number);
        return failed;
}

/* Gives the block to the server, once its directory and the anchor of its volume are there. 1 = not yet. */
static int entry_add(struct nfs_side *side, struct nfs_entry *entry, struct fault *fault)
{
        enum known ready;
        int failed;

        entry->waits = nfs_anchor_is_missing(side->entries, entry);
        if (entry->waits)
                return 1;
        ready = directories_ask(side->world->directories, entry->storage, entry->export, fault);
        entry->waits = ready != KNOWN_PRESENT;
        if (ready == KNOWN_ABSENT)
                return fault_prefix(fault, "make directory %s", entry->export->path);
        if (ready == KNOWN_UNKNOWN)
                return 1;
        failed = side->server->add(side->server->context, entry->wanted, fault);
        if (failed && fault->code != FAULT_UNAVAILABLE)
                directories_doubt(side->world->directories, entry->id);
        return failed;
}

/* Takes it away, an anchor when nothing hangs on it any more. 1 = not yet. */
static int entry_remove(struct nfs_side *side, struct nfs_entry *entry, struct fault *fault)
{
        entry->waits = nfs_anchor_is(entry) && nfs_anchor_is_needed(side->entries, entry);
        return entry->waits ? 1 : side->server->remove(side->server->context, entry->number, fault);
}

/* Takes one step. 0 = taken, look again at the plan; 1 = nothing more to do for now; or a fault. What a call said
 * is kept for the sentence; whether it worked is for the look that follows to say. */
static int entry_step(struct nfs_side *side, struct nfs_entry *entry, enum nfs_step step, struct fault *said,
                      struct fault *fault)
{
        struct fault call = { 0 };
        int failed = 0;

        switch (step) {
        case NFS_STEP_NONE:
                return 1;
        case NFS_STEP_FOREIGN:
                return fault_set(
                        fault, FAULT_CONFLICT,
                        "export number %u is taken on the NFS server by an export that Gatehouse does not manage",
                        entry->number);
        case NFS_STEP_LOOK:
                break;
        case NFS_STEP_ADD:
                failed = entry_add(side, entry, &call);
                break;
        case NFS_STEP_UPDATE:
                failed = side->server->update(side->server->context, entry->wanted, &call);
                break;
        case NFS_STEP_REMOVE:
                failed = entry_remove(side, entry, &call);
                break;
        }
        if (failed == 1)
                return 1;
        if (failed)
                *said = call;
        if (failed && entry->waits)
                return fault_set(fault, call.code, "%s", call.text);
        return entry_look(side, entry, step == NFS_STEP_LOOK, fault);
}

/* An anchor that stands lets others follow; whatever goes may have been the last that hung on one. */
static void others_follow(struct nfs_side *side, const struct nfs_entry *entry)
{
        if (nfs_anchor_is(entry) && entry->there == KNOWN_PRESENT)
                nfs_wait_over(side);
        for (unsigned number = CANARY_NUMBER_FIRST; entry->there == KNOWN_ABSENT && number < NFS_NUMBERS; number++)
                if (side->entries[number] && side->entries[number]->waits)
                        nfs_side_queue(side, side->entries[number]);
}

/* Steps until the server is as wanted, or something stands in the way. More than four steps (look, remove, add,
 * update) mean that the server says yes and does no. */
static void entry_settle(struct nfs_side *side, struct nfs_entry *entry)
{
        struct fault fault = { 0 }, said = { 0 };
        int result = 0;

        entry->waits = false;
        for (int steps = 0; steps < 5 && result == 0; steps++) {
                struct nfs_observed observed = nfs_entry_observed(entry);
                enum nfs_step step = nfs_plan(entry->wanted, &observed);

                if (said.code != FAULT_NONE && step != NFS_STEP_NONE)
                        result = fault_set(&fault, said.code, "%s", said.text);
                else
                        result = entry_step(side, entry, step, &said, &fault);
        }
        if (result == 0)
                result = fault_set(&fault, FAULT_INTERNAL,
                                   "export %u: the NFS server accepts the change and does not show it",
                                   entry->number);
        if (result == 1 && !entry->waits && entry->wanted && entry->there == KNOWN_PRESENT)
                result = nfs_clients_let_in(entry->wanted, side->world->gate, &fault) ?: 1;
        if (entry->waits)
                nfs_wait_remember(side, entry);
        nfs_entry_mark(entry, result < 0 || entry->waits, &side->unsettled);
        if (result < 0) {
                nfs_drift_stands(side->world->drift, entry, &fault);
                entry_failed(side, entry, &fault);
                return;
        }
        if (entry->waits)
                return;
        entry->failures = 0;
        nfs_drift_settled(side->world->drift, entry);
        if (entry->wanted && entry->there == KNOWN_PRESENT)
                entry_note(side, entry, NULL);
        if (entry->there == KNOWN_ABSENT || entry->foreign || entry->leaving[0])
                entry_note_gone(side, entry);
        others_follow(side, entry);
        if (!entry->wanted && !entry->queued) {
                side->entries[entry->number] = NULL;
                nfs_entry_free(entry);
        }
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
                entry_note(side, entry, &fault);
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
        if (side->instance && now_ms >= side->next_look_ms)
                nfs_look_list(side);
        nfs_look_follow(side);
}

static void side_review(struct nfs_side *side)
{
        nfs_review(side->world->status, side->entries, side->instance && side->listed, side->snapshot->revision);
}

/* The next in line. Clients that wait go on before what none of them waits for. */
static struct nfs_entry *entry_next(struct nfs_side *side)
{
        struct nfs_entry *entry = nfs_queue_pop(&side->taking) ?: nfs_queue_pop(&side->awaited);

        if (entry)
                return entry;
        if (side->listed)
                nfs_hold_end(&side->hold, side->entries, NFS_NUMBERS);
        return nfs_queue_pop(&side->giving);
}

/* Works off the lines, the taking one first, and looks up for news between two steps. */
static void side_work(struct nfs_side *side)
{
        struct nfs_entry *entry;

        if (side->listed)
                nfs_hold_begin(&side->hold, pmap_count(side->clients.counts) > 0);
        while (!atomic_load(&side->wake.stop) && (entry = entry_next(side))) {
                entry->queued = false;
                bool last_taken = entry->urgent && !side->taking.first;
                if (side->instance)
                        entry_settle(side, entry);
                if (last_taken)
                        side_review(side);
                if (side_wake_drain(&side->wake))
                        side_follow(side);
        }
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
