/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "rest/commit.h"
#include "rest/export_change.h"
#include "rest/export_check.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/settlement.h"

/* A PATCH, or the revocation for one node. */
struct export_change {
        struct commit commit; /* first */
        json_t *patch;        /* NULL for a revocation */
        char *node;           /* NULL for a patch */
        unsigned wait_s;
        bool waits;
        bool in_time;
};

static void export_change_free(void *work)
{
        struct export_change *change = work;

        commit_fini(&change->commit);
        json_decref(change->patch);
        free(change->node);
        free(change);
}

/* What `existing` becomes, and all that speaks against it in `now`; NULL and violations. */
static struct export *change_apply(const struct request *request, struct export_change *change,
                                   const struct snapshot *now, const struct export *existing)
{
        struct violations *violations = &change->commit.violations;
        struct protocol_facts facts = status_facts(request->context->status);
        struct export *wanted;

        if (change->node) {
                export_check_node(now, existing, change->node, "/node", violations);
                return export_without(existing, change->node, violations);
        }
        wanted = export_patched(existing, change->patch, violations);
        if (wanted)
                export_check_change(now, existing, wanted, &facts, violations);
        if (wanted && wanted->expires_at_ms != existing->expires_at_ms)
                export_check_request(wanted, clock_wall_ms(request->context->clock), violations);
        return wanted;
}

/* The export as it is in `now` and as it is to be. */
static int change_settle(const struct request *request, struct export_change *change, const struct snapshot *now,
                         const struct export **existing, struct export **wanted, struct fault *fault)
{
        const struct export *export = snapshot_export(now, request->parameters[0]);
        int result = access_check(request, PERMIT_WRITE_EXPORT, export ? export->account : NULL, "export", fault);

        if (result == 0 && !export)
                result = access_not_found("export", fault);
        if (result == 0)
                result = precondition_check(request, &export->document, fault);
        if (result < 0)
                return result;
        *existing = export;
        *wanted = change_apply(request, change, now, export);
        return commit_violations(&change->commit, FAULT_INVALID, fault);
}

static int export_change_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct export_change *change = (struct export_change *)commit;
        AUTO_SHARED struct export *wanted = NULL;
        const struct export *existing;
        int result = change_settle(commit->request, change, write->now, &existing, &wanted, fault);

        if (result < 0)
                return result;
        wanted->widened_revision = existing->widened_revision;
        if (commit_unchanged(commit, &existing->document, &wanted->document))
                return 0;
        export_keep_widened_revision(wanted, existing, write->now_ms);
        commit_put(commit, write, change->node ? "export.revoke" : "export.change", &existing->document,
                   &wanted->document);
        return 0;
}

static void export_change_reply(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct export_change *change = request->work;
        const struct export *export = (const struct export *)change->commit.document;

        if (change->node)
                reply_json(&request->reply, 200,
                           json_pack("{s:s, s:s, s:b, s:b}", "id", export->document.id, "node", change->node,
                                     "revoked", 1, "gone", (int)change->in_time));
        else
                export_reply(request, 200, now, export);
        if (change->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", change->wait_s);
}

/* A change may move grants from one server to the other: one must hold what is wanted now, the other nothing. */
static void export_change_done(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct export_change *change = request->work;
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct status_wait wait = { .gone = true };
        const struct export *export;

        if (commit_failed(request, &change->commit))
                return;
        if (change->wait_s == 0) {
                export_change_reply(request);
                return;
        }
        export = (const struct export *)change->commit.document;
        export_grants(request, now, export, &grants);
        export_sides(&grants, wait.sides);
        wait.revision = export->document.revision;
        snprintf(wait.export_id, sizeof wait.export_id, "%s", export->document.id);
        settlement_wait(request, &wait, change->wait_s, &change->in_time, export_change_reply);
}

/* Starts the change whose headers and body have been read. */
static void export_change_begin(struct request *request, struct export_change *change)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_SHARED struct export *wanted = NULL;
        struct commit *commit = &change->commit;
        const struct export *existing;

        if (change_settle(request, change, now, &existing, &wanted, &commit->fault) < 0)
                commit_failed(request, commit);
        else
                commit_start(request, commit, export_change_prepare, export_change_done);
}

/* Reads the header and the body; NULL: the reply is set. */
static json_t *export_change_read(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct export_change *change = NEW(struct export_change);

        request->work = change;
        request->work_free = export_change_free;
        change->waits = prefer_parse(request->headers[HEADER_PREFER], &change->wait_s, &violations);
        if (!violations_any(&violations))
                return request_json(request);
        reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        return NULL;
}

void rest_export_patch(struct request *request)
{
        json_t *body = export_change_read(request);
        struct export_change *change = request->work;

        if (!body)
                return;
        change->patch = body;
        if (!request->headers[HEADER_IF_MATCH])
                reply_fault(&request->reply, FAULT_UNCONDITIONAL,
                            "send the ETag of the export as If-Match, or If-Match: * to change it as it is now");
        else
                export_change_begin(request, change);
}

void rest_export_revoke(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *body = export_change_read(request);
        struct export_change *change = request->work;
        struct json_reader reader;
        const char *node = NULL;

        if (!body)
                return;
        json_reader_start(&reader, body, "", &violations);
        json_take_name(&reader, "node", JSON_REQUIRED, &node);
        json_reader_finish(&reader);
        change->node = memory_text(node);
        json_decref(body);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else
                export_change_begin(request, change);
}
