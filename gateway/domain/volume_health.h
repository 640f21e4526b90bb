/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a Gluster volume is, apart from who is let in: which bricks, nodes and self-heal daemons run, what waits for
 * heal, and from where clients are connected; the seam that looks, and what an operator makes of it. Pure but for
 * the seam.
 */
#pragma once

#include "base/fault.h"
#include "domain/address.h"
#include "domain/protocol_choice.h"

struct volume_health {
        unsigned replica; /* bricks in a replica set; 1 = not replicated, or dispersed */
        struct brick_health {
                char *path;
                struct address address; /* of its storage node; ADDRESS_NONE: a name that has none here */
                bool online;
                bool counted;         /* its self-heal daemon has told what this brick knows to need heal */
                uint64_t entries;     /* that do, on whatever brick of the set; an entry is counted while it is
                                         written, too */
                bool judged;          /* the last crawl over them has ended, or there are none */
                uint64_t split_brain; /* of them: those that it could not decide: no copy is the right one */
        } * bricks;                   /* in the volume's order: each `replica` of them are a set */
        size_t brick_count;
        struct node_health {
                char *name;           /* by which the pool knows it; "localhost" = this node */
                bool connected;       /* its glusterd, to this node's */
                enum known self_heal; /* its self-heal daemon: it runs, does not, or nobody has said */
        } * nodes;                    /* of the trusted pool */
        size_t node_count;
        bool clients_known;
        struct address *clients; /* whoever has a connection to any brick, storage nodes included; tidy:
                                    address_compare's order, each once */
        size_t client_count;
};
#define AUTO_VOLUME_HEALTH __attribute__((cleanup(volume_health_fini)))
void volume_health_fini(struct volume_health *health);

/* The worst of what is known, in this order. */
enum heal_state {
        HEAL_SPLIT_BRAIN, /* somebody has to say which copy is the right one */
        HEAL_DEGRADED,    /* a brick, a node or a self-heal daemon is down */
        HEAL_UNKNOWN,     /* what waits for heal is not told */
        HEAL_HEALING,     /* entries wait for heal, and there is whoever heals them */
        HEAL_HEALTHY,
};
const char *heal_state_word(enum heal_state state); /* "split_brain", "degraded", ... */

struct heal_summary {
        enum heal_state state;
        bool entries_known; /* of every replica set, by at least one brick */
        uint64_t entries;   /* each set's largest count, in sum: bricks of a set tell of the same entries */
        bool split_brain_known;
        uint64_t split_brain; /* likewise */
        size_t bricks_down, nodes_down, daemons_down;
};
struct heal_summary heal_summarize(const struct volume_health *health);

/* Looks at a volume. `seen` is zeroed by the caller, who frees it. A few transactions of the cluster, so it may
 * take seconds. CONFLICT: another transaction is in progress; NOT_FOUND; PRECONDITION: the volume is stopped;
 * UNAVAILABLE, TIMEOUT: glusterd does not answer. Changes nothing. Used by one thread. */
struct gluster_health {
        int (*look)(void *context, const char *volume, struct volume_health *seen, struct fault *fault);
        void *context;
};
