/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/secret.h"
#include "base/memory.h"
#include "domain/json_reader.h"
#include "domain/token_json.h"
#include "rest/admission.h"
#include "rest/commit.h"
#include "rest/handlers.h"
#include "rest/listing.h"
#include "rest/object.h"
#include "rest/replay.h"

struct token_write {
        struct commit commit; /* first */
        struct replay replay;
        struct token *wanted;
        char secret[SECRET_TEXT_SIZE]; /* lives until the reply has left, and nowhere else */
};

static void token_write_free(void *work)
{
        struct token_write *change = work;

        replay_end(&change->replay);
        commit_fini(&change->commit);
        shared_put(change->wanted);
        explicit_bzero(change->secret, sizeof change->secret);
        free(change);
}

static struct token_write *token_write_new(struct request *request)
{
        struct token_write *change = NEW(struct token_write);

        request->work = change;
        request->work_free = token_write_free;
        return change;
}

/* Tokens are the operator's; those of nodes the inventory's too. False: the reply is set. */
static bool tokens_are_open(struct request *request, enum permit_action action)
{
        struct fault fault = { 0 };

        if (permit(&request->principal, action, NULL, &fault) == 0)
                return true;
        reply_problem(&request->reply, &fault, NULL, NULL);
        return false;
}

static json_t *token_show(const struct request *request, const struct document *document)
{
        const struct token *token = (const struct token *)document;
        json_t *shown = token_to_json(token);
        int64_t last_ms = admission_last_used_ms(request->admission, token);

        if (last_ms > 0)
                json_set_time(shown, "last_used_at", last_ms);
        return shown;
}

static enum permit_action action_to(bool writes, const struct token *token)
{
        if (token->scope == TOKEN_NODE)
                return writes ? PERMIT_WRITE_NODE_TOKENS : PERMIT_READ_NODE_TOKENS;
        return writes ? PERMIT_WRITE_TOKENS : PERMIT_READ_TOKENS;
}

static bool token_is_shown(const struct request *request, const struct document *document,
                           const char *const *values)
{
        (void)values;
        return permit(&request->principal, action_to(false, (const struct token *)document), NULL, NULL) == 0;
}

void rest_token_list(struct request *request)
{
        static const struct listing listing = { .kind = DOCUMENT_TOKEN,
                                                .matches = token_is_shown,
                                                .show = token_show };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);

        if (tokens_are_open(request, PERMIT_READ_NODE_TOKENS))
                listing_reply(request, &listing, now->kinds[DOCUMENT_TOKEN], NULL);
}

/* To who may not read it, it is not there. */
void rest_token_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct document *token = snapshot_find(now, DOCUMENT_TOKEN, request->parameters[0]);

        if (!tokens_are_open(request, PERMIT_READ_NODE_TOKENS))
                return;
        if (token && token_is_shown(request, token, NULL))
                object_reply(request, 200, token, token_show(request, token));
        else
                reply_fault(&request->reply, FAULT_NOT_FOUND, "there is no such token");
}

/* Binds the token to what the inventory says of its node now. */
static void token_bind(struct token *token, const struct snapshot *now, struct violations *violations)
{
        const struct node *node = snapshot_node(now, token->node);
        const struct environment *environment =
                node ? snapshot_environment_by_uid(now, node->environment_uid) : NULL;

        free(token->account);
        free(token->environment_uid);
        token->account = environment ? memory_text(environment->account) : NULL;
        token->environment_uid = environment ? memory_text(environment->uid) : NULL;
        if (!environment)
                violation_add(violations, "/node", "node.unknown", "there is no node of this id");
}

/* The secret is shown once: the reply is kept without it. */
static void token_reply_keep(const struct token_write *change, struct write *write)
{
        AUTO_FREE char *location = memory_format("/v1/tokens/%s", change->wanted->document.id);
        json_t *body = token_to_json(change->wanted);

        json_object_set_new(body, "secret", json_null());
        replay_keep(&change->replay, write, 201, location, change->wanted->document.revision, body);
        json_decref(body);
}

static int token_create_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct token *wanted = ((struct token_write *)commit)->wanted;

        if (snapshot_find(write->now, DOCUMENT_TOKEN, wanted->document.id)) {
                violation_add(&commit->violations, "/name", "token.exists",
                              "there is a token of this name; delete it first, or choose another name");
                return commit_violations(commit, FAULT_CONFLICT, fault);
        }
        if (wanted->scope == TOKEN_NODE)
                token_bind(wanted, write->now, &commit->violations);
        if (wanted->expires_at_ms > 0 && wanted->expires_at_ms <= write->now_ms)
                violation_add(&commit->violations, "/expires_at", "expires_at.past",
                              "the token would have expired already; a time to come is allowed");
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_INVALID, fault);
        commit_put(commit, write, "token.create", NULL, &wanted->document);
        token_reply_keep((struct token_write *)commit, write);
        return 0;
}

static void token_create_done(struct request *request)
{
        struct token_write *change = request->work;
        json_t *body;

        replay_end(&change->replay);
        if (commit_failed(request, &change->commit))
                return;
        body = token_to_json(change->wanted);
        json_object_set_new(body, "secret", json_string(change->secret));
        object_reply(request, 201, &change->wanted->document, body);
        reply_field(&request->reply, "Location", "/v1/tokens/%s", change->wanted->document.id);
}

/* False: the reply is set. */
static bool token_create_read(struct request *request, struct token_write *change, const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        replay_check_key(request, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return false;
        }
        change->wanted = token_from_json(body, &violations);
        if (!change->wanted) {
                reply_violations(&request->reply, FAULT_INVALID, &violations);
                return false;
        }
        return tokens_are_open(request, action_to(true, change->wanted)) &&
               replay_start(request, &change->replay, body);
}

void rest_token_create(struct request *request)
{
        struct token_write *change = token_write_new(request);
        json_t *body = tokens_are_open(request, PERMIT_WRITE_NODE_TOKENS) ? request_json(request) : NULL;
        bool goes_on = body && token_create_read(request, change, body);

        json_decref(body);
        if (!goes_on)
                return;
        secret_make(change->secret, change->wanted->hash);
        commit_start(request, &change->commit, token_create_prepare, token_create_done);
}

static int token_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        const struct document *token = snapshot_find(write->now, DOCUMENT_TOKEN, commit->request->parameters[0]);

        /* To who may not remove it, it is not there. */
        if (!token ||
            permit(&commit->request->principal, action_to(true, (const struct token *)token), NULL, NULL) < 0)
                return access_not_found("token", fault);
        if (precondition_check(commit->request, token, fault) < 0)
                return -(int)fault->code;
        commit_remove(commit, write, "token.delete", token);
        return 0;
}

static void token_delete_done(struct request *request)
{
        struct token_write *change = request->work;

        if (!commit_failed(request, &change->commit))
                reply_json(&request->reply, 200,
                           json_pack("{s:s, s:b}", "name", change->commit.document->id, "deleted", 1));
}

void rest_token_delete(struct request *request)
{
        struct token_write *change = token_write_new(request);

        if (tokens_are_open(request, PERMIT_WRITE_NODE_TOKENS))
                commit_start(request, &change->commit, token_delete_prepare, token_delete_done);
}
