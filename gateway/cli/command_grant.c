/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column grant_columns[] = {
        { "NODE", "node" },         { "LAYER", "layer" }, { "ADDRESSES", "addresses" },
        { "PROTOCOL", "protocol" }, { "STATE", "state" }, { "PROOF", "verified.state" },
        { "WHY", "why" },           { NULL, NULL },
};

/* One sentence for the last column: what keeps the node out or the grant from being served; else why it has this
 * protocol. */
static void why_add(json_t *grant)
{
        const json_t *cause = json_object_get(grant, "cause");
        const json_t *reason = cause ? cause : json_object_get(grant, "reason");
        const char *sentence = json_string_value(json_object_get(reason, "sentence"));
        const char *code = json_string_value(json_object_get(reason, "code"));
        AUTO_FREE char *why = memory_format("%s: %s", code ? code : "", sentence ? sentence : "");

        if (code)
                json_object_set_new(grant, "why", json_string(why));
}

/* Nodes that read-only access does not keep from writing. */
static void writes_show(const json_t *grants, struct text *text)
{
        for (size_t i = 0; i < json_array_size(grants); i++) {
                const json_t *grant = json_array_get(grants, i);
                const json_t *also = json_object_get(grant, "also_rw"),
                             *exports = json_object_get(also, "exports");

                if (!also)
                        continue;
                text_addf(text, "\n%s: %s", json_string_value(json_object_get(grant, "node")),
                          json_string_value(json_object_get(also, "sentence")));
                for (size_t k = 0; k < json_array_size(exports); k++) {
                        const json_t *export = json_array_get(exports, k);

                        text_addf(text, "%s%s of %s", k > 0 ? ", " : " (",
                                  json_string_value(json_object_get(export, "path")),
                                  json_string_value(json_object_get(export, "export")));
                }
                text_add(text, ")\n");
        }
}

static void mounts_show(const json_t *grants, struct text *text)
{
        for (size_t i = 0; i < json_array_size(grants); i++) {
                const json_t *grant = json_array_get(grants, i);
                const json_t *commands = json_object_get(json_object_get(grant, "mount"), "commands");

                if (!commands)
                        continue;
                text_addf(text, "\n%s:\n", json_string_value(json_object_get(grant, "node")));
                for (size_t line = 0; line < json_array_size(commands); line++)
                        text_addf(text, "  %s\n", json_string_value(json_array_get(commands, line)));
        }
}

static void grants_print(struct session *session, const json_t *grants, bool mounts)
{
        AUTO_TEXT struct text text = { 0 };

        for (size_t i = 0; i < json_array_size(grants); i++)
                why_add(json_array_get(grants, i));
        session_print_table(session, grants, grant_columns);
        if (session->names)
                return;
        writes_show(grants, &text);
        if (mounts)
                mounts_show(grants, &text);
        fputs(text_get(&text), session->out);
}

static int grant_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "state", NULL };
        AUTO_FREE char *path = session_filter(call_path("v1", "exports", invocation->argument, "grants", NULL),
                                              invocation, filters);
        json_t *items;
        int exit_code = session_list(session, path, &items);

        if (exit_code == EXIT_DONE && session->json)
                session_print_items(session, items);
        else if (exit_code == EXIT_DONE)
                grants_print(session, items, invocation_option(invocation, "mount") != NULL);
        json_decref(items);
        return exit_code;
}

static const struct command_option list_options[] = {
        { "state", "pending|active|suspended|refused|failed", "in this state alone", false },
        { "mount", NULL, "also the commands by which each node mounts it", false },
        { 0 },
};

const struct command grant_commands[] = {
        { "grant", "list", "EXPORT", "Show who gets an export, by which protocol, in which state and why",
          list_options, grant_list },
        { 0 },
};
