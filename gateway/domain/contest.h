/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses that two nodes claim: when a change of the inventory begins such a contest, and when one ends it.
 * Pure.
 */
#pragma once

#include "domain/snapshot.h"

/* Calls `each` for every address of the node `id`, as it was or as it is, that is contested in one of the two
 * snapshots only; one that the node has in both comes once. `claimants`: "{"nodes":["a","b"]}", who claims it in
 * `after`. */
void contest_walk(const struct snapshot *before, const struct snapshot *after, const char *id,
                  void (*each)(void *context, const struct address *address, bool contested,
                               const char *claimants),
                  void *context);
