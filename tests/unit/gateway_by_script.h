/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For tests of commands: runs a line as typed against a gateway that answers by a script.
 */
#pragma once

struct reply {
        int status;       /* 0 = nobody there */
        const char *body; /* with ' for "; NULL = none */
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

/* Each ' becomes " and the other way, in place. */
void quotes_swap(char *text);
