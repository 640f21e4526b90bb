/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads the audit trail of a SQLite store over a connection of its own, so that no reader waits for the writer: in
 * WAL mode a reader sees the newest commit and blocks nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/event.h"

struct sqlite_history;

/* Opens the database `path`, which is there and of this version, for reading. */
int sqlite_history_open(const char *path, struct sqlite_history **history, struct fault *fault);
void sqlite_history_close(struct sqlite_history *history);

/* As store_operations.history; one walk at a time, the next one waits. */
int sqlite_history_walk(struct sqlite_history *history, uint64_t number, bool backward,
                        int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                        struct fault *fault);
