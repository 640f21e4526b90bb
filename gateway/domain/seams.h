/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The outside world as tables of functions. protocols/ implements them for real, tests/fakes/ for tests;
 * reconcile/ knows nothing else. One contract suite (tests/contract) holds both to the same answers.
 * Each table is used by one thread at a time.
 */
#pragma once

#include "base/fault.h"
#include "domain/access_list.h"
#include "domain/difference.h"
#include "domain/firewall.h"
#include "domain/nfs_export.h"
#include "domain/pool_member.h"
#include "domain/server_version.h"
#include "domain/storage_files.h"

/* What is asked of the NFS server about one export. */
enum nfs_call { NFS_CALL_ADD, NFS_CALL_UPDATE, NFS_CALL_REMOVE, NFS_CALL_DISPLAY };
#define NFS_CALLS_AHEAD 8 /* of them at a time may be sent ahead */

/* The NFS server: NFS-Ganesha's export manager. Every call returns 0 or a fault: UNAVAILABLE (not on the bus, or
 * gone during the call: the state is unknown), TIMEOUT, INVALID (it refused the block), INTERNAL. What a call
 * said is not the truth about the server; `display` afterwards is. */
struct nfs_server {
        /* Sends a call ahead of its answer, which is had by making that call, with the same export: `add` and
         * others then wait for the answer only. Calls that were sent ahead are made in this order, before any
         * other; one change of an export at a time; `wait` forgets those that are left. `export` for ADD and
         * UPDATE. Says nothing: what went wrong is told by the call. NULL: every call goes out when it is made. */
        void (*ahead)(void *context, enum nfs_call call, uint16_t number, const struct nfs_export *export);
        int (*add)(void *context, const struct nfs_export *export, struct fault *fault);
        int (*update)(void *context, const struct nfs_export *export, struct fault *fault);
        int (*remove)(void *context, uint16_t number, struct fault *fault);
        /* `seen` is zeroed by the caller and freed with nfs_export_seen_fini. ABSENT is an answer, not a fault. */
        int (*display)(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault);
        /* All exports, own and foreign; caller frees each path and the array. */
        int (*list)(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault);
        /* Its release, as people write it: "4.3". */
        int (*version)(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault);
        /* Waits until `wake_fd` (eventfd, read by the caller) is readable, the server appears or vanishes, or
         * timeout_ms are over (-1: never). Returns the server's present instance: 0 while it is not on the bus,
         * else a number that changes each time it starts anew. Calls reach this instance and no later one. */
        uint64_t (*wait)(void *context, int wake_fd, int timeout_ms);
        void *context;
};

/* What glusterd and the bricks say of one volume. */
struct volume_brick {
        char *path;             /* "/bricks/1/data" */
        struct address address; /* of its storage node */
        uint16_t port;          /* 0 = not running */
        bool local;             /* it is this storage node's: two nodes may have bricks of the same path */
};

/* A member of the trusted pool, as this node's glusterd knows it. */
struct pool_node {
        char id[NODE_ID_SIZE];
        char *name; /* address or name by which it was probed; "localhost" for this node */
        bool local; /* it is this node */
};
struct volume_seen {
        enum known known; /* PRESENT: the volume exists and the rest holds */
        bool started;
        uint64_t generation; /* option user.gatehouse-generation, 0 = never set */
        struct volume_brick *bricks;
        size_t brick_count;
        struct pool_node *pool; /* the trusted pool, this node included */
        size_t pool_members;
        bool filter_in_place; /* gatehouse-volfile-filter is where this glusterd looks for it */
        uint32_t op_version;  /* that glusterd works by, 100000 for GlusterFS 10; 0 = it did not say */
};
void volume_seen_fini(struct volume_seen *seen);

/* A brick as it is looked at before one is started again. */
struct brick_condition {
        struct volume_brick brick;
        enum known older;       /* its process is from before the filter: PRESENT, ABSENT; of local bricks only */
        enum known healed;      /* PRESENT: it counts no entry that needs heal; ABSENT: it does */
        uint64_t heals;         /* how many */
        size_t clients_missing; /* connections that every other brick of its replica set has, and it has not */
};
struct bricks_seen {
        unsigned replica; /* bricks in a replica set; 1 = not replicated, or dispersed */
        unsigned quorum;  /* how many of them must run before clients may write (cluster.quorum-count); 0 = not set
                           */
        char *begun; /* path of the local brick that was ended last, till a look has found all well; or NULL */
        struct brick_condition *bricks;
        size_t brick_count;
};
void bricks_seen_fini(struct bricks_seen *seen);

