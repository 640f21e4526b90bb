/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_settle.h"

#include "base/log.h"
#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/nfs_anchor.h"
#include "reconcile/nfs_clients.h"
#include "reconcile/nfs_drift.h"
#include "reconcile/nfs_plan.h"
#include "reconcile/nfs_wait.h"
#include "reconcile/nfs_wanted.h"

/* A look, a removal, an addition and an update; more mean that the server says yes and does no. */
#define STEPS_MAX 5

/* --- What became of it -------------------------------------------------------------------------------------- */

/* Seen: nothing of it is on the server, and nothing is wanted there. */
static void entry_note_gone(struct nfs_side *side, struct nfs_entry *entry)
{
        if (entry->leaving[0])
                status_note_gone(side->world->status, entry->leaving, PROTOCOL_IS_NFS);
        entry->leaving[0] = '\0';
        if (!entry->wanted && entry->id[0])
                status_note_gone(side->world->status, entry->id, PROTOCOL_IS_NFS);
}

static void entry_failed(struct nfs_side *side, struct nfs_entry *entry, const struct fault *fault)
{
        entry->failures++;
        entry->retry_at_ms = clock_monotonic_ms(side->world->clock) + side_backoff_ms(entry->failures);
        if (!side->next_retry_ms || entry->retry_at_ms < side->next_retry_ms)
                side->next_retry_ms = entry->retry_at_ms;
        nfs_side_note(side, entry, fault);
        if (entry->failures == 1 && fault->code != FAULT_OBSERVING)
                log_line(LOG_LEVEL_WARNING, (const char *[]){ "export", entry->id, NULL }, "NFS: %s", fault->text);
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

/* Nothing more is to be done about the entry for now: `result` 1, or a fault. */
static void entry_conclude(struct nfs_side *side, struct nfs_entry *entry, int result, struct fault *fault)
{
        if (result == 1 && !entry->waits && entry->wanted && entry->there == KNOWN_PRESENT)
                result = nfs_clients_let_in(entry->wanted, side->world->gate, fault) ?: 1;
        if (entry->waits)
                nfs_wait_remember(side, entry);
        nfs_entry_mark(entry, result < 0 || entry->waits, &side->unsettled);
        if (result < 0) {
                nfs_drift_stands(side->world->drift, entry, fault);
                entry_failed(side, entry, fault);
                return;
        }
        if (entry->waits)
                return;
        entry->failures = 0;
        nfs_drift_settled(side->world->drift, entry);
        if (entry->wanted && entry->there == KNOWN_PRESENT)
                nfs_side_note(side, entry, NULL);
        if (entry->there == KNOWN_ABSENT || entry->foreign || entry->leaving[0])
                entry_note_gone(side, entry);
        others_follow(side, entry);
        if (!entry->wanted && !entry->queued) {
                side->entries[entry->number] = NULL;
                nfs_entry_free(entry);
        }
}

/* --- Asking ------------------------------------------------------------------------------------------------- */

/* Whether its directory and the anchor of its volume are there. 0 = yes, 1 = not yet. */
static int add_is_ready(struct nfs_side *side, struct nfs_entry *entry, struct fault *fault)
{
        enum known ready;

        entry->waits = nfs_anchor_is_missing(side->entries, entry);
        if (entry->waits)
                return 1;
        ready = directories_ask(side->world->directories, entry->storage, entry->export, fault);
        entry->waits = ready != KNOWN_PRESENT;
        if (ready == KNOWN_ABSENT)
                return fault_prefix(fault, "make directory %s", entry->export->path);
        return entry->waits ? 1 : 0;
}

/* Whether the step can be taken now. 0 = yes; 1 = nothing is to be done, or not yet; or a fault. */
static int step_is_ready(struct nfs_side *side, struct nfs_entry *entry, enum nfs_step step, struct fault *fault)
{
        switch (step) {
        case NFS_STEP_NONE:
                return 1;
        case NFS_STEP_FOREIGN:
                return fault_set(
                        fault, FAULT_CONFLICT,
                        "export number %u is taken on the NFS server by an export that Gatehouse does not manage",
                        entry->number);
        case NFS_STEP_ADD:
                return add_is_ready(side, entry, fault);
        case NFS_STEP_REMOVE: /* an anchor when nothing hangs on it any more */
                entry->waits = nfs_anchor_is(entry) && nfs_anchor_is_needed(side->entries, entry);
                return entry->waits ? 1 : 0;
        case NFS_STEP_LOOK:
        case NFS_STEP_UPDATE:
                break;
        }
        return 0;
}

/* A change, and behind it the look that tells what it has come to. */
static void step_ask(struct nfs_side *side, struct nfs_entry *entry, enum nfs_step step)
{
        static const enum nfs_call calls[] = { [NFS_STEP_ADD] = NFS_CALL_ADD,
                                               [NFS_STEP_UPDATE] = NFS_CALL_UPDATE,
                                               [NFS_STEP_REMOVE] = NFS_CALL_REMOVE };
        const struct nfs_server *server = side->server;

        entry->asked = true;
        if (step != NFS_STEP_LOOK)
                entry->there = KNOWN_UNKNOWN;
        if (step == NFS_STEP_ADD || step == NFS_STEP_UPDATE)
                entry->sent = nfs_export_dup(entry->wanted);
        if (server->ahead && step != NFS_STEP_LOOK)
                server->ahead(server->context, calls[step], entry->number, entry->sent);
        if (server->ahead)
                server->ahead(server->context, NFS_CALL_DISPLAY, entry->number, NULL);
}

/* The next step of what is in hand, by what is known now. What a call said is kept for the sentence; whether it
 * worked is for the look to say. */
static void flight_go_on(struct nfs_side *side, struct nfs_flight flight)
{
        struct nfs_entry *entry = flight.entry;
        struct nfs_observed observed = nfs_entry_observed(entry);
        struct fault fault = { 0 };
        int result;

        flight.step = nfs_plan(entry->wanted, &observed);
        if (flight.said.code != FAULT_NONE && flight.step != NFS_STEP_NONE)
                result = fault_set(&fault, flight.said.code, "%s", flight.said.text);
        else if (flight.steps == STEPS_MAX && flight.step != NFS_STEP_NONE)
                result = fault_set(&fault, FAULT_INTERNAL,
                                   "export %u: the NFS server accepts the change and does not show it",
                                   entry->number);
        else
                result = step_is_ready(side, entry, flight.step, &fault);
        if (result == 0) {
                flight.steps++;
                step_ask(side, entry, flight.step);
                side->flights[(side->flight_first + side->flight_count++) % NFS_FLIGHTS] = flight;
                return;
        }
        side->took_away = side->took_away || flight.urgent;
        entry_conclude(side, entry, result, &fault);
}

/* --- Answers ------------------------------------------------------------------------------------------------ */

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
        nfs_side_want(side, entry, all);
}

