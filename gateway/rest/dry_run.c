/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/dry_run.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/commit.h"
#include "rest/outcomes.h"
#include "rest/outlook_json.h"
#include "rest/session_question.h"

/* How long the event thread derives grants before it looks after others. */
#define SLICE_MS 10

struct dry_run {
        const struct request *request;
        struct outlook *outlook;
        struct outcomes grants;
        struct firewall_pair *closed; /* out of the packet filter */
        size_t closed_count;
        struct session_question question; /* about them */
};

void dry_run_free(struct dry_run *dry_run)
{
        if (!dry_run)
                return;
        outcomes_fini(&dry_run->grants);
        outlook_free(dry_run->outlook);
        session_question_fini(&dry_run->question);
        free(dry_run->closed);
        free(dry_run);
}

/* --- Grants -------------------------------------------------------------------------------------------------- */

static bool export_is_shown(void *context, const struct export *export)
{
        const struct dry_run *dry_run = context;

        return permit(&dry_run->request->principal, PERMIT_READ_EXPORT, export->account, NULL) == 0;
}

static json_t *reason_json(const char *code, const char *sentence)
{
        json_t *reason = json_object();

        json_set_reason(reason, code, sentence);
        return reason;
}

/* What a write can make different for one node. */
static json_t *grant_terms(const struct grant *grant)
{
        const struct export *export = grant->export;
        struct address addresses[NODE_ADDRESSES_MAX];
        json_t *terms = json_object();

        if (grant->storage && grant->environment)
                json_set_text(terms, "protocol", protocol_word(grant->choice.protocol));
        json_set_text(terms, "access", export_access_word(export->access));
        json_set_text(terms, "squash", export_squash_word(export->squash));
        json_object_set_new(terms, "anonymous_uid", json_integer(export->anonymous_uid));
        json_object_set_new(terms, "anonymous_gid", json_integer(export->anonymous_gid));
        json_object_set_new(terms, "privileged_ports", json_boolean(export->privileged_ports));
        json_object_set_new(terms, "addresses", json_from_addresses(addresses, grant_addresses(grant, addresses)));
        json_set_text(terms, "state",
                      grant->verdict == ACCESS_ADMITTED      ? "admitted"
                      : access_is_suspension(grant->verdict) ? "suspended"
                                                             : "refused");
        json_object_set_new(terms, "cause",
                            reason_json(access_word(grant->verdict), access_sentence(grant->verdict)));
        return terms;
}

/* Another reason alone is no other grant. */
static void reason_add(json_t *terms, const struct grant *grant)
{
        if (grant->storage && grant->environment)
                json_object_set_new(terms, "reason",
                                    reason_json(protocol_rule_word(grant->choice.rule),
                                                protocol_rule_sentence(grant->choice.rule)));
}

/* Counts it, and shows it while there is room. `terms` and `before` (may be NULL) are taken. */
static void grant_add(struct dry_run *dry_run, enum outcome outcome, const struct grant *grant, json_t *terms,
                      json_t *before)
{
        const char *id = grant->export->document.id;

        if (outcomes_count(&dry_run->grants, outcome)) {
                const struct export *there = snapshot_export(dry_run->outlook->terms.base, id);
                json_t *item = json_object();

                /* An export that is not there yet will have another id when it is made. */
                json_object_set_new(item, "export", there ? json_string(id) : json_null());
                json_set_text(item, "node", grant->node->document.id);
                json_object_update(item, terms);
                reason_add(item, grant);
                if (before)
                        json_object_set(item, "before", before);
                outcomes_add(&dry_run->grants, outcome, item);
        }
        json_decref(terms);
        json_decref(before);
}

static void grant_compare(struct dry_run *dry_run, const struct grant *was, const struct grant *is)
{
        json_t *before = grant_terms(was), *after = grant_terms(is);

        if (json_equal(before, after)) {
                json_decref(before);
                json_decref(after);
        } else {
                reason_add(before, was);
                grant_add(dry_run, OUTCOME_CHANGES, is, after, before);
        }
}

static void grant_compare_or_add(void *context, const struct grant *was, const struct grant *is)
{
        struct dry_run *dry_run = context;

        if (!is)
                grant_add(dry_run, OUTCOME_VANISHES, was, grant_terms(was), NULL);
        else if (!was)
                grant_add(dry_run, OUTCOME_APPEARS, is, grant_terms(is), NULL);
        else
                grant_compare(dry_run, was, is);
}

static void grants_compare(void *context, const struct grant_list *was, const struct grant_list *is)
{
        grant_list_walk_both(was, is, grant_compare_or_add, context);
}

/* --- The object that is written -------------------------------------------------------------------------------
 */

/* null when the write is of more than one object, or of none. */
static json_t *object_json(const struct outlook_terms *terms, const struct document *document)
{
        const struct document *was, *is;
        json_t *object;

        if (!document)
                return json_null();
        was = snapshot_find(terms->base, document->kind, document->id);
        is = snapshot_find(terms->draft, document->kind, document->id);
        object = json_object();
        json_set_text(object, "kind", document_word(document->kind));
        json_object_set_new(object, "id",
                            was || document->kind != DOCUMENT_EXPORT ? json_string(document->id) : json_null());
        if (was == is)
                json_set_reason(object, "object.stays", "the object is like this already: nothing is changed");
        else if (!was)
                json_set_reason(object, "object.appears", "the object is made");
        else if (!is)
                json_set_reason(object, "object.vanishes", "the object is removed");
        else
                json_set_reason(object, "object.changes", "the object is replaced");
        return object;
}

