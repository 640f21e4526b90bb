/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A grant as one line of fixed fields, for clients that have a shell and nothing that reads JSON:
 *
 *   grant EXPORT STATE PROTOCOL ACCESS TYPE SERVERS REMOTE OPTIONS PATH CODE SENTENCE
 *
 * Fields are parted by one blank and are never empty: "-" stands for nothing. SERVERS are parted by commas.
 * Whatever is not in [A-Za-z0-9._/:,=-] is written as \0 and three octal digits, which printf(1) with %b turns
 * back (POSIX), so that no field needs quoting. TYPE, SERVERS, REMOTE and OPTIONS are there for who is admitted.
 * CODE and SENTENCE tell the cause of the state when it has one, else why it is this protocol. Pure text.
 */
#pragma once

#include "base/text.h"
#include "domain/grant.h"

/* Adds the line; `cause_code` NULL = none. */
void mount_line_add(struct text *text, const struct grant *grant, enum grant_state state, const char *cause_code,
                    const char *cause);
