/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const token_scope_words[] = { [TOKEN_OPERATOR] = "operator",
                                          [TOKEN_INVENTORY] = "inventory",
                                          [TOKEN_ACCOUNT] = "account",
                                          [TOKEN_NODE] = "node",
                                          NULL };

const char *const token_right_words[] = { [TOKEN_READ] = "read", [TOKEN_WRITE] = "write", NULL };

static void token_free(void *object)
{
        struct token *token = object;

        free(token->account);
        free(token->node);
        free(token->environment_uid);
        document_fini(&token->document);
        free(token);
}

struct token *token_new(const char *name)
{
        struct token *token = NEW(struct token);

        document_init(&token->document, DOCUMENT_TOKEN, name, token_free);
        token->right = TOKEN_WRITE;
        return token;
}

struct token *token_dup(const struct token *token)
{
        struct token *copy = token_new(token->document.id);

        copy->scope = token->scope;
        copy->right = token->right;
        copy->expires_at_ms = token->expires_at_ms;
        copy->last_used_at_ms = token->last_used_at_ms;
        copy->account = memory_text(token->account);
        copy->node = memory_text(token->node);
        copy->environment_uid = memory_text(token->environment_uid);
        memcpy(copy->hash, token->hash, sizeof copy->hash);
        return copy;
}

const char *token_scope_word(enum token_scope scope)
{
        return token_scope_words[scope];
}

static void reply_record_free(void *object)
{
        struct reply_record *record = object;

        free(record->location);
        free(record->body);
        document_fini(&record->document);
        free(record);
}

struct reply_record *reply_record_new(const char *id)
{
        struct reply_record *record = NEW(struct reply_record);

        document_init(&record->document, DOCUMENT_REPLY, id, reply_record_free);
        return record;
}

static void counter_free(void *object)
{
        struct counter *counter = object;

        document_fini(&counter->document);
        free(counter);
}

struct counter *counter_new(const char *id)
{
        struct counter *counter = NEW(struct counter);

        document_init(&counter->document, DOCUMENT_COUNTER, id, counter_free);
        return counter;
}
