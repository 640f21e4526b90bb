/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How the NFS side looks for drift: all exports are listed at each look (65-78 ms with 10,000 on NFS-Ganesha 4.3),
 * which tells what is missing, extra and foreign; each of ours is then displayed (0.15 ms), in slices that are
 * spread over reconcile_interval, so that a revocation never waits for more than one display.
 */
#pragma once

#include "reconcile/nfs_side_state.h"

/* Lists the server's exports: at its start, and for drift. */
void nfs_look_list(struct nfs_side *side);

/* Goes on with the walk when it is time; nothing otherwise. */
void nfs_look_follow(struct nfs_side *side);

/* Everything that was put in line has been worked off: ends a walk that has come to its end. */
void nfs_look_worked(struct nfs_side *side);

/* When to go on (monotonic), or `latest_ms` if that is sooner. */
int64_t nfs_look_due_ms(const struct nfs_side *side, int64_t latest_ms);

/* The server went away: there is nothing to look at. */
void nfs_look_stop(struct nfs_side *side);
