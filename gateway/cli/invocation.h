/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was typed: one command out of the tables, its arguments and options. Pure; used by main and by tests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define INVOCATION_ARGUMENTS_MAX 1
#define INVOCATION_OPTIONS_MAX 128

struct session;
struct invocation;

struct command_option {
        const char *name;  /* without the dashes; NULL closes a table */
        const char *value; /* what stands for its value in the help; NULL = it has none */
        const char *help;  /* one phrase, lower case */
        bool many;         /* may be given more than once */
};

struct command {
        const char *noun;                     /* NULL closes a table */
        const char *verb;                     /* NULL = the noun alone is the command */
        const char *argument;                 /* "NAME"; NULL = it takes none */
        const char *help;                     /* one sentence without full stop */
        const struct command_option *options; /* may be NULL */
        /* Returns an exit code of enum exit_code. */
        int (*run)(struct session *session, const struct invocation *invocation);
};

struct invocation {
        const char *noun;              /* the first word, borrowed; also of what is no command */
        const struct command *command; /* NULL with --help or --version alone */
        const char *argument;
        struct {
                const struct command_option *option;
                const char *value;
        } given[INVOCATION_OPTIONS_MAX];
        size_t given_count;
};

/* Options that every command takes, also in front of it. */
extern const struct command_option global_options[];

/* Reads `words` (without the program's name) by `tables` (NULL-terminated). Options may stand anywhere, as
 * "--name value" or "--name=value"; "--" ends them. Borrowed: words must outlive `invocation`. INVALID and a
 * sentence when they are no command. */
int invocation_parse(int count, char *const *words, const struct command *const *tables,
                     struct invocation *invocation, struct fault *fault);

/* The value of an option, the last one given; NULL when it was not given. "" for options without value. */
const char *invocation_option(const struct invocation *invocation, const char *name);
