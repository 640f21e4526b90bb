/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the exports of one volume add up to: each export's share (its directory and the addresses let in), the
 * access list they make together, and which exports have left without the bricks having been seen to know it.
 * Pure bookkeeping of the gluster side; asks nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pmap.h"
#include "domain/access_list.h"
#include "domain/grant.h"
#include "reconcile/address_bag.h"

/* One export's part in the list of a volume. */
struct share {
        struct shared shared;
        char id[EXPORT_ID_SIZE];
        const struct export *export;   /* reference */
        const struct storage *storage; /* reference */
        struct address *addresses;     /* IPv4, of the admitted gluster grants; at least one */
        size_t address_count;
        uint64_t revision; /* of the snapshot it was made from */
        bool ready;        /* its directory is there: only then is it in the list */
        bool assumed; /* made at the start of the side: the bricks may hold it from before, so that it is in the
                         list although nobody has looked at its directory yet */
        bool held;    /* the bricks were seen to hold a list that was made with it: nothing beyond it since */
        bool noted;   /* it is in that list and can be reached, and status was told */
};

/* The share that `grants` ask for, or NULL when no admitted grant is by gluster. Caller owns one reference. */
struct share *share_new(const struct grant_list *grants, uint64_t revision);

/* Shares by "path NUL id" (so that the list comes out sorted) and the ids that have left. */
struct shares {
        struct pmap by_path;
        struct pmap by_id;
        struct pmap leaving; /* id -> share, until the bricks were seen to hold a list without it */
};
void shares_fini(struct shares *shares);

/* Puts `share` (reference taken) in the place of its export's older one; `ready` and `assumed` are kept when
 * the path stayed. */
void shares_put(struct shares *shares, struct share *share);

/* Takes the share of this export out and remembers it as leaving; false when there is none. */
bool shares_remove(struct shares *shares, const char *id);

/* The list of all that are ready or assumed, for storage nodes `peers`. Freed with access_list_fini. */
void shares_list(const struct shares *shares, const struct address *peers, size_t peer_count,
                 struct access_list *list);

/* Whom the shares let in, in no order, doubles included: those whose directory is there, or all. */
void shares_addresses(const struct shares *shares, bool ready_only, struct address_bag *bag);
