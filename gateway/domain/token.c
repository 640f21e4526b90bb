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

void token_note_use(const struct token *token, int64_t at_ms)
{
        ((struct token *)(uintptr_t)token)->last_used_at_ms = at_ms;
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
