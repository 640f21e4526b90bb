/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tasks as JSON: the stored form, and the receipt that the API shows.
 */
#pragma once

#include "domain/task.h"

struct json_t;
struct json_reader;

/* The stored form: what must be looked at while the task runs, and what was seen once it has ended. */
void task_read(struct json_reader *reader, struct task *task);
void task_write(const struct task *task, struct json_t *object);

/* What the API shows: steps grouped by storage node, causes with code and sentence, the connections that were
 * ended. Caller owns the reference. */
struct json_t *task_to_json(const struct task *task);
