/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/secret.h"
#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/commit.h"
#include "rest/handlers.h"
#include "rest/inventory_apply.h"
#include "rest/inventory_claim.h"
#include "rest/object.h"
#include "rest/paging.h"
#include "rest/revocation.h"

struct inventory_write {
        struct commit commit; /* first */
        char *source;         /* of a heartbeat */
        uint64_t revision;
        struct inventory_report report;
        struct inventory_result result;
        uint8_t digest[INVENTORY_DIGEST_SIZE];
        struct task *task; /* of what a report takes away; or NULL */
        bool behind;       /* the source has told of a revision that did not come here */
};

_Static_assert(INVENTORY_DIGEST_SIZE == TOKEN_HASH_SIZE, "digest_bytes gives what the source keeps");

static void inventory_write_free(void *work)
{
        struct inventory_write *change = work;

        commit_fini(&change->commit);
        inventory_report_fini(&change->report);
        inventory_result_fini(&change->result);
        shared_put(change->task);
        free(change->source);
        free(change);
}

static struct inventory_write *inventory_write_new(struct request *request)
{
        struct inventory_write *change = NEW(struct inventory_write);

        request->work = change;
        request->work_free = inventory_write_free;
        return change;
}

/* The inventory as a whole is of no account. False: the reply is set. */
static bool inventory_is_open(struct request *request)
{
        struct fault fault = { 0 };

        if (permit(&request->principal, PERMIT_WRITE_INVENTORY, NULL, &fault) == 0)
                return true;
        reply_problem(&request->reply, &fault, NULL, NULL);
        return false;
}

/* --- GET ------------------------------------------------------------------------------------------------------
 */

/* How many objects of a kind are told by `source`. */
static size_t told_count(const struct snapshot *now, enum document_kind kind, const char *source)
{
        const struct document *document;
        struct snapshot_walk walk;
        size_t count = 0;

        snapshot_walk_start(&walk, now->kinds[kind], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                const struct origin *origin = kind == DOCUMENT_NODE
                                                      ? &((const struct node *)document)->origin
                                                      : &((const struct environment *)document)->origin;

                count += origin->source && strcmp(origin->source, source) == 0;
        }
        return count;
}

static json_t *source_to_json(const struct request *request, const struct snapshot *now,
                              const struct inventory *inventory)
{
        const char *source = inventory->document.id;
        json_t *object = json_object();
        struct inventory_age age;

        json_set_text(object, "source", source);
        json_object_set_new(object, "revision", json_integer((json_int_t)inventory->revision));
        json_set_text(object, "state", inventory_state_word(inventory->state));
        json_object_set_new(object, "suspends", json_boolean(inventory->suspends));
        json_object_set_new(object, "heartbeats", json_boolean(inventory->beats));
        if (!inventory_watch_age(request->context->inventory, source, &age)) {
                age.heard_at_ms = inventory->heard_at_ms;
                age.age_ms = clock_wall_ms(request->context->clock) - inventory->heard_at_ms;
                age.stored = true;
        }
        json_set_time(object, "heard_at", age.heard_at_ms);
        json_object_set_new(object, "age_s", json_integer(age.age_ms > 0 ? age.age_ms / 1000 : 0));
        if (age.stored)
                json_set_text(object, "note",
                              "not heard of since gatehoused was started; the age goes by what was stored before, "
                              "which may be a little too old");
        json_object_set_new(object, "environments",
                            json_integer((json_int_t)told_count(now, DOCUMENT_ENVIRONMENT, source)));
        json_object_set_new(object, "nodes", json_integer((json_int_t)told_count(now, DOCUMENT_NODE, source)));
        return object;
}

void rest_inventory_list(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        AUTO_PAGE struct page page = { 0 };
        const struct document *document;
        struct snapshot_walk walk;

        if (!inventory_is_open(request))
                return;
        page_start(&page, request, DOCUMENT_INVENTORY, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_INVENTORY], NULL, page_after(&page));
        while ((document = snapshot_walk_next(&walk)) && page_has_room(&page))
                page_add(&page, document, source_to_json(request, now, (const struct inventory *)document));
        page_reply(&page, request);
}

void rest_inventory_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct inventory *inventory = snapshot_inventory(now, request->parameters[0]);

        if (!inventory_is_open(request))
                return;
        if (inventory)
                object_reply(request, 200, &inventory->document, source_to_json(request, now, inventory));
        else
                reply_fault(&request->reply, FAULT_NOT_FOUND, "there is no such source");
}

/* --- PUT: a full report ---------------------------------------------------------------------------------------
 */

static void report_event(struct write *write, const struct request *request, const struct inventory_write *change)
{
        json_t *after = inventory_result_to_json(&change->result, true);
        AUTO_FREE char *text = NULL;

        json_object_set_new(after, "revision", json_integer((json_int_t)change->report.revision));
        text = json_dumps(after, JSON_COMPACT);
        json_decref(after);
        write_event_text(write, request->principal.name, request->source, "inventory.report",
                         change->report.source, NULL, text);
}

