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

struct environment_write {
        struct commit commit; /* first */
        struct environment *wanted;
        struct inventory_claim claim;
        struct task *task; /* of what it takes away; or NULL */
};

static void environment_write_free(void *work)
{
        struct environment_write *change = work;

        commit_fini(&change->commit);
        inventory_claim_fini(&change->claim);
        shared_put(change->wanted);
        shared_put(change->task);
        free(change);
}

static struct environment_write *environment_write_new(struct request *request)
{
        struct environment_write *change = NEW(struct environment_write);

        request->work = change;
        request->work_free = environment_write_free;
        return change;
}

static const char *environment_account(const struct document *document)
{
        return ((const struct environment *)document)->account;
}

static bool environment_matches(const struct request *request, const struct document *document,
                                const char *const *values)
{
        (void)request;
        return (!values[0] || strcmp(values[0], environment_account(document)) == 0) &&
               (!values[1] ||
                strcmp(values[1], environment_state_word(((const struct environment *)document)->state)) == 0);
}

static json_t *environment_show(const struct request *request, const struct document *document)
{
        (void)request;
        return environment_to_json((const struct environment *)document);
}

void rest_environment_list(struct request *request)
{
        static const struct listing listing = { .kind = DOCUMENT_ENVIRONMENT,
                                                .action = PERMIT_READ_INVENTORY,
                                                .account = environment_account,
                                                .filters = { "account", "state" },
                                                .words = { NULL, environment_state_words },
                                                .matches = environment_matches,
                                                .show = environment_show };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);

        listing_reply(request, &listing, now->kinds[DOCUMENT_ENVIRONMENT], NULL);
}

void rest_environment_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct environment *environment = environment_find(request, now, PERMIT_READ_INVENTORY);

        if (environment)
                object_reply(request, 200, &environment->document, environment_to_json(environment));
}

static int environment_put_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        struct environment_write *change = (struct environment_write *)commit;
        struct environment *wanted = change->wanted;
        const struct environment *existing = snapshot_environment(write->now, wanted->document.id);
        const struct document *document = existing ? &existing->document : NULL;
        int result = access_check(commit->request, PERMIT_WRITE_INVENTORY, existing ? existing->account : NULL,
                                  "environment", fault);

        if (result < 0 || (result = precondition_check(commit->request, document, fault)) < 0)
                return result;
        inventory_check_uid(write->now, existing, wanted, "", &commit->violations);
        inventory_check_layers(write->now, existing, wanted, "", &commit->violations);
        inventory_claim_check(&change->claim, write->now, existing ? &existing->origin : NULL, "environment",
                              wanted->document.id, &commit->violations);
        wanted->state_revision = existing ? existing->state_revision : 0;
        if (!inventory_claim_settle(&change->claim, commit, document, existing ? &existing->origin : NULL,
                                    &wanted->document, &wanted->origin)) {
                environment_keep_state_revision(wanted, existing);
                if (!violations_any(&commit->violations))
                        commit_put(commit, write, "environment.put", document, &wanted->document);
        }
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        inventory_claim_put(&change->claim, write, commit->request);
        change->task = revocation_of_losses(commit, write, before, TASK_ENVIRONMENT_PUT, wanted->document.id);
        return 0;
}

static void environment_put_done(struct request *request)
{
        struct environment_write *change = request->work;
        json_t *body;

        if (commit_failed(request, &change->commit))
                return;
        inventory_claim_heard(&change->claim, request);
        body = environment_to_json((const struct environment *)change->commit.document);
        revocation_tell(request, change->task, body);
        object_reply(request, change->commit.created ? 201 : 200, change->commit.document, body);
        if (change->commit.created)
                reply_field(&request->reply, "Location", "/v1/environments/%s", change->commit.document->id);
}

void rest_environment_put(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const char *name = request->parameters[0];
        const struct environment *existing = snapshot_environment(now, name);
        struct environment_write *change = environment_write_new(request);
        struct fault fault = { 0 };
        json_t *body;

        if (access_check(request, PERMIT_WRITE_INVENTORY, existing ? existing->account : NULL, "environment",
                         &fault) < 0) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        body = request_json(request);
        if (!body)
                return;
        inventory_claim_read(request, &change->claim, &violations);
        parameter_check(name, "name", &violations);
        change->wanted = environment_from_json(name, body, &violations);
        json_decref(body);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else
                commit_start(request, &change->commit, environment_put_prepare, environment_put_done);
}

/* Removes the nodes of an environment that is about to go: they are nobody's then. */
static size_t nodes_remove(struct write *write, const struct environment *environment)
{
        struct snapshot_walk walk;
        const struct document *node;
        size_t count = 0;

        /* A walk does not outlive a change of what it walks over: begin anew after each. */
        do {
                snapshot_walk_start(&walk, write->now->nodes_by_environment, environment->uid, NULL);
                node = snapshot_walk_next(&walk);
                if (node) {
                        AUTO_FREE char *id = memory_text(node->id);

                        write_remove(write, DOCUMENT_NODE, id);
                        count++;
                }
        } while (node);
        return count;
}

struct environment_delete {
        struct revocation revocation; /* first */
        struct inventory_claim claim;
        size_t nodes_removed;
};

static int environment_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct environment_delete *change = (struct environment_delete *)commit;
        const struct request *request = commit->request;
        const struct environment *existing = snapshot_environment(write->now, request->parameters[0]);
        int result = access_check(request, PERMIT_WRITE_INVENTORY, existing ? existing->account : NULL,
                                  "environment", fault);

        if (result < 0 || (result = precondition_check(request, existing ? &existing->document : NULL, fault)) < 0)
                return result;
        if (!existing)
                return access_not_found("environment", fault);
        inventory_claim_check(&change->claim, write->now, &existing->origin, "environment", existing->document.id,
                              &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        inventory_claim_put(&change->claim, write, request);
        revocation_begin(&change->revocation, write, TASK_ENVIRONMENT_DELETE, existing->document.id,
                         existing->account);
        revocation_add_environment(&change->revocation, write->now, existing);
        change->nodes_removed = nodes_remove(write, existing);
        commit_remove(commit, write, "environment.delete", &existing->document);
        revocation_put(&change->revocation, write);
        return 0;
}

static void environment_delete_reply(struct request *request, int status, json_t *task)
{
        const struct environment_delete *change = request->work;

        inventory_claim_heard(&change->claim, request);
        reply_json(&request->reply, status,
                   json_pack("{s:s, s:b, s:I, s:o}", "name", change->revocation.commit.document->id, "deleted", 1,
                             "nodes_deleted", (json_int_t)change->nodes_removed, "task", task));
}

static void environment_delete_free(void *work)
{
        struct environment_delete *change = work;

        inventory_claim_fini(&change->claim);
        revocation_fini(&change->revocation);
        free(change);
}

void rest_environment_delete(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct environment_delete *change = NEW(struct environment_delete);

        request->work = change;
        request->work_free = environment_delete_free;
        change->revocation.reply = environment_delete_reply;
        inventory_claim_read(request, &change->claim, &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        else if (revocation_read(request, &change->revocation))
                commit_start(request, &change->revocation.commit, environment_delete_prepare, revocation_done);
}
