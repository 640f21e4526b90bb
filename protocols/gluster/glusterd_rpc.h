/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `gluster volume set`, `volume info`, `pool list` and `volume status` say to glusterd over its Unix socket,
 * without starting a process for each (50 instead of 130 ms): program GLUSTER_CLI, rpc/rpc-lib/src/
 * protocol-common.h and rpc/xdr/src/cli1-xdr.x of GlusterFS 10.3; keys of the dictionaries: cli/src/cli-rpc-ops.c.
 * Every call takes its own deadline.
 *
 * Faults: UNAVAILABLE (nobody there, or gone in the middle: whether the call took place is unknown), TIMEOUT,
 * CONFLICT (another transaction is in progress in the cluster), INVALID (glusterd refused, with its sentence),
 * INTERNAL (its answer is none). The socket is of no more use but after CONFLICT and INVALID.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/seams.h"
#include "protocols/gluster/access_list_text.h"

#define GLUSTERD_SOCKET "/run/glusterd.socket"

/* Connects. A descriptor, which the caller closes, or UNAVAILABLE. */
int glusterd_open(const char *socket_path, struct fault *fault);

struct glusterd_option {
        const char *key;
        const char *value;
};

/* Sets options of a volume in one transaction. Keys and values must be the caller's own words: this checks
 * only that no value is longer than GLUSTERD_VALUE_MAX (INVALID): glusterd 10.3 and 11.1 write past a buffer of
 * 4,093 bytes otherwise, and crash. */
#define GLUSTERD_VALUE_MAX 4080
int glusterd_volume_set(int socket, const char *volume, const struct glusterd_option *options, size_t count,
                        int deadline_ms, struct fault *fault);

struct glusterd_brick {
        char *host; /* as it was given when the brick was added: an address or a name */
        char *path;
        uint16_t port;           /* 0: not running, or not asked (glusterd_volume_ports) */
        int pid;                 /* of its process on its own node; 0 as port */
        char node[NODE_ID_SIZE]; /* id of the pool's member that it belongs to */
        bool counted;            /* glusterd_volume_heals: its self-heal daemon has answered */
        uint64_t heals;
        bool judged; /* glusterd_volume_split_brains: a crawl over what needs heal has come to its end */
        uint64_t split_brain;
        char **clients; /* glusterd_volume_clients: the address of each connection, sorted */
        size_t client_count;
};

/* `volume info`. Zeroed = a volume that does not exist. */
struct glusterd_volume {
        bool exists;
        bool started;
        char id[ACCESS_VOLUME_ID_SIZE];
        unsigned replica; /* bricks in a replica set, arbiters included; 1 = not replicated, or dispersed */
        struct glusterd_brick *bricks;
        size_t brick_count;
        struct glusterd_volume_option {
                char *key, *value;
        } * options; /* those that were ever set */
        size_t option_count;
        struct glusterd_heal_daemon {
                char node[NODE_ID_SIZE];
                bool online;
        } * heal_daemons; /* glusterd_volume_ports: of the nodes that have answered */
        size_t heal_daemon_count;
};
#define AUTO_GLUSTERD_VOLUME __attribute__((cleanup(glusterd_volume_fini)))
void glusterd_volume_fini(struct glusterd_volume *volume);

/* Fills a zeroed `seen`. That there is no such volume is an answer (seen->exists), not a fault. */
int glusterd_volume_get(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                        struct fault *fault);

/* The value of an option that was set, else NULL. */
const char *glusterd_volume_option(const struct glusterd_volume *seen, const char *key);

/* `volume status`: fills in the ports and processes of seen->bricks, and the self-heal daemons. A transaction of
 * the cluster, so CONFLICT is possible. */
int glusterd_volume_ports(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                          struct fault *fault);

/* `volume heal V statistics heal-count`: how many entries each brick counts that need heal, on whatever brick. */
int glusterd_volume_heals(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                          struct fault *fault);

/* `volume heal V statistics`: how many entries the last crawl over each brick's could not decide, because no copy
 * was the right one; the self-heal daemons crawl every 10 minutes, and when a brick comes back. */
int glusterd_volume_split_brains(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                                 struct fault *fault);

/* `volume heal V`: the self-heal daemons look now, not at their next time. */
int glusterd_volume_heal(int socket, const char *volume, int deadline_ms, struct fault *fault);

/* `volume status V clients`: from where each brick that is online has connections. */
int glusterd_volume_clients(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                            struct fault *fault);

/* `volume start V force`: starts those bricks that do not run; the rest does not notice. */
int glusterd_volume_start_force(int socket, const char *volume, int deadline_ms, struct fault *fault);

/* `pool list`. Zeroed = empty. */
struct glusterd_pool {
        struct pool_node *nodes; /* of the trusted pool, this node included */
        bool *connected;         /* of each: its glusterd has a connection to this one's, or is this one */
        size_t count;
};
#define AUTO_GLUSTERD_POOL __attribute__((cleanup(glusterd_pool_fini)))
void glusterd_pool_fini(struct glusterd_pool *pool);

/* Fills a zeroed `pool`. Exactly one of its nodes is local. */
int glusterd_pool_get(int socket, int deadline_ms, struct glusterd_pool *pool, struct fault *fault);

/* The op-version that this glusterd works by: 100000 for GlusterFS 10. It says no release. */
int glusterd_op_version_get(int socket, int deadline_ms, uint32_t *op_version, struct fault *fault);

/* This node. */
const struct pool_node *glusterd_pool_self(const struct glusterd_pool *pool);
