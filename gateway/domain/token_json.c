/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/token_json.h"

#include <jansson.h>

#include "domain/json_reader.h"

/* A name that the tokens of one scope have, and no others. */
static void scoped_name_read(struct json_reader *reader, const char *key, bool is_needed, const char *refusal,
                             char **name)
{
        const char *given = NULL;

        if (json_take_name(reader, key, JSON_OPTIONAL, &given))
                *name = memory_text(given);
        if (is_needed && json_is_absent(reader, key))
                json_refuse(reader, key, "key.missing", "a token of scope %s needs its %s", key, key);
        if (!is_needed && given)
                json_refuse(reader, key, refusal, "only a token of scope %s is told its %s; leave it out", key,
                            key);
}

static void right_and_expiry_read(struct json_reader *reader, struct token *token)
{
        size_t right = TOKEN_WRITE;

        json_take_word(reader, "right", JSON_OPTIONAL, token_right_words, &right);
        json_take_time(reader, "expires_at", JSON_OPTIONAL, &token->expires_at_ms);
        token->right = (enum token_right)right;
}

void token_read_stored(struct json_reader *reader, struct token *token)
{
        const char *environment_uid = NULL, *account = NULL, *node = NULL;
        size_t scope = TOKEN_ACCOUNT;
        int64_t last_used_at_ms = 0;

        json_take_word(reader, "scope", JSON_REQUIRED, token_scope_words, &scope);
        token->scope = (enum token_scope)scope;
        right_and_expiry_read(reader, token);
        json_take_time(reader, "last_used_at", JSON_OPTIONAL, &last_used_at_ms);
        token->last_used_at_ms = last_used_at_ms;
        if (json_take_name(reader, "account", scope >= TOKEN_ACCOUNT ? JSON_REQUIRED : JSON_OPTIONAL, &account))
                token->account = memory_text(account);
        if (json_take_name(reader, "node", scope == TOKEN_NODE ? JSON_REQUIRED : JSON_OPTIONAL, &node))
                token->node = memory_text(node);
        if (json_take_name(reader, "environment_uid", scope == TOKEN_NODE ? JSON_REQUIRED : JSON_OPTIONAL,
                           &environment_uid))
                token->environment_uid = memory_text(environment_uid);
}

static void body_read(struct json_reader *reader, struct token *token)
{
        size_t scope = TOKEN_ACCOUNT;
        bool scoped = json_take_word(reader, "scope", JSON_REQUIRED, token_scope_words, &scope);

        right_and_expiry_read(reader, token);
        token->scope = (enum token_scope)scope;
        /* What a scope needs is not guessed when it is none. */
        if (scoped) {
                scoped_name_read(reader, "account", scope == TOKEN_ACCOUNT, "token.account_of_scope",
                                 &token->account);
                scoped_name_read(reader, "node", scope == TOKEN_NODE, "token.node_of_scope", &token->node);
        } else {
                const char *unused;

                json_take_name(reader, "account", JSON_OPTIONAL, &unused);
                json_take_name(reader, "node", JSON_OPTIONAL, &unused);
        }
}

static void token_write(const struct token *token, struct json_t *object)
{
        json_set_text(object, "scope", token_scope_word(token->scope));
        json_set_text(object, "right", token_right_words[token->right]);
        json_set_text(object, "account", token->account);
        json_set_text(object, "node", token->node);
        if (token->expires_at_ms > 0)
                json_set_time(object, "expires_at", token->expires_at_ms);
        if (token->last_used_at_ms > 0)
                json_set_time(object, "last_used_at", token->last_used_at_ms);
}

void token_write_stored(const struct token *token, struct json_t *object)
{
        token_write(token, object);
        json_set_text(object, "environment_uid", token->environment_uid);
}

struct token *token_from_json(const struct json_t *body, struct violations *violations)
{
        struct json_reader reader;
        const char *name = "";

        json_reader_start(&reader, body, "", violations);
        json_take_name(&reader, "name", JSON_REQUIRED, &name);
        struct token *token = token_new(name);
        body_read(&reader, token);
        json_reader_finish(&reader);
        return json_reader_result(&reader, token);
}

struct json_t *token_to_json(const struct token *token)
{
        json_t *object = json_document_begin(&token->document, "name");

        token_write(token, object);
        json_document_end(&token->document, object);
        return object;
}
