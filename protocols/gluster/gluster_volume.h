/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's side of one Gluster volume: the seam struct gluster_volume over the helper's acts (glusterd_acts.h)
 * and, for the canary, a worker's (brick_probe.h).
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

struct gluster_volume_callers {
        struct act_caller helper;
        struct act_caller worker;
};

/* Takes a brick as the helper tells it (glusterd_put_brick); its path is the caller's to free. */
void gluster_take_brick(struct message *reply, struct volume_brick *brick);

/* The seams. `callers` is borrowed and must outlive them; a gluster_node needs the helper only. */
struct gluster_volume gluster_volume_over(const struct gluster_volume_callers *callers);
struct gluster_node gluster_node_over(const struct gluster_volume_callers *callers);
