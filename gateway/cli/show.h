/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What people see: tables fitted to the width of the terminal, objects line by line, problems with each place that
 * is wrong. Pure text; what comes from the gateway is shown without control characters.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct json_t;

/* Adds `string` without control characters: a terminal must not be told what to do by what somebody wrote into a
 * label. */
void show_plain(const char *string, struct text *text);

/* One column: its head, and the member of a row that stands in it ("os.id" for a member of a member). */
struct show_column {
        const char *head;
        const char *member;
};

/* Adds a table of `items` (an array of objects); `columns` ends with a NULL head. Cells that are too long for
 * `width` columns of a terminal (0 = any) go on in the next line, word by word; a word that is too long ends in an
 * ellipsis. The first column, which names the row, is whole. Without items it says so. */
void show_table(const struct json_t *items, const struct show_column *columns, size_t width, struct text *text);

/* Adds one line for a row of a table that has no end: its cells two blanks apart, - for an empty one. */
void show_row(const struct json_t *item, const struct show_column *columns, struct text *text);

/* Adds an object as "member  value" lines, in its order. Objects inside are shown as "a.b", arrays of words on one
 * line, other values as JSON. */
void show_object(const struct json_t *object, struct text *text);

/* Adds what an application/problem+json says: its detail, then a line for each error. */
void show_problem(const struct json_t *problem, int status, struct text *text);
