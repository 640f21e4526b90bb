/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bricks of this node that run since before the filter: started again one by one, each seen to be well before the
 * next (brick_plan.h). Told as differences (brick.older), so in GET /v1/drift and the audit trail. No grant waits
 * for it. Used by the gluster side, in its thread, which a restart keeps for about a second.
 */
#pragma once

#include "domain/seams.h"
#include "reconcile/side.h"
#include "reconcile/volume_state.h"

/* While a brick is older: how often that is looked at; and after how long of waiting it is said that it waits. */
#define RENEWAL_LOOK_MS 2000
#define RENEWAL_PATIENCE_MS 600000 /* a heal of what was written in a minute takes one */

/* Looks, when it is time to, and takes the next step. To be called when the volume was settled. */
void brick_renewal_turn(const struct side_world *world, const struct gluster_volume *gluster,
                        struct volume_state *volume);
