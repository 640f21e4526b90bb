/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/event_follow.h"
#include "cli/session.h"

#define PAGE "100" /* events that are listed unless another number is asked for */

static const struct show_column event_columns[] = {
        { "AT", "at" },         { "ACTION", "action" }, { "OBJECT", "object.id" }, { "ACTOR", "actor" },
        { "SOURCE", "source" }, { "ID", "id" },         { "OUTCOME", "outcome" },  { "BEFORE", "before" },
        { "AFTER", "after" },   { NULL, NULL },
};

/* What each line says: the sides of a change are in the list, and in JSON. */
static const struct show_column line_columns[] = {
        { "AT", "at" },       { "OUTCOME", "outcome" }, { "ACTION", "action" }, { "OBJECT", "object.id" },
        { "ACTOR", "actor" }, { "SOURCE", "source" },   { "ID", "id" },         { NULL, NULL },
};

/* The events that the options choose. Caller frees. */
static char *event_path(const struct invocation *invocation)
{
        static const char *const filters[] = { "account", "object", "action", "actor",
                                               "outcome", "since",  "until",  NULL };

        return session_filter(call_path("v1", "events", NULL), invocation, filters);
}

/* One page: all that was ever done would be too much. */
static int event_list(struct session *session, const struct invocation *invocation)
{
        const char *limit = invocation_option(invocation, "limit");
        AUTO_FREE char *path = call_path_query(event_path(invocation), "limit", limit ? limit : PAGE);
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code;

        exit_code = session_call(session, &(struct call){ .method = "GET", .path = path }, NULL, &answer);
        if (exit_code != EXIT_DONE)
                return exit_code;
        if (session->json) {
                session_print_json(session, answer.body);
                return EXIT_DONE;
        }
        session_print_table(session, json_object_get(answer.body, "items"), event_columns);
        return EXIT_DONE;
}

static int event(struct session *session, const struct invocation *invocation)
{
        const char *after = invocation_option(invocation, "after");
        AUTO_FREE char *path = event_path(invocation);
        unsigned long long number;

        if (!invocation_option(invocation, "follow"))
                return after ? session_usage(session, "option --after is for --follow")
                             : event_list(session, invocation);
        if (invocation_option(invocation, "limit"))
                return session_usage(session, "--follow and --limit exclude each other");
        if (after && !number_parse(after, 0, INT64_MAX, &number))
                return session_usage(session, "option --after needs the id of an event, not %s", after);
        return event_follow(session, path, after, line_columns);
}

#define FILTER_OPTIONS                                                                                     \
        { "account", "NAME", "about what this account owns", false },                                      \
                { "object", "ID", "about this object alone", false },                                      \
                { "action", "NAME", "this action, or with the part before its dot all of a kind", false }, \
                { "actor", "NAME", "done by this one alone, as token:ci or uid:0", false },                \
                { "outcome", "done|refused", "of this outcome alone", false },                             \
                { "since", "TIME", "from then on, as in 2026-11-22T15:04:05Z", false },                    \
                { "until", "TIME", "before then", false },                                                 \
        {                                                                                                  \
                "limit", "N", "so many at most, up to 1000; 100 by default", false                         \
        }

static const struct command_option list_options[] = { FILTER_OPTIONS, { 0 } };
static const struct command_option event_options[] = {
        FILTER_OPTIONS,
        { "follow", NULL, "print what happens as it happens, a line each, until Ctrl-C", false },
        { "after", "ID", "with --follow: begin behind this event, not now", false },
        { 0 },
};

const struct command event_commands[] = {
        { "event", "list", NULL, "List who did what, when and from where, newest first", list_options,
          event_list },
        { "event", NULL, NULL, "List who did what, or follow it as it happens", event_options, event },
        { 0 },
};
