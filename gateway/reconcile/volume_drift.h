/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a volume still is as Gatehouse has made it: looked at from time to time and at the start, put right as
 * far as its options and the filter go, noted when it is known what became of it. The list itself is installed by
 * the gluster side, which is told that the one it knows of does not hold.
 */
#pragma once

#include "reconcile/side.h"
#include "reconcile/volume_state.h"

/* Compares the volume with what was installed, or, when that is not known, with `wanted` under the generation that
 * glusterd has stored, which the bricks may hold from an earlier run: then *holds (if they all say so). Sets
 * options and puts the filter back where these differ; *repaired: `seen` is to be observed anew. Shuts native
 * clients out of the packet filter while a volfile is not as it must be: whoever settles the volume lets them in
 * again. Costs nothing between two looks. A fault: it could not be compared, or not be put right. */
int volume_drift_look(const struct side_world *world, const struct gluster_volume *gluster,
                      struct volume_state *volume, const struct volume_seen *seen,
                      const struct access_list *wanted, bool *holds, bool *repaired, struct fault *fault);

/* The volume was settled (`fault` NULL), or not: says so of what was found. */
void volume_drift_settled(const struct side_world *world, struct volume_state *volume, const struct fault *fault);
