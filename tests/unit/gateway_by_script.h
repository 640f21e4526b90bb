/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For tests of commands: runs a line as typed against a gateway that answers by a script.
 */
#pragma once

#include <stddef.h>

struct reply {
        int status;       /* 0 = nobody there */
        const char *body; /* with ' for "; NULL = none; as it is where text is asked for */
};

struct outcome {
        int exit_code;
        char *out, *err;
        char *calls; /* a line each: "GET /v1/tasks", then the body with ' for ", and "if-match=..." and the like
                      */
};
#define AUTO_OUTCOME __attribute__((cleanup(outcome_fini)))
void outcome_fini(struct outcome *outcome);

/* Runs `line`, words parted by blanks; its calls are answered with `replies` in turn. */
struct outcome run(const char *line, const struct reply *replies);

/* The same on a terminal of so many characters. */
struct outcome run_on_terminal(const char *line, const struct reply *replies, size_t width);

/* A command, what the gateway answers it, and all that came of it. */
struct conversation {
        const char *line;
        struct reply replies[6];
        const char *calls, *out;
        int exit_code;
};

/* Runs each, and fails on the first that comes out otherwise. */
void conversations_hold(const struct conversation *cases, size_t count);

/* Each ' becomes " and the other way, in place. */
void quotes_swap(char *text);
