/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How often an address may send tokens that are none: a bucket for each, in a table that never grows. Who fills
 * the table with addresses of its own pushes out others that failed, and nobody else. Safe to call from any
 * thread.
 */
#pragma once

#include <stdint.h>

#include "domain/address.h"

/* Ten at once, and then one every six seconds: a person's typing mistakes and a script that was not told of a new
 * token pass; the secrets have 256 random bits, so that no rate is a danger. */
#define THROTTLE_BURST 10
#define THROTTLE_INTERVAL_MS 6000

struct throttle;

/* Caller frees with throttle_free. */
struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/* Counts a failure of `address` (IPv6: of its /64, which one customer has whole) at `now_ms` of a clock that only
 * grows. 0, or the seconds until the next may be tried: then it was not counted, so that whoever waits gets there.
 * Takes the same time whatever the table holds. */
unsigned throttle_failure(struct throttle *throttle, const struct address *address, int64_t now_ms);

/* The network that stands for `address`: itself, or the /64 of IPv6. */
struct address throttle_network(const struct address *address);
