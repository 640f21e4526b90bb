/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One row of verification: the canary of a storage, tried on this storage node by one protocol, as the admitted
 * probe client and as the stranger. Used by verify.c on the node that decides, by prober.c on a member of its
 * pool.
 */
#pragma once

#include "base/clock.h"
#include "domain/probe.h"
#include "domain/verification.h"
#include "reconcile/gate.h"

/* All borrowed. */
struct trial {
        const struct probe *probe; /* its place is prepared, in `network` */
        struct probe_network network;
        struct gate *gate;
        const struct clock *clock;
        const char *pseudo; /* where NFS has the canary; NULL = the row is not about NFS */
        const char *volume; /* and Gluster Native */
        const char *path;
};

/* Tries, and puts what came of it into `row`, whose node and protocol are set: 15 s at most, 5 s for each of three
 * answers; a healthy server takes a few milliseconds. */
void trial_run(const struct trial *trial, struct verification *row);

/* Puts a packet filter right that let a stranger through in one of `rows`, now and not at its next turn. */
void trial_mend_filter(struct gate *gate, const struct verification *rows, size_t count);
