/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The receipt of access that was taken away, as people see it: one row for each layer of each storage node, and
 * the clients whose connections were ended. Pure text.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct json_t;

/* Whether a task, as the API shows it, has ended. */
bool receipt_is_done(const struct json_t *task);

/* Adds "[#####-----] 3 of 6 layers have let go", `width` characters at most; less than 60 leave the bar out. */
void receipt_bar(const struct json_t *task, size_t width, struct text *text);

/* Adds the layers as a table of at most `width` characters (0 = any), and the clients if there are any. */
void receipt_show(const struct json_t *task, size_t width, struct text *text);

/* Adds a line for each layer that stands otherwise in `task` than in `before` (NULL = nothing was known). */
void receipt_show_progress(const struct json_t *before, const struct json_t *task, struct text *text);