/* Whether clients go on as before while one brick of a replica set is down. With two replicas one brick alone
 * decides nothing: they would be refused to write. */
#define REPLICA_LEAST 3
bool replicas_can_spare_one(unsigned replica, unsigned quorum);

/* One Gluster volume on this storage node. UNAVAILABLE: glusterd does not answer; CONFLICT: another transaction
 * is in progress in the cluster (try again soon). */
struct gluster_volume {
        int (*observe)(void *context, const char *volume, struct volume_seen *seen, struct fault *fault);
        /* Stores the options that must hold before any grant: stored auth.allow for the storage nodes alone,
         * brick log level, coherence. Idempotent. */
        int (*secure)(void *context, const char *volume, const struct address *peers, size_t peer_count,
                      struct fault *fault);
        /* Installs `list` for the filter and makes glusterd write and the bricks reload (generation bump).
         * 0 = glusterd has taken it; that a brick holds it is for `canary` to say. */
        int (*install)(void *context, const char *volume, const struct access_list *list, struct fault *fault);
        /* Asks one brick whether it holds `generation`: *held PRESENT, ABSENT or UNKNOWN (did not answer). */
        int (*canary)(void *context, const char *volume, const struct volume_brick *brick, uint64_t generation,
                      enum known *held, struct fault *fault);
        /* Compares what this storage node has of the volume with what Gatehouse has made: the filter in its place,
         * the options that `secure` sets for these storage nodes, and, with `list`, the stored generation, the
         * list in its folder and every brick's volfile. `found` is zeroed by the caller, who frees it. Changes
         * nothing. */
        int (*compare)(void *context, const char *volume, const struct address *peers, size_t peer_count,
                       const struct access_list *list, struct volume_differences *found, struct fault *fault);
        /* Puts the filter where glusterd looks for it. */
        int (*put_filter_back)(void *context, struct fault *fault);
        /* Looks which local bricks run since before the filter was in its place, and, if any do, at what must hold
         * before one of them is started again; with `heal`, has what needs heal looked for now. `seen` is zeroed
         * by the caller, who frees it. NOT_FOUND. */
        int (*bricks_look)(void *context, const char *volume, bool heal, struct bricks_seen *seen,
                           struct fault *fault);
        /* Ends the process of a local brick that is older than the filter and has glusterd start it, or starts one
         * that this ended before; returns when glusterd tells its port. PRECONDITION: it is not older, or others
         * of the volume are down, need heal or lack clients; nothing was done then. */
        int (*brick_restart)(void *context, const char *volume, const char *path, struct fault *fault);
        void *context;
};

/* What this storage node by itself holds of a volume, without a word to the rest of the cluster. */
struct node_seen {
        char id[NODE_ID_SIZE];    /* of its glusterd */
        bool filter_in_place;     /* as in struct volume_seen */
        uint64_t list_generation; /* of the list that the filter finds here; 0 = none */
};
struct gluster_node {
        /* UNAVAILABLE: the helper or glusterd does not answer. */
        int (*observe)(void *context, const char *volume, struct node_seen *seen, struct fault *fault);
        /* Puts `list` where the filter finds it, and no more: it comes into force when the volume's generation is
         * set to the list's. PRECONDITION: it is older than what the volume or this node has. */
        int (*store)(void *context, const char *volume, const struct access_list *list, struct fault *fault);
        void *context;
};

/* What native clients of this storage node reach in glusterd's place: gatehouse-volfiled. Used by one thread. */
struct native_door {
        /* Serves what glusterd has written of `volume` now, with those of the bricks that are local, to these
         * addresses and nobody else.
         * UNAVAILABLE: the door is not there. One volume at a time: the last one published. */
        int (*publish)(void *context, const char *volume, const struct volume_brick *bricks, size_t brick_count,
                       const struct address *clients, size_t client_count, struct fault *fault);
        /* *told: whether it still knows what was published, and glusterd has written nothing else since: false
         * after it was restarted, and after bricks were added or a volume option was set by hand. */
        int (*observe)(void *context, bool *told, struct fault *fault);
        void *context;
};