/* --- Live clients ---------------------------------------------------------------------------------------------
 */

static void closed_note(void *context, const struct firewall_pair *pair, bool opened)
{
        struct dry_run *dry_run = context;

        if (opened)
                return;
        dry_run->closed = memory_grow(dry_run->closed, dry_run->closed_count, sizeof *dry_run->closed);
        dry_run->closed[dry_run->closed_count++] = *pair;
}

static json_t *cut_json(const struct dry_run *dry_run, const struct firewall_pair *pair, size_t connections)
{
        AUTO_FREE char *sentence = memory_format("this client has %zu live connection%s, which would be ended",
                                                 connections, connections == 1 ? "" : "s");
        json_t *item = json_object();
        char text[ADDRESS_TEXT_SIZE];

        json_set_text(item, "address", address_format(&pair->address, text));
        json_set_text(item, "service", firewall_service_word(pair->service));
        json_object_set_new(item, "node", node_of_address(dry_run->outlook->terms.base, &pair->address));
        json_object_set_new(item, "connections", json_integer((json_int_t)connections));
        json_set_reason(item, "client.cut", sentence);
        return item;
}

static json_t *clients_cut_json(const struct dry_run *dry_run)
{
        json_t *items = json_array();
        size_t clients = 0, connections = 0;

        for (size_t i = 0; i < dry_run->closed_count; i++) {
                size_t count = dry_run->question.connections ? dry_run->question.connections[i] : 0;

                if (count == 0)
                        continue;
                connections += count;
                if (clients++ < OUTCOMES_MOST)
                        json_array_append_new(items, cut_json(dry_run, &dry_run->closed[i], count));
        }
        return json_pack("{s:o, s:I, s:I}", "items", items, "clients", (json_int_t)clients, "connections",
                         (json_int_t)connections);
}

/* What the packet filter would do, or why nobody can say. */
static void filter_tell(const struct dry_run *dry_run, json_t *answer)
{
        const struct fault *fault = &dry_run->question.question.fault;

        if (!dry_run->request->context->firewall) {
                json_object_set_new(answer, "firewall", json_null());
                json_object_set_new(answer, "clients_cut", json_null());
                json_object_set_new(
                        answer, "clients_cut_reason",
                        reason_json("firewall.off", "the packet filter is switched off: no connection is ended"));
                return;
        }
        json_object_set_new(answer, "firewall", outlook_pairs_json(dry_run->outlook));
        if (fault->code == FAULT_NONE) {
                json_object_set_new(answer, "clients_cut", clients_cut_json(dry_run));
                return;
        }
        AUTO_FREE char *sentence = memory_format("nobody can tell who is connected: %s", fault->text);
        json_object_set_new(answer, "clients_cut", json_null());
        json_object_set_new(answer, "clients_cut_reason", reason_json("firewall.unavailable", sentence));
}

/* --- From step to step ----------------------------------------------------------------------------------------
 */

static void dry_run_reply(struct request *request)
{
        const struct commit *commit = request->work;
        struct dry_run *dry_run = commit->dry_run;
        const struct outlook *outlook = dry_run->outlook;
        json_t *answer = json_pack("{s:b, s:I, s:o, s:o, s:o, s:o}", "dry_run", 1, "revision",
                                   (json_int_t)outlook->terms.base->revision, "object",
                                   object_json(&outlook->terms, commit->document), "grants",
                                   outcomes_take(&dry_run->grants), "ganesha", outlook_blocks_json(outlook),
                                   "access_list", outlook_lines_json(outlook));

        filter_tell(dry_run, answer);
        if (commit->tell)
                commit->tell(commit, answer);
        reply_json(&request->reply, 200, answer);
}

/* Asks who is connected, if anybody is shut out. */
static void dry_run_ask(struct request *request)
{
        struct dry_run *dry_run = ((struct commit *)request->work)->dry_run;

        firewall_set_compare(&dry_run->outlook->was, &dry_run->outlook->is, closed_note, dry_run);
        if (dry_run->closed_count == 0 || !request->context->firewall) {
                dry_run_reply(request);
                return;
        }
        dry_run->question.pairs = dry_run->closed;
        dry_run->question.count = dry_run->closed_count;
        session_question_ask(request, &dry_run->question, dry_run_reply);
}

static void dry_run_slice(struct request *request)
{
        const struct dry_run *dry_run = ((struct commit *)request->work)->dry_run;
        const struct clock *clock = request->context->clock;

        while (!outlook_work(dry_run->outlook, clock, clock_monotonic_ms(clock) + SLICE_MS))
                if (request_yield(request, dry_run_slice))
                        return;
        dry_run_ask(request);
}

void dry_run_start(struct request *request, const struct snapshot *base, const struct snapshot *draft)
{
        struct dry_run *dry_run = NEW(struct dry_run);
        const struct outlook_terms terms = {
                .base = base,
                .draft = draft,
                .facts = status_facts(request->context->status),
                .now_ms = clock_wall_ms(request->context->clock),
                .is_shown = export_is_shown,
                .tell_grants = grants_compare,
                .context = dry_run,
        };

        ((struct commit *)request->work)->dry_run = dry_run;
        dry_run->request = request;
        dry_run->outlook = outlook_new(&terms);
        dry_run_slice(request);
}
