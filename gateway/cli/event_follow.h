/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Following the events of a gateway, over its restarts and lost connections, until nobody reads any more.
 */
#pragma once

#include "cli/session.h"

/* Where the waits between tries end; the first is what the gateway asks for. */
#define FOLLOW_PAUSE_MOST_MS 30000u

/* Prints each event of the list at `path` as it happens: a line by `columns`, or with JSON wanted its JSON on one
 * line. Begins behind the event `after`, or with what happens next when that is NULL. A connection that was there
 * and is lost is made again from where it was, which is said once on `err`.
 * Returns when SIGINT or SIGTERM comes or the reader of `out` is gone (EXIT_DONE), or when the gateway
 * refuses, or is not there at first. These signals and SIGPIPE stay blocked: it is the last thing that a
 * command does. */
int event_follow(struct session *session, const char *path, const char *after, const struct show_column *columns);
