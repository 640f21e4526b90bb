/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column token_columns[] = {
        { "NAME", "name" },          { "SCOPE", "scope" },       { "RIGHT", "right" },
        { "ACCOUNT", "account" },    { "NODE", "node" },         { "CREATED", "created_at" },
        { "EXPIRES", "expires_at" }, { "USED", "last_used_at" }, { NULL, NULL },
};

/* Options that are members of the body under their own name, but for the dashes. */
static void members_set(json_t *body, const struct invocation *invocation)
{
        static const struct {
                const char *option, *member;
        } rows[] = { { "scope", "scope" },
                     { "right", "right" },
                     { "account", "account" },
                     { "node", "node" },
                     { "expires-at", "expires_at" } };

        json_object_set_new(body, "name", json_string(invocation->argument));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const char *value = invocation_option(invocation, rows[i].option);

                if (value)
                        json_object_set_new(body, rows[i].member, json_string(value));
        }
}

/* "12h", "30d": the minutes, hours or days of ten years at most, in milliseconds. */
static bool lifetime_parse(const char *text, int64_t *ms)
{
        static const struct {
                char unit;
                unsigned minutes;
        } units[] = { { 'm', 1 }, { 'h', 60 }, { 'd', 24 * 60 } };
        AUTO_FREE char *digits = memory_text(text);
        size_t length = strlen(digits);
        unsigned long long count;

        for (size_t i = 0; length > 0 && i < ARRAY_SIZE(units); i++) {
                if (text[length - 1] != units[i].unit)
                        continue;
                digits[length - 1] = '\0';
                *ms = 0;
                if (!number_parse(digits, 1, 3650ull * 24 * 60 / units[i].minutes, &count))
                        return false;
                *ms = (int64_t)count * units[i].minutes * 60000;
                return true;
        }
        return false;
}

static int lifetime_set(struct session *session, const struct invocation *invocation, json_t *body)
{
        const char *lifetime = invocation_option(invocation, "for");
        char text[CLOCK_TEXT_SIZE];
        int64_t ms;

        if (!lifetime)
                return EXIT_DONE;
        if (invocation_option(invocation, "expires-at"))
                return session_usage(session, "--for and --expires-at say the same: one of them is enough");
        if (!lifetime_parse(lifetime, &ms))
                return session_usage(session, "--for takes a time as 90m, 12h or 30d, ten years at most");
        ms += clock_wall_ms(clock_system());
        json_object_set_new(body, "expires_at", json_string(clock_format(ms, text)));
        return EXIT_DONE;
}

static int token_create(struct session *session, const struct invocation *invocation)
{
        AUTO_ANSWER struct answer answer = { 0 };
        json_t *body = json_object();
        int exit_code;

        members_set(body, invocation);
        exit_code = lifetime_set(session, invocation, body);
        if (exit_code == EXIT_DONE)
                exit_code = session_call(session,
                                         &(struct call){ .method = "POST", .path = "/v1/tokens", .body = body },
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

static int token_show(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "tokens", invocation->argument, NULL);

        return session_show(session, path);
}

static int token_delete(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "tokens", invocation->argument, NULL);

        return session_delete(session, path, "token", invocation->argument, 0);
}

static const struct command_option create_options[] = {
        { "scope", "operator|inventory|account|node", "what it opens; needed", false },
        { "right", "read|write", "whether it may change what it opens; write", false },
        { "account", "NAME", "whose token it is; needed for scope account", false },
        { "node", "ID", "whose mounts it reads and reports; needed for scope node", false },
        { "expires-at", "TIME", "let nobody in from then on; RFC 3339", false },
        { "for", "TIME", "let nobody in after so long, as 12h or 30d", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command token_commands[] = {
        { "token", "create", "NAME", "Create a token; prints its secret, which cannot be shown again",
          create_options, token_create },
        { "token", "list", NULL, "List tokens", NULL, token_list },
        { "token", "show", "NAME", "Show a token, without its secret", NULL, token_show },
        { "token", "delete", "NAME", "Delete a token: it opens nothing from then on", write_options,
          token_delete },
        { 0 },
};
