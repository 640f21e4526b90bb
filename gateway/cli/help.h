/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The help, printed out of the tables of commands, so that it cannot differ from what is taken.
 */
#pragma once

#include "base/text.h"
#include "cli/invocation.h"

/* Adds the help of the program: every command, the global options, exit codes. */
void help_render(const struct command *const *tables, struct text *text);

/* Adds the help of a noun: its commands. False, and nothing is added, when there is none of this name. */
bool help_render_noun(const struct command *const *tables, const char *noun, struct text *text);

/* Adds the help of one command: usage, what it does, its options. */
void help_render_command(const struct command *command, struct text *text);
