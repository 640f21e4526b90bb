/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/environment_json.h"
#include "rest/commit.h"
#include "rest/handlers.h"
#include "rest/inventory_check.h"
#include "rest/inventory_claim.h"
#include "rest/listing.h"
#include "rest/object.h"
#include "rest/revocation.h"

struct node_write {
        struct commit commit; /* first */
        struct node *wanted;
        struct inventory_claim claim;
        struct task *task; /* of what it takes away; or NULL */
};

static void node_write_free(void *work)
{
        struct node_write *change = work;

        commit_fini(&change->commit);
        inventory_claim_fini(&change->claim);
        shared_put(change->wanted);
        shared_put(change->task);
        free(change);
}

static struct node_write *node_write_new(struct request *request)
{
        struct node_write *change = NEW(struct node_write);

        request->work = change;
        request->work_free = node_write_free;
        return change;
}

/* The node that the path names, if it is in `environment`. */
static const struct node *node_find(const struct request *request, const struct snapshot *now,
                                    const struct environment *environment)
{
        const struct node *node = snapshot_node(now, request->parameters[1]);

        return node && strcmp(node->environment_uid, environment->uid) == 0 ? node : NULL;
}

static json_t *node_show(const struct request *request, const struct document *document)
{
        (void)request;
        return node_to_json((const struct node *)document);
}

static bool node_matches(const struct request *request, const struct document *document, const char *const *values)
{
        (void)request;
        return !values[0] || strcmp(values[0], ((const struct node *)document)->layer) == 0;
}

void rest_node_list(struct request *request)
{
        static const struct listing listing = {
                .kind = DOCUMENT_NODE, .filters = { "layer" }, .matches = node_matches, .show = node_show
        };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct environment *environment = environment_find(request, now, PERMIT_READ_INVENTORY);

        if (environment)
                listing_reply(request, &listing, now->nodes_by_environment, environment->uid);
}

void rest_node_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct environment *environment = environment_find(request, now, PERMIT_READ_INVENTORY);
        const struct node *node = environment ? node_find(request, now, environment) : NULL;

        if (node)
                object_reply(request, 200, &node->document, node_to_json(node));
        else if (environment)
                reply_fault(&request->reply, FAULT_NOT_FOUND, "there is no such node in this environment");
}

/* A migration ends for a node when the inventory says anew where it is, be it the same: that must be written. */
static bool node_awaits_confirmation(const struct environment *environment, const struct node *existing)
{
        uint64_t since =
                environment->state_revision ? environment->state_revision : environment->document.revision;

        return environment->state == ENVIRONMENT_MIGRATING && existing && existing->document.revision <= since;
}

/* The environment that a node is written to; NULL and the fault when there is none or it may not be. */
static const struct environment *environment_for_write(const struct request *request, const struct snapshot *now,
                                                       struct fault *fault)
{
        const struct environment *environment = snapshot_environment(now, request->parameters[0]);
        const char *account = environment ? environment->account : NULL;

        if (access_check(request, PERMIT_WRITE_INVENTORY, account, "environment", fault) < 0)
                return NULL;
        if (!environment)
                access_not_found("environment", fault);
        return environment;
}

