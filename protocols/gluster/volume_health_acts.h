/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a volume is: the helper's act, and the daemon's side of it, which is the seam struct gluster_health. It has
 * a connection of its own to the helper, so that nobody waits for a cluster that is slow to answer.
 *
 *   ACT_GLUSTERD_VOLUME_HEALTH   volume text -> bricks in a replica set u64; number of bricks u64, for each: path
 * text, address 4 bytes or none, online u64, counted u64, entries u64, judged u64, in split-brain u64; number of
 * nodes u64, for each: name text, connected u64, self-heal daemon u64 (enum known); whether clients are told u64,
 * their number u64, for each 4 or 16 bytes
 */
#pragma once

#include "base/act.h"
#include "domain/volume_health.h"

/* Four transactions of the cluster at most: 0.2 s on three nodes; one that takes longer is not waited for. */
#define VOLUME_HEALTH_MS 12000

/* More of them are not told: they have to fit into a message. */
#define VOLUME_HEALTH_CLIENTS_MAX 4000

/* The seam; `helper` is borrowed and must outlive it. */
struct gluster_health gluster_health_over(const struct act_caller *helper);

/* The act, for the table in glusterd_acts.c. */
int volume_health_run(void *context, struct message *request, struct message *reply, struct fault *fault);
