/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/apply.h"
#include "cli/commands.h"
#include "cli/receipt.h"

static const struct show_column item_columns[] = {
        { "RESULT", "result" },         { "KIND", "kind" }, { "ENVIRONMENT", "environment" },
        { "MOUNT PATH", "mount_path" }, { "ID", "id" },     { NULL, NULL },
};

/* What is as it was is counted, and not shown. */
static json_t *items_told(const json_t *answer)
{
        json_t *told = json_array(), *item;
        size_t index;

        json_array_foreach(json_object_get(answer, "items"), index, item)
        {
                const char *result = json_string_value(json_object_get(item, "result"));

                if (!result || strcmp(result, "unchanged") != 0)
                        json_array_append(told, item);
        }
        return told;
}

static void counts_print(struct session *session, const json_t *answer)
{
        const json_t *counts = json_object_get(answer, "counts");

        fprintf(session->out,
                "%" JSON_INTEGER_FORMAT " created, %" JSON_INTEGER_FORMAT " changed, %" JSON_INTEGER_FORMAT
                " unchanged, %" JSON_INTEGER_FORMAT " removed\n",
                json_integer_value(json_object_get(counts, "created")),
                json_integer_value(json_object_get(counts, "changed")),
                json_integer_value(json_object_get(counts, "unchanged")),
                json_integer_value(json_object_get(counts, "removed")));
}

static void result_print(struct session *session, const json_t *answer)
{
        AUTO_TEXT struct text text = { 0 };
        json_t *told = items_told(answer);

        if (json_array_size(told) > 0)
                show_table(told, item_columns, session->width, &text);
        fputs(text_get(&text), session->out);
        json_decref(told);
        counts_print(session, answer);
}

/* The document with what was typed put over it. */
static void document_complete(json_t *document, const struct invocation *invocation)
{
        const char *manager = invocation_option(invocation, "manager");

        if (manager)
                json_object_set_new(document, "manager", json_string(manager));
        if (invocation_option(invocation, "prune"))
                json_object_set_new(document, "prune", json_true());
}

static int document_send(struct session *session, const json_t *document, unsigned wait_s)
{
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = session_call(
                session,
                &(struct call){ .method = "POST", .path = "/v1/apply", .body = document, .wait_s = wait_s }, NULL,
                &answer);

        if (exit_code != EXIT_DONE)
                return exit_code;
        if (session->dry_run && !session->json)
                result_print(session, answer.body);
        if (session_show_outlook(session, NULL, &answer, NULL))
                return exit_code;
        if (!session->json)
                result_print(session, answer.body);
        if (session->json || json_object_get(answer.body, "task"))
                session_print_change(session, "applied", wait_s, &answer);
        return exit_code;
}

static int apply_run(struct session *session, const struct invocation *invocation)
{
        json_t *documents;
        unsigned wait_s;
        int exit_code;

        if (!session_read_wait(session, invocation, &wait_s))
                return EXIT_USAGE;
        exit_code = apply_read_one(session, invocation->argument, &documents);
        if (exit_code == EXIT_DONE) {
                document_complete(json_array_get(documents, 0), invocation);
                exit_code = document_send(session, json_array_get(documents, 0), wait_s);
        }
        json_decref(documents);
        return exit_code;
}

static const struct command_option apply_options[] = {
        { "manager", "NAME", "in whose name, instead of the document's", false },
        { "prune", NULL, "remove what this manager made and the document does not name", false },
        { "wait", "SECONDS", "wait until the servers follow, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command apply_commands[] = {
        { "apply", NULL, "FILE",
          "Make a document of exports (and environments) true, all of it or nothing (- is standard input)",
          apply_options, apply_run },
        { 0 },
};
