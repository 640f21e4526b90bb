/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column token_columns[] = {
        { "NAME", "name" },          { "SCOPE", "scope" }, { "ACCOUNT", "account" },
        { "CREATED", "created_at" }, { NULL, NULL },
};

static int token_create(struct session *session, const struct invocation *invocation)
{
        const char *account = invocation_option(invocation, "account");
        const char *scope = invocation_option(invocation, "scope");
        AUTO_ANSWER struct answer answer = { 0 };
        json_t *body = json_object();
        int exit_code;

        json_object_set_new(body, "name", json_string(invocation->argument));
        if (scope)
                json_object_set_new(body, "scope", json_string(scope));
        if (account)
                json_object_set_new(body, "account", json_string(account));
        exit_code = session_call(session, &(struct call){ .method = "POST", .path = "/v1/tokens", .body = body },
                                 NULL, &answer);
        json_decref(body);
        if (exit_code != EXIT_DONE || session_show_outlook(session, NULL, &answer, NULL))
                return exit_code;
        if (session->json)
                session_print_json(session, answer.body);
        else
                fprintf(session->out, "%s\n", json_string_value(json_object_get(answer.body, "secret")));
        return EXIT_DONE;
}

static int token_list(struct session *session, const struct invocation *invocation)
{
        (void)invocation;
        return session_show_list(session, call_path("v1", "tokens", NULL), token_columns);
}

static int token_delete(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "tokens", invocation->argument, NULL);

        return session_delete(session, path, "token", invocation->argument, 0);
}

static const struct command_option create_options[] = {
        { "scope", "operator|inventory|account", "what it opens; needed", false },
        { "account", "NAME", "whose token it is; needed for scope account", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command token_commands[] = {
        { "token", "create", "NAME", "Create a token; prints its secret, which cannot be shown again",
          create_options, token_create },
        { "token", "list", NULL, "List tokens", NULL, token_list },
        { "token", "delete", "NAME", "Delete a token: it opens nothing from then on", write_options,
          token_delete },
        { 0 },
};
