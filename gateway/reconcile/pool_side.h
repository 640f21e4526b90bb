/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the gluster side has to do with the other nodes of the pool: telling its members whom to let in, and
 * judging whether all of them enforce. Called in the thread of that side; pure but for the pool, the gate and the
 * status.
 */
#pragma once

#include "reconcile/side.h"
#include "reconcile/volume_state.h"

/* The members are storage nodes, registered or not. Tidy. */
void pool_side_peers(const struct side_world *world, struct address_bag *peers);

/* Whom the packet filter here lets through by Gluster, that of every member shall let through: told, not awaited.
 */
void pool_side_follow(const struct side_world *world, uint64_t revision, struct pmap volumes);

/* Waits a moment for all members to have done so. A fault names the first that has not. */
int pool_side_await(const struct side_world *world, struct fault *fault);

/* Tells the receipts of each member what of it lets in nobody beyond what the snapshot of `revision` wants: its
 * packet filter and its gatehouse-volfiled by the order that it has in force, its bricks by the list that it has
 * taken and by the canary on each. */
void pool_side_review(const struct side_world *world, uint64_t revision, struct pmap volumes);

/* Judges by what glusterd says of the pool, tells the status, and wakes whoever derives grants when the answer is
 * another one. A fault: nothing may be given out, because it is not known yet, or was just found otherwise. */
int pool_side_judge(const struct side_world *world, const struct volume_seen *seen, struct fault *fault);
