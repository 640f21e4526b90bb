/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A Gluster volume in memory behind the seam struct gluster_volume. tests/contract holds it to the same answers as
 * a real glusterd; what can go wrong is asked for with the fields below. One thread at a time.
 */
#pragma once

#include "domain/seams.h"
#include "domain/volume_health.h"

enum fake_failure {
        FAKE_BUSY,       /* CONFLICT: another transaction; nothing was done */
        FAKE_LOST_REPLY, /* UNAVAILABLE, but it was done */
        FAKE_GONE,       /* UNAVAILABLE, nothing was done */
        FAKE_HANGS,      /* TIMEOUT, nothing was done */
};

struct fake_brick {
        uint64_t generation; /* that it holds */
        bool running;
        bool stuck;        /* does not take lists any more */
        bool older;        /* runs since before the filter */
        unsigned heals;    /* entries that it counts: one less with each look that heals */
        unsigned split;    /* of them, in split-brain */
        unsigned restarts; /* it was restarted as the N-th; to be looked at */
};

#define FAKE_BRICKS 3

struct fake_gluster_volume {
        /* To be set by the test at any time. */
        bool down;           /* glusterd does not answer; bricks go on */
        bool absent;         /* there is no such volume */
        bool without_filter; /* for good */
        unsigned replaced;   /* how often the last brick was replaced: each time by one at another path */
        /* What somebody else has done; put right by what the gateway does about it. */
        bool filter_moved;   /* out of glusterd's folder */
        bool option_set;     /* auth.allow, to anybody */
        bool list_edited;    /* the file of the access list */
        bool volfile_edited; /* a brick's, or one that holds credentials */
        size_t pool_members; /* localhost, 10.77.0.12, 10.77.0.13 and so on */
        unsigned fail_at;    /* the call of that number (from 1; canary calls count) fails; 0 = none */
        unsigned fail_count; /* and that many in all */
        enum fake_failure fail_with;
        unsigned canary_lag;  /* bricks take a list only after being asked that often */
        unsigned replica;     /* 0 = all of them */
        unsigned quorum;      /* how many must run; 0 = not set */
        unsigned heals_after; /* a restart leaves that many entries to heal on each */
        struct fake_brick bricks[FAKE_BRICKS];
        bool stopped;          /* the volume is; told by the health alone */
        bool healer_down;      /* this node's self-heal daemon: nothing is counted then */
        bool node_down;        /* the last of the pool's */
        bool clients_untold;   /* from where clients are connected */
        struct address client; /* that is connected to each brick that runs; ADDRESS_NONE = nobody */

        /* To be looked at. */
        unsigned calls, observes, secures, installs, canaries, bricks_looks, restarts;
        uint64_t generation;
        struct access_list list; /* installed last */
        struct address *peers;   /* secured last */
        size_t peer_count;
        unsigned lag_left;
        char name[64];
};

/* Starts a volume `name` with running bricks /bricks/1/data, ... on 10.77.0.11, ports 49152 and up. */
void fake_gluster_volume_init(struct fake_gluster_volume *fake, const char *name);
/* Stops a brick, or starts it: it then reads its volfile, and with it the list that is in force. */
void fake_gluster_volume_run(struct fake_gluster_volume *fake, size_t brick, bool running);
void fake_gluster_volume_fini(struct fake_gluster_volume *fake);

/* The id of the pool's node number `node`, 0 = the one that asks. */
void fake_pool_node_id(size_t node, char id[NODE_ID_SIZE]);

/* The seam over it; `fake` must outlive it. */
struct gluster_volume fake_gluster_volume_seam(struct fake_gluster_volume *fake);
struct gluster_health fake_gluster_health_seam(struct fake_gluster_volume *fake);
