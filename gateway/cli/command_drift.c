/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>

#include <jansson.h>

#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column difference_columns[] = {
        { "AT", "at" },         { "BACKEND", "backend" }, { "OBJECT", "object" },     { "WHAT", "what" },
        { "ACTION", "action" }, { "TIMES", "count" },     { "OBSERVED", "observed" }, { "DESIRED", "desired" },
        { NULL, NULL },
};

static const struct show_column unmanaged_columns[] = {
        { "UNMANAGED", "number" },  { "PSEUDO", "pseudo" }, { "PATH", "path" },
        { "OVERLAPS", "overlaps" }, { NULL, NULL },
};

/* When each backend was looked at, and whether it told all. */
static void looks_add(const json_t *looks, struct text *text)
{
        json_t *members = json_object_get(looks, "ganesha") ? (json_t *)(uintptr_t)looks : NULL, *look;
        const char *backend;

        json_object_foreach(members, backend, look)
        {
                const char *at = json_string_value(json_object_get(look, "at"));
                const char *fault = json_string_value(json_object_get(json_object_get(look, "fault"), "sentence"));
                json_int_t left_out = json_integer_value(json_object_get(look, "left_out"));

                text_addf(text, "%-10s", backend);
                if (at)
                        text_addf(text, "looked at %s in %lld ms%s%s", at,
                                  (long long)json_integer_value(json_object_get(look, "duration_ms")),
                                  fault ? ", in vain: " : "", fault ? fault : "");
                else
                        text_add(text, "not looked at yet");
                if (left_out > 0)
                        text_addf(text, "; %lld more differences are not kept", (long long)left_out);
                text_add_char(text, '\n');
        }
}

static void drift_add(const json_t *body, size_t width, struct text *text)
{
        const char *mode = json_string_value(json_object_get(body, "reconcile"));
        const json_t *differences = json_object_get(body, "differences");
        const json_t *unmanaged = json_object_get(body, "unmanaged");

        if (mode && mode[0] == 'o')
                text_add(text, "NOTHING IS REPAIRED: reconcile = observe\n");
        looks_add(json_object_get(body, "looks"), text);
        text_add_char(text, '\n');
        if (json_array_size(differences) == 0)
                text_add(text, "No difference has been found.\n");
        else
                show_table(differences, difference_columns, width, text);
        if (json_array_size(unmanaged) == 0)
                return;
        text_add_char(text, '\n');
        show_table(unmanaged, unmanaged_columns, width, text);
}

static int drift_command(struct session *session, const struct invocation *invocation)
{
        struct call call = { .method = "GET", .path = "/v1/drift" };
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        int exit_code = session_call(session, &call, NULL, &answer);

        (void)invocation;
        if (exit_code != EXIT_DONE)
                return exit_code;
        if (session->json) {
                session_print_json(session, answer.body);
                return EXIT_DONE;
        }
        drift_add(answer.body, session->width, &text);
        fputs(text_get(&text), session->out);
        return EXIT_DONE;
}

const struct command drift_commands[] = {
        { "drift", NULL, NULL, "Show what differed between the servers and what is wanted", NULL, drift_command },
        { 0 },
};
