/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Clients of an NFS server that is away, or is back without its exports, are kept waiting: a server that refuses
 * them for a moment fails their mounts for good. Used by the NFS side's thread.
 */
#pragma once

#include "reconcile/gate.h"
#include "reconcile/nfs_entry.h"

/* Zeroed = no server was seen yet; what the packet filter does from before goes on. */
struct nfs_hold {
        struct gate *gate;
        const struct clock *clock;
        bool bare;        /* the server that is there has none of our exports: it was started anew */
        bool waits;       /* for directories of exports that come back */
        int64_t until_ms; /* monotonic: no longer than so */
};

/* The server that was there (`had_one`) is gone; another may be there in its place. */
void nfs_hold_lost(struct nfs_hold *hold, bool had_one);

/* The server has told what it has, and is about to be given what it has not. `clients`: any are to be let in. */
void nfs_hold_begin(struct nfs_hold *hold, bool clients);

/* Everything was tried: lets clients go on, unless directories are to be waited for still. An export that cannot
 * be had keeps nobody else waiting. */
void nfs_hold_end(struct nfs_hold *hold, struct nfs_entry *const *entries, size_t count);

/* When nfs_hold_end is to be called unasked, by the monotonic clock. */
int64_t nfs_hold_due_ms(const struct nfs_hold *hold);
