/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/receipt.h"
#include "cli/outlook_show.h"

#define WAIT_MAX_S 60
#define PAGE_LIMIT "1000" /* the most that the gateway gives at once */

/* What to do next about an answer of this status; NULL where its sentences say all there is. */
static const char *hint_for_status(int status)
{
        static const struct {
                int status;
                const char *hint;
        } rows[] = {
                { 401, "--token-file FILE with a token that is valid; on the gateway's machine, as root, without "
                       "--url" },
                { 403, "a token with that right or scope: gatehouse token create --help" },
                { 404, "the same noun with list tells what there is, as in: gatehouse export list" },
                { 412, "look at it as it is now, then again" },
                { 428, "look at it as it is now, then again with its revision" },
                { 429, "the same again in a while" },
                { 500, "journalctl -u gatehoused" },
                { 503, "gatehouse doctor" },
                { 504, "gatehouse doctor" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].status == status)
                        return rows[i].hint;
        return NULL;
}

static int status_exit_code(int status)
{
        if (status >= 200 && status < 300)
                return EXIT_DONE;
        return status == 401 || status == 403 ? EXIT_NOT_ALLOWED : status == 404 ? EXIT_NOT_FOUND : EXIT_REFUSED;
}

void session_print_json(struct session *session, const struct json_t *json)
{
        AUTO_FREE char *rendered = json_dumps(json, JSON_INDENT(2));

        fprintf(session->out, "%s\n", rendered ? rendered : "null");
}

void session_take_bar(struct session *session)
{
        if (!session->bar)
                return;
        fputs("\r\033[K", session->out);
        fflush(session->out);
        session->bar = false;
}

int session_problem(struct session *session, const struct answer *answer, const char *subject)
{
        int exit_code = status_exit_code(answer->status);
        AUTO_TEXT struct text text = { 0 };

        session_take_bar(session);
        if (session->json && answer->body) {
                AUTO_FREE char *rendered = json_dumps(answer->body, JSON_INDENT(2));

                fprintf(session->err, "%s\n", rendered ? rendered : "null");
                return exit_code;
        }
        show_problem(answer->body, answer->status, &text);
        fprintf(session->err, "gatehouse: %s%s%s", subject ? subject : "", subject ? ": " : "", text_get(&text));
        if (hint_for_status(answer->status))
                fprintf(session->err, "Try: %s\n", hint_for_status(answer->status));
        return exit_code;
}

