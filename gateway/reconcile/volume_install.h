/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Brings the access list of one volume to every brick: first to the nodes of the pool, where the filter finds it,
 * then into force with one change of the volume's generation, and then each brick is asked whether it holds it.
 * Used by the gluster side, in its thread.
 */
#pragma once

#include "base/clock.h"
#include "reconcile/pool.h"
#include "reconcile/volume_state.h"

struct volume_installer {
        const struct gluster_volume *gluster;
        struct pool *pool; /* NULL = this node is all of it */
        const struct clock *clock;
        atomic_bool *stop; /* the side is told to end: wait for nothing any more */
};

/* Makes the bricks hold `list` (taken when it goes there), unless they do. A member that cannot be told holds up
 * what gives access, never what takes it away: its bricks fall back to the storage nodes alone until it has the
 * list. The fault then names it. */
int volume_list_follow(const struct volume_installer *installer, struct volume_state *volume,
                       const struct volume_seen *seen, struct access_list *list, struct fault *fault);

/* The bricks were seen to hold what is wanted, from an earlier run. */
void volume_list_adopt(struct volume_state *volume, uint64_t generation);
