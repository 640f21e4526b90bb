/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Keeps the bricks of each cluster storage as the snapshot wants them: one thread, one access list a volume,
 * changes that wait together go out as one generation, and a grant counts only when every running brick was
 * seen to hold it. Knows the gluster_volume seam, not glusterd.
 */
#pragma once

#include "domain/seams.h"
#include "reconcile/side.h"

struct gluster_side;

/* Starts the thread. `world` and `gluster` must outlive it. */
int gluster_side_start(const struct side_world *world, const struct gluster_volume *gluster,
                       struct gluster_side **side, struct fault *fault);
void gluster_side_stop(struct gluster_side *side);
struct side_wake *gluster_side_wake(struct gluster_side *side);
