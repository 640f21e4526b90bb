/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From which interfaces the addresses of nodes may come, as the inventory says it: what changes when nodes do.
 * Pure.
 */
#pragma once

#include "domain/firewall_set.h"
#include "domain/snapshot.h"

/* Zeroed = nothing. */
struct binding_change {
        struct firewall_binding *removed, *added;
        size_t removed_count, added_count;
};

#define AUTO_BINDING_CHANGE __attribute__((cleanup(binding_change_fini)))
void binding_change_fini(struct binding_change *change);

/* What to change in the bindings of `bound`, which agree with the nodes in `older` (by id), so that they agree
 * with those of `newer`. `older` empty: nothing is known of `bound`, all of it is looked at. An address that
 * changes is in it whole. The cost grows with the number of nodes that differ. */
void bindings_follow(const struct firewall_set *bound, struct pmap older, const struct snapshot *newer,
                     struct binding_change *change);
