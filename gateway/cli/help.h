/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The help, printed out of the tables of commands, so that it cannot differ from what is taken,
 * in lines of `width` characters (0 = any).
 */
#pragma once

#include "base/text.h"
#include "cli/invocation.h"

/* Adds the help of the program: every command, the global options, exit codes. */
void help_render(const struct command *const *tables, size_t width, struct text *text);

/* Adds the help of a noun: its commands. False, and nothing is added, when there is none of this name. */
bool help_render_noun(const struct command *const *tables, const char *noun, size_t width, struct text *text);

/* Adds the help of one command: usage, what it does, its options, an example. */
void help_render_command(const struct command *command, size_t width, struct text *text);
