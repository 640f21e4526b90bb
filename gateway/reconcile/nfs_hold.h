/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Clients of an NFS server that is away, or is back without its exports, are kept waiting: a server that refuses
 * them for a moment fails their mounts for good. They go on as
 * soon as the exports are back whose clients were connected; the others come after that. Used by the NFS side's
 * thread.
 */
#pragma once

#include "reconcile/address_bag.h"
#include "reconcile/gate.h"
#include "reconcile/nfs_entry.h"

/* Zeroed = no server was seen yet; what the packet filter does from before goes on. */
struct nfs_hold {
        struct gate *gate;
        const struct firewall *firewall; /* tells who is connected; NULL = there is none */
        struct status *status;           /* is told who is connected */
        const struct clock *clock;
        struct address_bag idle; /* could have been connected at the last look, and were not; sorted */
        bool replays;     /* not all exports that clients may wait for were tried since the server was lost */
        bool bare;        /* the server that is there has none of our exports: it was started anew */
        bool waits;       /* for directories of exports that come back */
        int64_t until_ms; /* monotonic: no longer than so */
};

void nfs_hold_fini(struct nfs_hold *hold);

/* Asks who is connected, to know it when the server is lost: a dead server's connections are gone with it. For
 * each look; a second at most. Not while exports come back: clients have yet to connect again. */
void nfs_hold_look(struct nfs_hold *hold);

/* Whether clients may be waiting for this export to come back: it lets one in that was connected at the last
 * look, or was not let in at all then. So when nothing is known, every export that lets anybody in. */
bool nfs_hold_awaits(const struct nfs_hold *hold, const struct nfs_entry *entry);

/* The server that was there (`had_one`) is gone; another may be there in its place. */
void nfs_hold_lost(struct nfs_hold *hold, bool had_one);

/* The server has told what it has, and is about to be given what it has not. `clients`: any are to be let in. */
void nfs_hold_begin(struct nfs_hold *hold, bool clients);

/* Every export that clients may be waiting for was tried: lets them go on, unless directories of such are to be
 * waited for still. An export that cannot be had keeps nobody else waiting. */
void nfs_hold_end(struct nfs_hold *hold, struct nfs_entry *const *entries, size_t count);

/* When nfs_hold_end is to be called unasked, by the monotonic clock. */
int64_t nfs_hold_due_ms(const struct nfs_hold *hold);