int session_fault(struct session *session, const struct fault *fault)
{
        session_take_bar(session);
        fprintf(session->err, "gatehouse: %s\n", fault->text);
        if (fault->code == FAULT_UNAVAILABLE || fault->code == FAULT_TIMEOUT)
                fputs("Try: gatehouse doctor\n", session->err);
        return fault->code == FAULT_UNAVAILABLE || fault->code == FAULT_TIMEOUT ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

const struct command_option write_options[] = { WRITE_OPTIONS, { 0 } };

int session_take_options(struct session *session, const struct invocation *invocation)
{
        const char *revision = invocation_option(invocation, "if-revision");
        const char *output = invocation_option(invocation, "output");
        unsigned long long number;

        session->json = invocation_option(invocation, "json") != NULL;
        session->json = session->json || (output && strcmp(output, "json") == 0);
        session->names = output && strcmp(output, "name") == 0;
        session->width = output ? 0 : session->width;
        session->dry_run = invocation_option(invocation, "dry-run") != NULL;
        if (revision && !number_parse(revision, 0, INT64_MAX, &number))
                return session_usage(session, "option --if-revision needs a number, not %s", revision);
        if (revision)
                snprintf(session->if_revision, sizeof session->if_revision, "%llu", number);
        return EXIT_DONE;
}

/* Makes a call that writes: its path and header say what the options said. */
static int write_perform(struct session *session, const struct call *call, struct answer *answer,
                         struct fault *fault)
{
        AUTO_FREE char *path =
                call_path_query(memory_text(call->path), "dry_run", session->dry_run ? "true" : NULL);
        struct call made = *call;
        int failed;

        made.path = path;
        made.if_revision = session->if_revision[0] ? session->if_revision : NULL;
        failed = session->caller.perform(session->caller.context, &made, answer, fault);
        if (!failed && made.if_revision && answer->revision[0])
                memcpy(session->if_revision, answer->revision, sizeof session->if_revision);
        return failed;
}

int session_call(struct session *session, const struct call *call, const char *subject, struct answer *answer)
{
        bool writes = strcmp(call->method, "GET") != 0;
        struct fault fault = { 0 };
        int exit_code;

        if (writes ? write_perform(session, call, answer, &fault)
                   : session->caller.perform(session->caller.context, call, answer, &fault))
                return session_fault(session, &fault);
        exit_code = status_exit_code(answer->status);
        return exit_code == EXIT_DONE ? EXIT_DONE : session_problem(session, answer, subject);
}

bool session_show_outlook(struct session *session, const char *subject, const struct answer *answer,
                          json_t *answers)
{
        AUTO_TEXT struct text text = { 0 };

        if (!session->dry_run)
                return false;
        if (session->json && answers) {
                json_array_append(answers, answer->body);
        } else if (session->json) {
                session_print_json(session, answer->body);
        } else {
                show_outlook(answer->body, session->width, &text);
                fprintf(session->out, "%s%s%s", subject ? subject : "", subject ? ": " : "", text_get(&text));
        }
        return true;
}

static int object_print(struct session *session, const json_t *object)
{
        AUTO_TEXT struct text text = { 0 };

        if (session->json) {
                session_print_json(session, object);
                return EXIT_DONE;
        }
        show_object(object, &text);
        fputs(text_get(&text), session->out);
        return EXIT_DONE;
}

int session_show(struct session *session, const char *path)
{
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = session_call(session, &(struct call){ .method = "GET", .path = path }, NULL, &answer);

        if (exit_code != EXIT_DONE)
                return exit_code;
        return object_print(session, answer.body);
}

int session_send(struct session *session, const char *method, const char *path, const json_t *body)
{
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = session_call(session, &(struct call){ .method = method, .path = path, .body = body }, NULL,
                                     &answer);

        if (exit_code != EXIT_DONE || session_show_outlook(session, NULL, &answer, NULL))
                return exit_code;
        return object_print(session, answer.body);
}

void session_print_table(struct session *session, const struct json_t *items, const struct show_column *columns)
{
        const struct show_column first[] = { columns[0], { NULL, NULL } };
        AUTO_TEXT struct text text = { 0 };

        show_table(items, session->names ? first : columns, session->width, &text);
        fputs(text_get(&text) + (session->names ? strcspn(text_get(&text), "\n") + 1 : 0), session->out);
}

char *session_filter(char *path, const struct invocation *invocation, const char *const *filters)
{
        for (; *filters; filters++)
                path = call_path_query(path, *filters, invocation_option(invocation, *filters));
        return path;
}

int session_list(struct session *session, const char *path, struct json_t **items)
{
        AUTO_FREE char *cursor = NULL;

        *items = json_array();
        for (;;) {
                AUTO_ANSWER struct answer answer = { 0 };
                AUTO_FREE char *page = call_path_query(memory_text(path), "limit", PAGE_LIMIT);
                const char *next;
                int exit_code;

                page = call_path_query(page, "cursor", cursor);
                exit_code = session_call(session, &(struct call){ .method = "GET", .path = page }, NULL, &answer);
                if (exit_code != EXIT_DONE)
                        return exit_code;
                json_array_extend(*items, json_object_get(answer.body, "items"));
                next = json_string_value(json_object_get(answer.body, "next"));
                if (!next)
                        return EXIT_DONE;
                free(cursor);
                cursor = memory_text(next);
        }
}

void session_print_items(struct session *session, struct json_t *items)
{
        json_t *list = json_pack("{s:O}", "items", items);

        session_print_json(session, list);
        json_decref(list);
}

int session_show_list(struct session *session, char *path, const struct show_column *columns)
{
        AUTO_FREE char *owned = path;
        json_t *items;
        int exit_code = session_list(session, owned, &items);

        if (exit_code == EXIT_DONE && session->json) {
                session_print_items(session, items);
        } else if (exit_code == EXIT_DONE) {
                session_print_table(session, items, columns);
        }
        json_decref(items);
        return exit_code;
}

bool session_read_wait(struct session *session, const struct invocation *invocation, unsigned *wait_s)
{
        const char *text = invocation_option(invocation, "wait");
        unsigned long long number = 0;

        *wait_s = 0;
        if (text && !number_parse(text, 0, WAIT_MAX_S, &number)) {
                session_usage(session, "option --wait needs a number from 0 to %d, not %s", WAIT_MAX_S, text);
                return false;
        }
        *wait_s = (unsigned)number;
        return true;
}

void session_print_change(struct session *session, const char *done, unsigned wait_s, const struct answer *answer)
{
        const json_t *task = json_object_get(answer->body, "task");
        const char *id = json_string_value(json_object_get(task, "id"));
        bool gone = wait_s > 0 && receipt_is_done(task);
        AUTO_TEXT struct text text = { 0 };

        if (session->json) {
                if (answer->body)
                        session_print_json(session, answer->body);
                return;
        }
        text_addf(&text, "%s%s", done, gone ? ", gone from the servers" : "");
        if (id && !gone)
                text_addf(&text, "; see task %s", id);
        text_add_char(&text, '\n');
        if (task && wait_s > 0)
                receipt_show(task, session->width, &text);
        fputs(text_get(&text), session->out);
}

int session_delete(struct session *session, const char *path, const char *noun, const char *name, unsigned wait_s)
{
        AUTO_FREE char *done = memory_format("%s %s: deleted", noun, name);
        AUTO_ANSWER struct answer answer = { 0 };
        struct call call = { .method = "DELETE", .path = path, .wait_s = wait_s };
        int exit_code = session_call(session, &call, NULL, &answer);

        if (exit_code == EXIT_DONE && !session_show_outlook(session, NULL, &answer, NULL))
                session_print_change(session, done, wait_s, &answer);
        return exit_code;
}

int session_usage(struct session *session, const char *format, ...)
{
        va_list arguments;

        fputs("gatehouse: ", session->err);
        va_start(arguments, format);
        vfprintf(session->err, format, arguments);
        va_end(arguments);
        fputc('\n', session->err);
        return EXIT_USAGE;
}

bool number_parse(const char *text, unsigned long long least, unsigned long long most, unsigned long long *number)
{
        char *end;

        if (text[0] < '0' || text[0] > '9')
                return false;
        errno = 0;
        *number = strtoull(text, &end, 10);
        return errno == 0 && *end == '\0' && *number >= least && *number <= most;
}
