/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the NFS side share: nfs_side.c has the lines, nfs_settle.c works off what is next, nfs_look.c
 * looks for drift. Nobody else includes this.
 */
#pragma once

#include <pthread.h>

#include "domain/seams.h"
#include "reconcile/nfs_entry.h"
#include "reconcile/nfs_hold.h"
#include "reconcile/side.h"
#include "reconcile/tally.h"

#define NFS_NUMBERS 65536

/* Exports in hand at a time, with a change and a look each. While the server works at one the next is on its way
 * to it, and the answer to the last is read. No more: what takes access away has to wait for those in hand. */
#define NFS_FLIGHTS (NFS_CALLS_AHEAD / 2)

/* A walk over all exports that the server holds, to see whether each is as it was left: a display for each, spread
 * over the interval. */
struct nfs_look {
        bool under_way;
        size_t next;        /* number to go on with */
        int64_t due_ms;     /* monotonic: when to go on */
        int64_t pause_ms;   /* between two slices */
        int64_t started_ms; /* monotonic */
};

/* One export in hand: what was asked of the server about it, and not answered yet. */
struct nfs_flight {
        struct nfs_entry *entry; /* its `asked` is set meanwhile */
        enum nfs_step step;
        unsigned steps;    /* taken, this one included */
        bool urgent;       /* it was in the taking line */
        struct fault said; /* what the last change was answered, when it failed */
};

struct nfs_side {
        const struct side_world *world;
        const struct nfs_server *server;
        struct side_wake wake;
        pthread_t thread;
        const struct snapshot *snapshot; /* the one `entries` agree with; reference */
        uint64_t instance;               /* of the server; 0 = not there */
        bool version_told;               /* by this instance */
        bool listed;                /* this instance has told all its exports: what is not an entry is absent */
        struct nfs_entry **entries; /* by number */
        struct nfs_queue taking, awaited, giving; /* worked off in this order */
        uint16_t *waiting; /* numbers of entries that wait, so that nobody looks for them among all (nfs_wait.c) */
        size_t waiting_count;
        struct nfs_flight flights[NFS_FLIGHTS]; /* a ring: answers come in this order */
        size_t flight_first, flight_count;
        bool took_away;       /* something of the taking line was settled since the last review */
        struct tally clients; /* addresses that any export lets in by NFS */
        size_t unsettled;     /* entries that failed or wait */
        struct nfs_hold hold;
        bool passed;            /* everything was looked at once: what nobody wants is closed from then on */
        struct nfs_look look;   /* for drift */
        int64_t next_look_ms;   /* the next listing */
        int64_t next_expiry_ms; /* wall clock; 0 = no export expires */
        int64_t next_retry_ms;  /* monotonic; 0 = none */
};

/* The entry of this number, made when there is none. */
struct nfs_entry *nfs_side_entry(struct nfs_side *side, uint16_t number);

/* Puts the entry in line; one that has become more urgent goes over to a faster one. */
void nfs_side_queue(struct nfs_side *side, struct nfs_entry *entry);

/* Tells the status of the entry: that it is as wanted, or why not. */
void nfs_side_note(struct nfs_side *side, const struct nfs_entry *entry, const struct fault *fault);

/* Puts `wanted` (taken; NULL = nothing) in the place of what was wanted. */
void nfs_side_want(struct nfs_side *side, struct nfs_entry *entry, struct nfs_export *wanted);

/* Whether the server was seen to be as the snapshot wants, once all lines are worked off. Without a server that is
 * so while nobody is to be let in. */
static inline bool nfs_side_is_settled(const struct nfs_side *side)
{
        return side->instance ? side->listed && side->unsettled == 0 : pmap_count(side->clients.counts) == 0;
}
