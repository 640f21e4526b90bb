/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the members of the pool find out as clients of their own bricks, for verify.c: asked of all of them at
 * once, gathered from their reports, judged by its age.
 */
#pragma once

#include "domain/verification.h"
#include "reconcile/pool.h"

/* Whether a member has this address. */
bool pool_has_member(struct pool *pool, const struct address *address);

/* Asks every member for run number `run`, which grows. Nothing is waited for. */
void pool_ask_findings(struct pool *pool, uint64_t run);

/* Waits `wait_ms` at most until no member owes that run's findings any more: each has told them, does not answer,
 * or has had POOL_FINDINGS_MS. Whether it is so. */
bool pool_await_findings(struct pool *pool, int wait_ms);

/* Fills in what the member at row->node has found in `run`, or as unverified why that is not known: what it says
 * of an older run, or of an older access list than it has now, is worth nothing. */
void pool_find(struct pool *pool, uint64_t run, struct verification *row);