/* A report of the revision that the last one was of must be the same. */
static void report_check(const struct snapshot *now, struct inventory_write *change)
{
        const struct inventory_report *report = &change->report;
        const struct inventory *inventory = snapshot_inventory(now, report->source);

        inventory_revision_check(now, report->source, report->revision, "/revision", &change->commit.violations);
        if (inventory && inventory->revision == report->revision && inventory->has_report &&
            memcmp(inventory->report_digest, change->digest, sizeof change->digest) != 0)
                violation_add(&change->commit.violations, "/revision", "inventory.contradicted",
                              "source %s has reported something else as of the same revision, %" PRIu64,
                              report->source, report->revision);
}

static int report_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        struct inventory_write *change = (struct inventory_write *)commit;

        report_check(write->now, change);
        if (!violations_any(&commit->violations))
                inventory_apply(&change->report, write, &change->result, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        if (inventory_result_any(&change->result))
                report_event(write, commit->request, change);
        inventory_source_put(write, commit->request, change->report.source, change->report.revision, false,
                             change->digest);
        change->task = revocation_of_losses(commit, write, before, TASK_INVENTORY_REPORT, change->report.source);
        return 0;
}

static void report_done(struct request *request)
{
        struct inventory_write *change = request->work;
        json_t *body;

        if (commit_failed(request, &change->commit))
                return;
        inventory_watch_heard(request->context->inventory, change->report.source);
        body = inventory_result_to_json(&change->result, false);
        json_set_text(body, "source", change->report.source);
        json_object_set_new(body, "revision", json_integer((json_int_t)change->report.revision));
        revocation_tell(request, change->task, body);
        reply_json(&request->reply, 200, body);
}

void rest_inventory_put(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct inventory_write *change = inventory_write_new(request);
        json_t *body = inventory_is_open(request) ? request_json(request) : NULL;

        if (!body)
                return;
        inventory_report_read(body, &change->report, &violations);
        json_decref(body);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_INVALID, &violations);
                return;
        }
        AUTO_FREE char *form = inventory_report_render(&change->report);
        digest_bytes(form, strlen(form), change->digest);
        commit_start(request, &change->commit, report_prepare, report_done);
}

/* --- POST: a heartbeat ----------------------------------------------------------------------------------------
 */

static int heartbeat_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct inventory_write *change = (struct inventory_write *)commit;
        const struct inventory *inventory = snapshot_inventory(write->now, change->source);

        inventory_revision_check(write->now, change->source, change->revision, "/revision", &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        /* It vouches for what is here: that is not what it has. */
        change->behind = inventory && inventory->revision < change->revision;
        if (!change->behind)
                inventory_source_put(write, commit->request, change->source, change->revision, true, NULL);
        return 0;
}

static void heartbeat_done(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct inventory_write *change = request->work;
        const struct inventory *inventory = snapshot_inventory(now, change->source);

        if (commit_failed(request, &change->commit))
                return;
        if (!change->behind)
                inventory_watch_heard(request->context->inventory, change->source);
        reply_json(&request->reply, 200,
                   json_pack("{s:s, s:I, s:s, s:b}", "source", change->source, "revision",
                             (json_int_t)(inventory ? inventory->revision : 0), "state",
                             inventory_state_word(inventory ? inventory->state : INVENTORY_FRESH), "behind",
                             change->behind));
}

/* Whether the heartbeat tells only what is known: then it needs no commit. */
static bool heartbeat_is_known(const struct snapshot *now, const struct inventory_write *change)
{
        const struct inventory *inventory = snapshot_inventory(now, change->source);

        return inventory && inventory->beats && inventory->state == INVENTORY_FRESH && !inventory->spared &&
               inventory->revision == change->revision;
}

void rest_inventory_heartbeat(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct inventory_write *change = inventory_write_new(request);
        json_t *body = inventory_is_open(request) ? request_json(request) : NULL;
        const char *source = NULL;

        if (!body)
                return;
        inventory_heartbeat_read(body, &source, &change->revision, &violations);
        change->source = memory_text(source);
        json_decref(body);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else if (!request->dry_run && heartbeat_is_known(now, change))
                heartbeat_done(request);
        else
                commit_start(request, &change->commit, heartbeat_prepare, heartbeat_done);
}

/* --- DELETE: a source is forgotten ----------------------------------------------------------------------------
 */

static int inventory_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        const struct inventory *inventory = snapshot_inventory(write->now, commit->request->parameters[0]);

        if (!inventory)
                return access_not_found("source", fault);
        if (precondition_check(commit->request, &inventory->document, fault) < 0)
                return -(int)fault->code;
        commit_remove(commit, write, "inventory.forget", &inventory->document);
        return 0;
}

static void inventory_delete_done(struct request *request)
{
        struct inventory_write *change = request->work;

        if (!commit_failed(request, &change->commit))
                reply_json(&request->reply, 200,
                           json_pack("{s:s, s:b}", "source", change->commit.document->id, "deleted", 1));
}

void rest_inventory_delete(struct request *request)
{
        struct inventory_write *change = inventory_write_new(request);

        if (inventory_is_open(request))
                commit_start(request, &change->commit, inventory_delete_prepare, inventory_delete_done);
}
