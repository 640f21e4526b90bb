/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a FILE holds and how the longest command is typed, for the end of a command's help.
 * tests/unit/test_command_coverage and the walk through docs/first-steps.md hold them to the API.
 */
#pragma once

#include "cli/invocation.h"

/* Lines that end in a newline, static; NULL for a command that needs no example. */
const char *example_find(const struct command *command);
