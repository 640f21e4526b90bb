/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bricks from before the filter: the helper's two acts, and the daemon's side of them. The helper judges by itself
 * whether a brick may be ended: whoever speaks for the daemon cannot end one that is not older than the filter,
 * nor a second one of the volume.
 *
 *   ACT_GLUSTERD_BRICKS_LOOK     volume text, heal u64 -> bricks in a replica set u64, how many of them must run
 * u64 (0: not set), path of the brick that is being started again text ("" = none), number of bricks u64, for
 * each: as in ACT_GLUSTERD_VOLUME_OBSERVE, then older u64, healed u64, entries u64, clients missing u64
 *   ACT_GLUSTERD_BRICK_RESTART   volume text, path of the brick text
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

#define BRICKS_LOOK_MS 50000   /* three transactions of the cluster; 0.2 s on three nodes */
#define BRICK_RESTART_MS 90000 /* the same, the end of a process, and its start; 2 s as a rule */

/* Ask the helper; the shapes are those of struct gluster_volume's bricks_look and brick_restart. */
int bricks_look_ask(const struct act_caller *helper, const char *volume, bool heal, struct bricks_seen *seen,
                    struct fault *fault);
int brick_restart_ask(const struct act_caller *helper, const char *volume, const char *path, struct fault *fault);

/* The acts, for the table in glusterd_acts.c. */
int bricks_look_run(void *context, struct message *request, struct message *reply, struct fault *fault);
int brick_restart_run(void *context, struct message *request, struct message *reply, struct fault *fault);
