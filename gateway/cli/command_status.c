/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/storage_room.h"
#include "cli/verification.h"

#define ASK_S 10          /* for each question: one screen, or less of it, but soon */
#define EXPORTS_MOST 1000 /* counted: one page */
#define NEEDS_MOST 10     /* exports that need a hand, shown */

static const struct show_column storage_columns[] = {
        { "STORAGE", "name" }, { "KIND", "kind" },           { "ACCOUNT", "account" }, { "ROOM", "room" },
        { "HEAL", "heal" },    { "ADDRESSES", "addresses" }, { NULL, NULL },
};
static const struct show_column need_columns[] = {
        { "NEEDS A HAND", "id" }, { "WHERE", "where" }, { "GRANTS", "grants" }, { "TYPE", "type" }, { NULL, NULL },
};

/* Gets what whoever asks may know; false when nobody answers any more. The answer's status may be any. */
static bool ask(struct session *session, const char *path, struct answer *answer)
{
        const struct call call = { .method = "GET", .path = path, .deadline_s = ASK_S };
        struct fault fault = { 0 };

        return session->caller.perform(session->caller.context, &call, answer, &fault) == 0;
}

static bool verification_show(struct session *session)
{
        AUTO_ANSWER struct answer answer = { 0 };

        if (!ask(session, "/v1/verification", &answer))
                return false;
        if (answer.status == 200 && json_array_size(json_object_get(answer.body, "items")) > 0) {
                fputc('\n', session->out);
                verification_print(session, answer.body);
        }
        return true;
}

static void storage_needs_add(const json_t *items, struct text *text)
{
        for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *item = json_array_get(items, i);
                const char *name = json_string_value(json_object_get(item, "name"));
                const char *need = json_string_value(json_object_get(item, "need"));

                if (name && need)
                        text_addf(text, "\nstorage %s needs a hand: %s: gatehouse storage show %s\n", name, need,
                                  name);
        }
}

static bool storages_show(struct session *session)
{
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };

        if (!ask(session, "/v1/storages?limit=100", &answer))
                return false;
        if (answer.status == 200 && json_array_size(json_object_get(answer.body, "items")) > 0) {
                json_t *items = json_object_get(answer.body, "items");

                storages_describe(items);
                text_add_char(&text, '\n');
                show_table(items, storage_columns, session->width, &text);
                storage_needs_add(items, &text);
                fputs(text_get(&text), session->out);
        }
        return true;
}

static long long count_of(const json_t *export, const char *state)
{
        return json_integer_value(json_object_get(json_object_get(export, "status"), state));
}

/* A row for an export with grants that have failed, or NULL. */
static json_t *need_make(const json_t *export)
{
        const char *id = json_string_value(json_object_get(export, "id"));
        long long failed = count_of(export, "failed");

        if (!id || failed == 0)
                return NULL;
        return json_pack("{s:s, s:o, s:o, s:o}", "id", id, "where",
                         json_sprintf("%s of %s", json_string_value(json_object_get(export, "mount_path")) ?: "",
                                      json_string_value(json_object_get(export, "environment")) ?: ""),
                         "grants", json_sprintf("%lld failed", failed), "type",
                         json_sprintf("gatehouse grant list %s", id));
}

static bool exports_show(struct session *session)
{
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        long long active = 0, pending = 0, failed = 0;
        json_t *needs = json_array();

        if (!ask(session, "/v1/exports?limit=1000", &answer) || answer.status != 200) {
                json_decref(needs);
                return answer.status != 0;
        }
        const json_t *items = json_object_get(answer.body, "items");
        for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *export = json_array_get(items, i);
                json_t *need = json_array_size(needs) < NEEDS_MOST ? need_make(export) : NULL;

                active += count_of(export, "active");
                pending += count_of(export, "pending");
                failed += count_of(export, "failed");
                if (need)
                        json_array_append_new(needs, need);
        }
        text_addf(&text,
                  "\nexports             %s%zu\ngrants              %lld active, %lld pending, %lld failed\n",
                  json_array_size(items) == EXPORTS_MOST ? "the first " : "", json_array_size(items), active,
                  pending, failed);
        if (json_array_size(needs) > 0) {
                text_add_char(&text, '\n');
                show_table(needs, need_columns, session->width, &text);
        }
        json_decref(needs);
        fputs(text_get(&text), session->out);
        return true;
}

static bool tasks_show(struct session *session)
{
        AUTO_ANSWER struct answer answer = { 0 };
        size_t count;

        if (!ask(session, "/v1/tasks?state=running&limit=100", &answer))
                return false;
        count = json_array_size(json_object_get(answer.body, "items"));
        if (answer.status == 200 && count > 0)
                fprintf(session->out, "\n%zu%s of access still run: gatehouse task list --state running\n", count,
                        count == 100 ? " or more removals" : " removals");
        return true;
}

/* A certificate that is out of its time, or soon will be. */
static void certificate_show(struct session *session, const json_t *health)
{
        const json_t *tls = json_object_get(json_object_get(health, "backends"), "tls");
        const char *detail = json_string_value(json_object_get(tls, "detail"));
        AUTO_TEXT struct text text = { 0 };

        if (!detail)
                return;
        text_add_char(&text, '\n');
        show_plain(detail, &text);
        text_add(&text, ": put a renewed one and its key in place, then: systemctl reload gatehoused\n");
        fputs(text_get(&text), session->out);
}

/* /healthz answers 503 when a backend is not well; that is an answer, and is shown as one. */
static int status_show(struct session *session, const struct invocation *invocation)
{
        struct call call = { .method = "GET", .path = "/healthz" };
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)invocation;
        if (session->caller.perform(session->caller.context, &call, &answer, &fault))
                return session_fault(session, &fault);
        if (session->json) {
                session_print_json(session, answer.body);
        } else {
                show_object(answer.body, &text);
                fputs(text_get(&text), session->out);
                certificate_show(session, answer.body);
                if (verification_show(session) && storages_show(session) && exports_show(session))
                        tasks_show(session);
                if (answer.status != 200)
                        fputs("\nWhat is broken, and what to do: gatehouse doctor\n", session->out);
        }
        return answer.status == 200 ? EXIT_DONE : EXIT_REFUSED;
}

const struct command status_commands[] = {
        { "status", NULL, NULL, "Say how the gateway and the servers behind it are, and what needs a hand", NULL,
          status_show },
        { 0 },
};
