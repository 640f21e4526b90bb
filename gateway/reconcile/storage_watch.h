/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How storages are, apart from what is exported from them: how much room they have, and how the volume of a
 * cluster is (domain/volume_health.h). Looked at by a thread of its own, since a file system or a cluster may take
 * its time to answer; what was seen last is kept here for whoever shows it. Changes nothing.
 */
#pragma once

#include "base/pmap.h"
#include "domain/snapshot.h"
#include "domain/storage_files.h"
#include "domain/volume_health.h"
#include "reconcile/side.h"

#define CAPACITY_DEADLINE_MS 10000 /* gfapi over a volume with a hung brick takes ping-timeout and a little */

/* What was seen of one storage; does not change any more. */
struct storage_seen {
        struct shared shared;
        const struct storage *storage; /* reference: as it was when it was looked at */
        int64_t capacity_at_ms;        /* wall clock: when that was asked */
        struct fault capacity_fault;   /* nobody could say, and why; FAULT_NONE: `capacity` holds */
        struct storage_capacity capacity;
        int64_t health_at_ms; /* 0: a single storage, which has none */
        struct fault health_fault;
        struct volume_health health;
        struct heal_summary heal; /* of `health`; HEAL_UNKNOWN with a fault */
};

struct storage_watch;

/* Starts the thread. Each storage is looked at when it is new or has changed, and every interval_ms;
 * sooner, with a growing pause, after a look that has failed but for one that took too long. What is given is
 * borrowed. glusterd locks a volume while it is asked, and refuses what comes meanwhile, changes of the access
 * list among it: so not more often than every STORAGE_LOOK_LEAST_MS, however short the interval of other looks. */
#define STORAGE_LOOK_LEAST_MS 10000
int storage_watch_start(const struct side_world *world, int64_t interval_ms, const struct storage_files *files,
                        const struct gluster_health *health, struct storage_watch **watch, struct fault *fault);
/* Waits for the look that is under way. NULL is fine. */
void storage_watch_stop(struct storage_watch *watch);

/* A new snapshot is there. Never blocks; NULL is fine. */
void storage_watch_wake(struct storage_watch *watch);

/* What was seen of `storage` last, with a reference; NULL: it has not been looked at as it is now. Waits for no
 * look. `watch` may be NULL. */
const struct storage_seen *storage_watch_get(struct storage_watch *watch, const struct storage *storage);

/* Whether a client with this address had a connection to a brick of the storage at the last look; UNKNOWN when
 * nobody could say. `seen` may be NULL. */
enum known storage_seen_connected(const struct storage_seen *seen, const struct address *address);
