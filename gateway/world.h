/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The outside world of one gatehoused: every seam of domain/seams.h joined to what implements it, as the
 * configuration says. Nothing of it needs to be there when it is opened.
 */
#pragma once

#include "auth/member_link.h"
#include "auth/privilege.h"
#include "configuration.h"
#include "domain/timed_seams.h"
#include "protocols/files/storage_files.h"
#include "protocols/firewall/firewall_calls.h"
#include "protocols/gluster/gluster_volume.h"
#include "protocols/gluster/volfiled_door.h"
#include "protocols/gluster/volume_health_acts.h"
#include "protocols/nfs/ganesha.h"
#include "protocols/probe/probe_calls.h"
#include "reconcile/pool.h"
#include "reconcile/worker_pool.h"

/* Callers of acts: four to the helper, those of two pools of workers, gatehouse-volfiled's, those of two probes,
 * each member's. */
#define WORLD_ACTS_MOST (10 + POOL_MEMBERS_MAX)

struct world {
        /* For use; no pointer here is NULL but those that say so. */
        struct privilege_caller *helper;
        struct nfs_server nfs;
        struct gluster_volume gluster;
        struct gluster_node node;
        struct storage_files files;
        struct gluster_health health;
        const struct firewall *firewall; /* NULL: the operator has switched it off */
        const struct native_door *door;  /* NULL: native clients reach glusterd itself */
        struct pool *pool;               /* NULL: no members are configured */
        const struct probe *probe;       /* NULL: nothing is verified */

        /* What they are made of. */
        struct latency *latency;
        struct timed_acts timed_acts[WORLD_ACTS_MOST];
        size_t timed_count;
        struct timed_nfs timed_nfs;
        struct act_caller helper_acts, worker_acts;
        struct worker_pool *workers, *room_workers;
        struct privilege_caller *health_helper; /* of its own: nobody waits for a cluster that is slow to answer */
        struct act_caller health_acts;
        struct privilege_caller *filter_helper; /* of its own: the packet filter waits for nobody's glusterd */
        struct privilege_caller *volfiled;
        struct ganesha *ganesha;
        struct gluster_volume_callers gluster_real;
        struct storage_files_real files_real;
        struct volfiled_door volfiled_door;
        struct native_door real_door;
        struct firewall_calls firewall_calls;
        struct firewall real_firewall;
        struct member_caller *members[POOL_MEMBERS_MAX];
        struct act_caller member_acts[POOL_MEMBERS_MAX];
        struct privilege_caller *probe_helper; /* of its own, as the packet filter's */
        struct probe_calls probe_calls;
        struct probe_spawn probe_spawns[PROBE_CLIENT_COUNT];
        struct worker_pool *probe_workers[PROBE_CLIENT_COUNT];
        struct probe real_probe;
};

/* Fills a `world` that is zeroed but for `latency` (borrowed; NULL = nobody counts how long calls take), and must
 * stay where it is. To be closed also after a fault. */
int world_open(struct world *world, const struct configuration *configuration, struct fault *fault);

/* Starts what speaks to the members of the pool, if any are configured. */
int world_open_pool(struct world *world, const struct configuration *configuration, struct fault *fault);

/* A pool of one worker in the place of each probe client, unless verification is off, as it is for a gateway that
 * changes nothing: it lets no canary in. */
int world_open_probe(struct world *world, const struct configuration *configuration, struct fault *fault);

/* Whom the canaries let in when that is not so, and nothing else is changed either; or nobody. */
struct address world_canary_client(const struct configuration *configuration);

/* The last thing: nothing uses a seam any more. */
void world_close(struct world *world);

/* Asks the helper for its version: whether it is there. A helper that is busy is there. */
void world_ask_helper(const struct world *world, struct fault *fault);
