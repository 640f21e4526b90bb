/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

#define PAGE "100" /* events that are listed unless another number is asked for */

static const struct show_column event_columns[] = {
        { "AT", "at" },         { "ACTION", "action" }, { "OBJECT", "object.id" }, { "ACTOR", "actor" },
        { "SOURCE", "source" }, { "ID", "id" },         { "OUTCOME", "outcome" },  { "BEFORE", "before" },
        { "AFTER", "after" },   { NULL, NULL },
};

/* One page: all that was ever done would be too much. */
static int event_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = {
                "account", "object", "action", "actor", "outcome", "since", "until"
        };
        const char *limit = invocation_option(invocation, "limit");
        AUTO_FREE char *path = call_path_query(call_path("v1", "events", NULL), "limit", limit ? limit : PAGE);
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        int exit_code;

        for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
                path = call_path_query(path, filters[i], invocation_option(invocation, filters[i]));
        exit_code = session_call(session, &(struct call){ .method = "GET", .path = path }, NULL, &answer);
        if (exit_code != EXIT_DONE)
                return exit_code;
        if (session->json) {
                session_print_json(session, answer.body);
                return EXIT_DONE;
        }
        show_table(json_object_get(answer.body, "items"), event_columns, session->width, &text);
        fputs(text_get(&text), session->out);
        return EXIT_DONE;
}

static const struct command_option list_options[] = {
        { "account", "NAME", "about what this account owns", false },
        { "object", "ID", "about this object alone", false },
        { "action", "NAME", "this action, or with the part before its dot all of a kind", false },
        { "actor", "NAME", "done by this one alone, as token:ci or uid:0", false },
        { "outcome", "done|refused", "of this outcome alone", false },
        { "since", "TIME", "from then on, as in 2026-11-22T15:04:05Z", false },
        { "until", "TIME", "before then", false },
        { "limit", "N", "so many at most, up to 1000; 100 by default", false },
        { 0 },
};

const struct command event_commands[] = {
        { "event", "list", NULL, "List who did what, when and from where, newest first", list_options,
          event_list },
        { 0 },
};