/* What the change was answered. */
static int change_answer(struct nfs_side *side, struct nfs_entry *entry, enum nfs_step step, struct fault *fault)
{
        const struct nfs_server *server = side->server;
        int failed = 0;

        if (step == NFS_STEP_UPDATE)
                failed = server->update(server->context, entry->sent, fault);
        if (step == NFS_STEP_REMOVE)
                failed = server->remove(server->context, entry->number, fault);
        if (step == NFS_STEP_ADD)
                failed = server->add(server->context, entry->sent, fault);
        if (step == NFS_STEP_ADD && failed && fault->code != FAULT_UNAVAILABLE && entry->export)
                directories_doubt(side->world->directories, entry->storage, entry->export);
        nfs_export_free(entry->sent);
        entry->sent = NULL;
        return failed;
}

/* What the server holds of this number; `unasked`: and not because we have just changed it. */
static int look_answer(struct nfs_side *side, struct nfs_entry *entry, bool unasked, struct fault *fault)
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

void nfs_settle_go_on(struct nfs_side *side)
{
        struct nfs_flight flight = side->flights[side->flight_first];
        struct nfs_entry *entry = flight.entry;
        struct fault fault = { 0 };
        int failed;

        change_answer(side, entry, flight.step, &flight.said);
        failed = look_answer(side, entry, flight.step == NFS_STEP_LOOK, &fault);
        side->flight_first = (side->flight_first + 1) % NFS_FLIGHTS;
        side->flight_count--;
        entry->asked = false;
        if (entry->queued)
                return;
        if (!failed) {
                flight_go_on(side, flight);
                return;
        }
        side->took_away = side->took_away || flight.urgent;
        entry_conclude(side, entry, failed, &fault);
}

bool nfs_settle_has_room(const struct nfs_side *side)
{
        return side->flight_count < (side->server->ahead ? NFS_FLIGHTS : 1);
}

void nfs_settle_begin(struct nfs_side *side, struct nfs_entry *entry)
{
        entry->waits = false;
        flight_go_on(side, (struct nfs_flight){ .entry = entry, .urgent = entry->urgent });
}

void nfs_settle_end(struct nfs_side *side)
{
        while (side->flight_count > 0)
                nfs_settle_go_on(side);
}
