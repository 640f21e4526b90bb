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
#include "rest/export_make.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/revocation.h"

/* A PATCH, or the revocation for one node. */
struct export_change {
        struct revocation revocation; /* first */
        json_t *patch;                /* NULL for a revocation */
        char *node;                   /* NULL for a patch */
};

static void export_change_free(void *work)
{
        struct export_change *change = work;

        revocation_fini(&change->revocation);
        json_decref(change->patch);
        free(change->node);
        free(change);
}

/* What `existing` becomes, and all that speaks against it in `now`; NULL and violations. */
static struct export *change_apply(const struct request *request, struct export_change *change,
                                   const struct snapshot *now, const struct export *existing)
{
        struct violations *violations = &change->revocation.commit.violations;
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
        return commit_violations(&change->revocation.commit, FAULT_INVALID, fault);
}

/* The task of a change that takes something away from somebody; none of others. */
static void change_begin_task(struct export_change *change, const struct write *write,
                              const struct snapshot *before, const struct export *wanted)
{
        struct revocation *revocation = &change->revocation;
        struct task *task =
                revocation_begin(revocation, write, TASK_EXPORT_CHANGE, wanted->document.id, wanted->account);

        task_add_export(task, wanted);
        if (revocation_add_losses(revocation, before, write->now, wanted->document.id))
                return;
        shared_put(task);
        revocation->task = NULL;
}

/* A revocation has a task even when the node was out already: the request may be sent again to learn how it
 * stands. */
static void revoke_begin_task(struct export_change *change, const struct write *write, const struct export *wanted)
{
        const struct node *node = snapshot_node(write->now, change->node);
        struct task *task = revocation_begin(&change->revocation, write, TASK_EXPORT_REVOKE, wanted->document.id,
                                             wanted->account);

        task_add_export(task, wanted);
        for (size_t i = 0; node && i < node->address_count; i++)
                task_add_client(task, &node->addresses[i]);
}

static int export_change_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct export_change *change = (struct export_change *)commit;
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        AUTO_SHARED struct export *wanted = NULL;
        const struct export *existing;
        int result = change_settle(commit->request, change, write->now, &existing, &wanted, fault);

        if (result < 0)
                return result;
        export_replace(commit, write, change->node ? "export.revoke" : "export.change", existing, wanted);
        if (change->node)
                revoke_begin_task(change, write, (const struct export *)commit->document);
        else
                change_begin_task(change, write, before, (const struct export *)commit->document);
        revocation_put(&change->revocation, write);
        return 0;
}

static void export_change_reply(struct request *request, int status, json_t *task)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct export_change *change = request->work;
        const struct export *export = (const struct export *)change->revocation.commit.document;

        if (change->node)
                reply_json(&request->reply, status,
                           json_pack("{s:s, s:s, s:b, s:o}", "id", export->document.id, "node", change->node,
                                     "revoked", 1, "task", task));
        else
                export_reply(request, status, now, export, task);
}

/* A change may also give: whoever waits for it waits for the servers to hold what is wanted now. */
static void export_change_done(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct revocation *revocation = request->work;
        const struct export *export = (const struct export *)revocation->commit.document;

        if (revocation->commit.fault.code == FAULT_NONE)
                export_wait_for(request, now, export, &revocation->wait);
        revocation_done(request);
}

/* Starts the change whose headers and body have been read. */
static void export_change_begin(struct request *request, struct export_change *change)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_SHARED struct export *wanted = NULL;
        struct commit *commit = &change->revocation.commit;
        const struct export *existing;

        if (change_settle(request, change, now, &existing, &wanted, &commit->fault) < 0)
                commit_failed(request, commit);
        else
                commit_start(request, commit, export_change_prepare, export_change_done);
}

/* Reads the header and the body; NULL: the reply is set. */
static json_t *export_change_read(struct request *request)
{
        struct export_change *change = NEW(struct export_change);

        request->work = change;
        request->work_free = export_change_free;
        change->revocation.reply = export_change_reply;
        return revocation_read(request, &change->revocation) ? request_json(request) : NULL;
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
