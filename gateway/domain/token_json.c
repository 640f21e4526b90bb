/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/token_json.h"

#include <jansson.h>

#include "domain/json_reader.h"

void token_read(struct json_reader *reader, struct token *token)
{
        const char *account = NULL;
        size_t scope = TOKEN_ACCOUNT;
        bool scoped = json_take_word(reader, "scope", JSON_REQUIRED, token_scope_words, &scope);

        if (json_take_name(reader, "account", JSON_OPTIONAL, &account))
                token->account = memory_text(account);
        token->scope = (enum token_scope)scope;
        if (scoped && scope != TOKEN_ACCOUNT && account)
                json_refuse(reader, "account", "token.account_of_scope",
                            "only a token of scope account has an account; leave it out");
        if (scoped && scope == TOKEN_ACCOUNT && json_is_absent(reader, "account"))
                json_refuse(reader, "account", "key.missing", "a token of scope account needs its account");
}

void token_write(const struct token *token, struct json_t *object)
{
        json_set_text(object, "scope", token_scope_word(token->scope));
        json_set_text(object, "account", token->account);
}

struct token *token_from_json(const struct json_t *body, struct violations *violations)
{
        struct json_reader reader;
        const char *name = "";

        json_reader_start(&reader, body, "", violations);
        json_take_name(&reader, "name", JSON_REQUIRED, &name);
        struct token *token = token_new(name);
        token_read(&reader, token);
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
