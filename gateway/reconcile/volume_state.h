/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the gluster side knows of each volume: what its exports add up to, what its bricks were last seen to hold,
 * where they are. Owned and changed by that side's thread alone.
 */
#pragma once

#include "base/text.h"
#include "domain/seams.h"
#include "domain/snapshot.h"
#include "reconcile/address_bag.h"
#include "reconcile/directories.h"
#include "reconcile/volume_share.h"

/* How far its bricks from before the filter are (brick_renewal.h). */
struct brick_renewal {
        bool done;                /* none is older, and none will be */
        int64_t next_ms;          /* when to look again */
        int64_t waiting_since_ms; /* for what stands in the way; 0 = nothing does */
        char *told;               /* path of the brick that was started again last and told of; owned; or NULL */
};

/* One cluster storage and its volume. */
struct volume_state {
        struct shared shared;
        const struct storage *storage; /* reference; newest */
        struct shares shares;
        struct access_list installed;       /* what the bricks were last seen to hold; generation 0 = not known */
        bool unsure;                        /* the bricks may hold more than `installed` */
        uint64_t generation;                /* the newest we have asked for or seen */
        bool secured;                       /* its options were seen as they must be, or set so */
        bool filter_seen;                   /* the filter was in its place once: it is put back when it is gone */
        struct volume_differences findings; /* of the last look */
        bool findings_told;                 /* what became of them */
        int64_t next_compare_ms;
        bool gone;      /* the storage is not there any more: kept until the bricks were seen to let nobody in */
        bool list_seen; /* since the start the bricks were seen to hold a list of this side's */
        bool door_told; /* gatehouse-volfiled knows of every change */
        uint64_t enforced;          /* generation of the list that glusterd took last; 0 = none yet */
        uint64_t enforced_revision; /* of the snapshot that its shares were of */
        struct address_bag behind;  /* storage nodes with a brick that was not seen to hold it */
        struct fault fault;         /* what stood in the way the last time, or none */
        bool looked;                /* glusterd was asked about it once: `bricks` is as good as it gets */
        struct address_bag bricks;  /* where its bricks are, as far as glusterd has said */
        struct text brick_names;    /* and which they are */
        struct brick_renewal renewal;
        unsigned directories_due; /* looks at which its directories are to be seen to again */
        size_t unready;           /* shares whose directories are not there yet */
        size_t awaited;           /* those of them that are being made, and new exports on their way to a commit */
        bool dirty;
        bool gathers;         /* dirty by new shares alone: they may wait for each other */
        int64_t gathering_ms; /* since when they do; 0 = they do not */
        unsigned failures;
        int64_t retry_at_ms;
        int64_t next_look_ms;
        uint64_t revision; /* of the snapshot that the shares agree with */
};

/* The state of `storage`'s volume in `volumes` (storage name -> struct volume_state), made when there is none;
 * takes note of a storage that has changed: another volume is another state. */
struct volume_state *volume_state_get(struct pmap *volumes, const struct storage *storage);

/* Something has changed outside: it is looked at, at once. */
void volume_state_doubt(struct volume_state *volume);

/* A share has changed or left: the list must follow, at once, and gatehouse-volfiled must be told. */
void volume_state_touch(struct volume_state *volume);

/* Nothing but a new share has come, or the directory of one: the list must follow, with those that come along. */
void volume_state_grow(struct volume_state *volume);

/* Until when new shares wait for those whose directories are being made, or that requests are about to commit, so
 * that one generation of the list takes all of them in: VOLUME_GATHER_MS at most. 0: it is time. */
#define VOLUME_GATHER_MS 100 /* about what a generation costs */
int64_t volume_state_gathers_until(struct volume_state *volume, int64_t now_ms);

/* Marks those whose storage `snapshot` has no more (or not as a cluster's). */
void volumes_mark_gone(struct pmap volumes, const struct snapshot *snapshot);

/* Drops those that are gone once their bricks let nobody in. */
void volumes_let_go(struct pmap *volumes);

/* The first by name of a storage that is not gone, other than `volume` (NULL: of all); NULL when there is none. */
const struct volume_state *volumes_beside(struct pmap volumes, const struct volume_state *volume);

/* glusterd has answered about the volume, or has not. */
void volume_state_looked(struct volume_state *volume, const struct volume_seen *seen);

/* Sees to the directories of all shares again, if bricks were added or replaced: on those no directory is there
 * yet, and one that lacks a client's directory does not let the client in. Done at two looks, because the worker
 * may not have heard of the bricks yet at the first. */
void volume_directories_again(struct volume_state *volume, struct directories *directories);

/* Whether it can be worked with: UNAVAILABLE, with the sentence, when it is not there or not started. */
int volume_state_check(const struct volume_state *volume, const struct volume_seen *seen, struct fault *fault);

/* Up to which snapshot the bricks of storage node `node` let in nobody beyond what is wanted, as far as was seen;
 * its newest when all is settled, 0 when it is not known. */
uint64_t volume_state_let_go(const struct volume_state *volume, const struct address *node, uint64_t newest);

/* Whether glusterd was asked about every volume. */
bool volumes_looked(struct pmap volumes);

/* The storage nodes: all that `snapshot` registers, and those that have bricks of its storages. Tidy. */
void volumes_peers(struct pmap volumes, const struct snapshot *snapshot, struct address_bag *peers);

/* Whether each holds what is wanted of it, as far as was seen. */
bool volumes_settled(struct pmap volumes);

/* The one volume that there is; NULL when there is none, or more. */
const struct volume_state *volumes_only(struct pmap volumes);

/* Something has changed outside: each is to be looked at, now. */
void volumes_doubt(struct pmap volumes);

/* Whom any share lets in, ready or not. Tidy. */
void volumes_clients(struct pmap volumes, struct address_bag *clients);