static int node_put_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        struct node_write *change = (struct node_write *)commit;
        struct node *wanted = change->wanted;
        const struct environment *environment = environment_for_write(commit->request, write->now, fault);
        const struct node *existing = snapshot_node(write->now, wanted->document.id);
        const struct document *document = existing ? &existing->document : NULL;
        bool known;
        int result;

        if (!environment)
                return -(int)fault->code;
        if (existing && strcmp(existing->environment_uid, environment->uid) != 0)
                return fault_set(fault, FAULT_CONFLICT, "node %s is in environment %s; delete it there first",
                                 wanted->document.id, existing->environment);
        result = precondition_check(commit->request, document, fault);
        if (result < 0)
                return result;
        inventory_check_node(write->now, environment, wanted, "", &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_INVALID, fault);
        free(wanted->environment);
        free(wanted->environment_uid);
        wanted->environment = memory_text(environment->document.id);
        wanted->environment_uid = memory_text(environment->uid);
        inventory_claim_check(&change->claim, write->now, existing ? &existing->origin : NULL, "node",
                              wanted->document.id, &commit->violations);
        known = inventory_claim_settle(&change->claim, commit, document, existing ? &existing->origin : NULL,
                                       &wanted->document, &wanted->origin);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        if (!known || node_awaits_confirmation(environment, existing))
                commit_rewrite(commit, write, "node.put", document, &wanted->document);
        inventory_claim_put(&change->claim, write, commit->request);
        change->task = revocation_of_losses(commit, write, before, TASK_NODE_PUT, wanted->document.id);
        return 0;
}

static void node_put_done(struct request *request)
{
        struct node_write *change = request->work;
        const struct document *document = change->commit.document;
        json_t *body;

        if (commit_failed(request, &change->commit))
                return;
        inventory_claim_heard(&change->claim, request);
        body = node_to_json((const struct node *)document);
        revocation_tell(request, change->task, body);
        object_reply(request, change->commit.created ? 201 : 200, document, body);
        if (change->commit.created)
                reply_field(&request->reply, "Location", "/v1/environments/%s/nodes/%s", request->parameters[0],
                            document->id);
}

void rest_node_put(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct node_write *change = node_write_new(request);
        struct fault fault = { 0 };
        json_t *body;

        if (!environment_for_write(request, now, &fault)) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        body = request_json(request);
        if (!body)
                return;
        inventory_claim_read(request, &change->claim, &violations);
        parameter_check(request->parameters[1], "id", &violations);
        change->wanted = node_from_json(request->parameters[1], body, &violations);
        json_decref(body);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else
                commit_start(request, &change->commit, node_put_prepare, node_put_done);
}

struct node_delete {
        struct revocation revocation; /* first */
        struct inventory_claim claim;
};

static int node_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct node_delete *change = (struct node_delete *)commit;
        struct revocation *revocation = &change->revocation;
        const struct request *request = commit->request;
        const struct environment *environment = environment_for_write(request, write->now, fault);
        const struct node *node = environment ? node_find(request, write->now, environment) : NULL;
        int result;

        if (!environment)
                return -(int)fault->code;
        if (!node)
                return fault_set(fault, FAULT_NOT_FOUND, "there is no such node in this environment");
        result = precondition_check(request, &node->document, fault);
        if (result < 0)
                return result;
        inventory_claim_check(&change->claim, write->now, &node->origin, "node", node->document.id,
                              &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        revocation_begin(revocation, write, TASK_NODE_DELETE, node->document.id, environment->account);
        revocation_add_node(revocation, write->now, node);
        commit_remove(commit, write, "node.delete", &node->document);
        inventory_claim_put(&change->claim, write, request);
        revocation_put(revocation, write);
        return 0;
}

static void node_delete_reply(struct request *request, int status, json_t *task)
{
        const struct node_delete *change = request->work;

        inventory_claim_heard(&change->claim, request);
        reply_json(&request->reply, status,
                   json_pack("{s:s, s:b, s:o}", "id", change->revocation.commit.document->id, "deleted", 1, "task",
                             task));
}

static void node_delete_free(void *work)
{
        struct node_delete *change = work;

        inventory_claim_fini(&change->claim);
        revocation_fini(&change->revocation);
        free(change);
}

void rest_node_delete(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct node_delete *change = NEW(struct node_delete);

        request->work = change;
        request->work_free = node_delete_free;
        change->revocation.reply = node_delete_reply;
        inventory_claim_read(request, &change->claim, &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        else if (revocation_read(request, &change->revocation))
                commit_start(request, &change->revocation.commit, node_delete_prepare, revocation_done);
}
