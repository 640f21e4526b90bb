/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long the oldest commit has been waiting for servers to be as it wants them. Pure; kept by the status, under
 * its lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/protocol_choice.h"

/* Commits that are told apart; when more wait, the newest of them share the time of the first that was too many:
 * what is told then is too much by less than that queue took to fill. */
#define LAG_COMMITS_MOST 256

/* Zeroed = no commit yet, and no side has settled anything. */
struct lag {
        struct {
                uint64_t revision;
                int64_t at_ms;
        } waiting[LAG_COMMITS_MOST]; /* oldest first */
        size_t count;
        uint64_t settled[2]; /* by enum protocol */
};

/* The commit of `revision` was made at `now_ms`. */
void lag_committed(struct lag *lag, uint64_t revision, int64_t now_ms);

/* One side has seen the servers be as the snapshot of `revision` wants. */
void lag_settled(struct lag *lag, enum protocol protocol, uint64_t revision);

/* Milliseconds; 0 = every commit is settled. */
int64_t lag_ms(const struct lag *lag, int64_t now_ms);
