/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whose access a commit takes away, by whatever object it says so: a node that is there no more, or has another
 * address, an environment that sleeps, an export that allows less. Pure; asked in the writer's thread, so the work
 * is bounded.
 */
#pragma once

#include "domain/protocol_choice.h"
#include "domain/snapshot.h"
#include "domain/task.h"
#include "reconcile/address_bag.h"

/* Exports whose grants are compared for one commit, at most: some 60 us each for 20 nodes, before and after. What
 * lies beyond is counted as left out. */
#define LOSSES_COMPARED_MOST 5000

struct losses_terms {
        const struct snapshot *before, *after; /* borrowed */
        struct protocol_facts facts;
        int64_t now_ms; /* wall time: what has expired was lost before */
};

/* Adds to `clients` the addresses that may do less with the export of `id` after than before: not at all, by the
 * other server only, or with narrower terms. False when there is none. */
bool losses_of_export(const struct losses_terms *terms, const char *id, struct address_bag *clients);

/* Adds to `task` every export that somebody loses something of, and the addresses that do; its account is set to
 * theirs, if they are of one. False when nobody loses anything. */
bool losses_add(const struct losses_terms *terms, struct task *task);
