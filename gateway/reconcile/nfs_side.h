/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Keeps the NFS server as the snapshot wants it: one thread, a few calls ahead of their answers, what takes away
 * before what gives, every change looked at before it is believed. Knows exports and the nfs_server seam, not
 * D-Bus.
 */
#pragma once

#include "domain/seams.h"
#include "reconcile/side.h"

struct nfs_side;

/* Starts the thread. `world` and `server` must outlive it. */
int nfs_side_start(const struct side_world *world, const struct nfs_server *server, struct nfs_side **side,
                   struct fault *fault);

/* Ends after the step in hand. */
void nfs_side_stop(struct nfs_side *side);

/* For reconcile.c to set reasons and call. */
struct side_wake *nfs_side_wake(struct nfs_side *side);
