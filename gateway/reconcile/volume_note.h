/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whom the gluster side tells what it knows of its volumes: the status, the receipts of revocations, and the
 * packet filter.
 */
#pragma once

#include "reconcile/gate.h"
#include "reconcile/volume_state.h"

/* For the health, after glusterd has answered: whether the volume is there and all bricks of this node run, and
 * whether the filter is in its place. */
void volume_note_health(struct status *status, const struct volume_state *volume, const struct volume_seen *seen);

/* The bricks were seen to hold the list: nothing of what has left, and each share that is in it. */
void volume_note_list(struct status *status, struct volume_state *volume);

/* And whom it lets in can come: each ready share is served. */
void volume_note_served(struct status *status, struct volume_state *volume);

/* Tells `fault` of every share, and of what has left without being seen to. */
void volume_note_fault(struct status *status, struct volume_state *volume, const struct fault *fault);

/* What the side says to the receipts, for the bricks and for gatehouse-volfiled; `revision`: of the snapshot that
 * the volumes agree with. */
void volumes_review(struct pmap volumes, struct status *status, uint64_t revision);

/* Shuts the packet filter to native clients that no share lets in any more, before any brick is told. Failures are
 * logged; the gate makes up for them. */
void volumes_shut_unwanted(struct pmap volumes, struct gate *gate);
