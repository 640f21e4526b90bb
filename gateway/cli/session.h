/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a command works with: the line to the gateway, where it prints and how, and the few ways of asking that
 * all commands share.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/call.h"
#include "cli/invocation.h"
#include "cli/show.h"

enum exit_code {
        EXIT_DONE = 0,
        EXIT_REFUSED = 1,
        EXIT_USAGE = 2,
        EXIT_UNREACHABLE = 3,
        EXIT_NOT_FOUND = 4,
        EXIT_NOT_ALLOWED = 5,
};

struct session {
        struct caller caller;
        bool json;
        FILE *out, *err;
        bool local; /* the gateway is this machine's: asked by its Unix socket */
        bool colour;
        bool names;                           /* of a list the first column alone */
        bool bar;                             /* a bar of progress stands in the terminal's last line */
        size_t width;                         /* characters of a line of the terminal; 0 = any */
        bool dry_run;                         /* writes are not made: what they would mean is shown */
        char if_revision[REVISION_TEXT_SIZE]; /* that the next write requires; "" = none */
};

/* The options of every command that writes. */
#define DRY_RUN_OPTION                                                                 \
        {                                                                              \
                "dry-run", NULL, "change nothing; show what would be different", false \
        }
#define WRITE_OPTIONS                                                                                       \
        DRY_RUN_OPTION,                                                                                     \
        {                                                                                                   \
                "if-revision", "N", "only if nothing was committed since this revision of a dry run", false \
        }
extern const struct command_option write_options[]; /* these alone, for those that have no others */

/* Takes over what the options say that many commands have. EXIT_DONE, or EXIT_USAGE and what is wrong is said. */
int session_take_options(struct session *session, const struct invocation *invocation);

/* Takes the bar of progress away, if there is one: whatever is said next begins a line. */
void session_take_bar(struct session *session);

/* Makes a call; one that writes as the session's options say: as a dry run, or at a revision, and after it at the
 * revision that it has made. EXIT_DONE and the answer; or the problem is shown on `err`, behind "subject: " when
 * there is one, and the exit code says what kind it is. */
int session_call(struct session *session, const struct call *call, const char *subject, struct answer *answer);

/* After a write: whether it was a dry run. Then it is shown, "subject:" before it when there is one; with JSON
 * wanted it is added to `answers`, or printed when that is NULL. */
bool session_show_outlook(struct session *session, const char *subject, const struct answer *answer,
                          struct json_t *answers);

/* Gets `path` and prints the object: as JSON, or line by line. */
int session_show(struct session *session, const char *path);

/* Sends `body` to `path` and prints the answer: as JSON, or line by line. */
int session_send(struct session *session, const char *method, const char *path, const struct json_t *body);

/* Prints `items` as a table, or what stands in its first column, a line each, when names are wanted. */
void session_print_table(struct session *session, const struct json_t *items, const struct show_column *columns);

/* Adds the options that are filters of a list, each under its own name, to `path`; takes it, gives its successor.
 * `filters` ends with NULL. */
char *session_filter(char *path, const struct invocation *invocation, const char *const *filters)
        __attribute__((warn_unused_result));

/* Gets all pages of the list at `path` into *items (caller drops the reference). */
int session_list(struct session *session, const char *path, struct json_t **items);

/* Prints {"items": [...]}: a list with all its pages. */
void session_print_items(struct session *session, struct json_t *items);

/* session_list, printed: {"items": [...]}, or a table. Takes `path`. */
int session_show_list(struct session *session, char *path, const struct show_column *columns);

/* Reads --wait; false when it is wrong, which has been said. */
bool session_read_wait(struct session *session, const struct invocation *invocation, unsigned *wait_s);

/* After a write that may take access away: prints the answer as JSON, or `done`, which task takes it away if there
 * is one and, when the write has waited, its receipt so far. */
void session_print_change(struct session *session, const char *done, unsigned wait_s, const struct answer *answer);

/* Deletes what is at `path`, waiting at most `wait_s` for it to be gone from the servers, and says so as
 * session_print_change. */
int session_delete(struct session *session, const char *path, const char *noun, const char *name, unsigned wait_s);

/* Shows on `err` the problem that was answered, behind "subject: " when there is one; the exit code for it. */
int session_problem(struct session *session, const struct answer *answer, const char *subject);

/* Says on `err` that a call failed; the exit code for it. */
int session_fault(struct session *session, const struct fault *fault);

/* Prints JSON to `out`. */
void session_print_json(struct session *session, const struct json_t *json);

/* Says on `err` what is wrong with the command's input; returns EXIT_USAGE. */
int session_usage(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The number in `text`, `least` to `most`; false when it is none. */
bool number_parse(const char *text, unsigned long long least, unsigned long long most, unsigned long long *number);
