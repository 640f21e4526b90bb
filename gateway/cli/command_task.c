/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/receipt.h"
#include "cli/session.h"

#define WATCH_WAIT_S 20

static const struct show_column task_columns[] = {
        { "ID", "id" },       { "KIND", "kind" },          { "SUBJECT", "subject" },
        { "STATE", "state" }, { "CREATED", "created_at" }, { "ENDED", "ended_at" },
        { NULL, NULL },
};

static int task_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "state", "export", "kind", NULL };

        return session_show_list(session, session_filter(call_path("v1", "tasks", NULL), invocation, filters),
                                 task_columns);
}

static int task_get(struct session *session, const char *id, unsigned wait_s, struct answer *answer)
{
        AUTO_FREE char *path = call_path("v1", "tasks", id, NULL);

        return session_call(session, &(struct call){ .method = "GET", .path = path, .wait_s = wait_s }, NULL,
                            answer);
}

static void task_print(struct session *session, const json_t *task)
{
        AUTO_TEXT struct text text = { 0 };

        if (session->json) {
                session_print_json(session, task);
                return;
        }
        text_addf(&text, "%s of %s: %s\n\n", json_string_value(json_object_get(task, "kind")) ?: "",
                  json_string_value(json_object_get(task, "subject")) ?: "",
                  receipt_is_done(task) ? "done" : "running");
        receipt_show(task, session->width, &text);
        fputs(text_get(&text), session->out);
}

static int task_show(struct session *session, const struct invocation *invocation)
{
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = task_get(session, invocation->argument, 0, &answer);

        if (exit_code == EXIT_DONE)
                task_print(session, answer.body);
        return exit_code;
}

static int task_watch(struct session *session, const struct invocation *invocation)
{
        json_t *before = NULL;
        unsigned wait_s = 0;
        int exit_code;

        do {
                AUTO_ANSWER struct answer answer = { 0 };
                AUTO_TEXT struct text text = { 0 };

                exit_code = task_get(session, invocation->argument, wait_s, &answer);
                if (exit_code != EXIT_DONE)
                        break;
                session_take_bar(session);
                receipt_show_progress(before, answer.body, &text);
                session->bar = session->width > 0 && !session->json && !receipt_is_done(answer.body);
                if (session->bar)
                        receipt_bar(answer.body, session->width, &text);
                if (!session->json)
                        fputs(text_get(&text), session->out);
                fflush(session->out);
                json_decref(before);
                before = json_incref(answer.body);
                wait_s = WATCH_WAIT_S;
        } while (!receipt_is_done(before));
        if (exit_code == EXIT_DONE && session->json)
                session_print_json(session, before);
        json_decref(before);
        return exit_code;
}

static const struct command_option list_options[] = {
        { "state", "running|done", "in this state alone", false },
        { "export", "ID", "of this export alone", false },
        { "kind", "KIND", "of this kind alone, as export.create or node.delete", false },
        { 0 },
};

const struct command task_commands[] = {
        { "task", "list", NULL, "List creates, and what takes or took access away, oldest first", list_options,
          task_list },
        { "task", "show", "ID", "Show which layers have let go, and which clients were cut", NULL, task_show },
        { "task", "watch", "ID", "Show each layer as it lets go, until all have", NULL, task_watch },
        { 0 },
};
