/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests that wait (`Prefer: wait=N`) until the servers hold, or hold no longer, an export. The server can end
 * all of them at once, without the status's help, when it stops.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rest/request.h"

struct settlements;

struct settlements *settlements_new(void);

/* Ends every wait: each request is resumed into its next step. */
void settlements_end(struct settlements *settlements);

/* After settlements_end. What the status still holds lives on until it is settled. */
void settlements_free(struct settlements *settlements);

/* Reads `Prefer` (RFC 7240): *wait_s is N of wait=N, 0 without it; other preferences are ignored. Whether there
 * was one. A wait that is no number up to 60 is a violation at "header/Prefer". */
#define PREFER_WAIT_MOST_S 60
bool prefer_parse(const char *field, unsigned *wait_s, struct violations *violations);

/* Suspends the request until the status has seen what `wait` describes (its deadline,
 * settled and next are set here) or wait_s seconds are over; then `next`, with *in_time set (which must live until
 * then). When the server is stopping, `next` is called at once. */
void settlement_wait(struct request *request, const struct status_wait *wait, unsigned wait_s, bool *in_time,
                     void (*next)(struct request *request));
