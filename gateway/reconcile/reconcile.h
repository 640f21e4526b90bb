/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Makes the servers be what the snapshot says, all the time: joins the two sides, the keeper of directories and
 * the status. main.c gives it the seams; REST reads its status.
 */
#pragma once

#include "domain/probe.h"
#include "domain/seams.h"
#include "domain/volume_health.h"
#include "reconcile/drift.h"
#include "reconcile/pool.h"
#include "reconcile/status.h"

struct reconcile;
struct verification;
struct verify;
struct storage_watch;

struct reconcile_world {
        const struct snapshot *(*snapshot)(void *context); /* newest, with a reference; thread-safe */
        void *snapshot_context;
        struct status *status;
        struct drift *drift; /* or NULL */
        const struct clock *clock;
        const struct nfs_server *nfs;
        const struct gluster_volume *gluster;
        const struct storage_files *files;
        const struct gluster_health *health; /* NULL = nobody looks how storages are */
        const struct firewall *firewall;     /* NULL = the operator has switched it off */
        const struct native_door *door;      /* NULL = native clients reach glusterd itself */
        bool observe;                        /* nothing is changed on any server (reconcile = observe) */
        struct address canary_client; /* with that: whom the canaries let in where servers are changed, though
                                         nobody tries it here; ADDRESS_NONE = nobody */
        struct pool *pool;            /* NULL = no members are configured; the caller's, and freed after */
        int64_t interval_ms;          /* reconcile_interval */
        bool restart_bricks;          /* brick_restart = auto */
        const struct probe *probe;    /* NULL = the operator has switched verification off */
        int64_t verify_interval_ms;
        void (*verification_changed)(
                void *context, const struct verification *older,
                const struct verification *row); /* as struct verify_settings' report, or NULL */
        void *verification_context;
        const char *storage_node; /* what receipts call this one; NULL = "" */
};

/* Starts all threads. `world` is copied; what it points to must outlive reconcile_stop. */
int reconcile_start(const struct reconcile_world *world, struct reconcile **reconcile, struct fault *fault);
void reconcile_stop(struct reconcile *reconcile);

/* What verifies; NULL when that is off. Lives until reconcile_stop. */
struct verify *reconcile_verify(struct reconcile *reconcile);

/* What knows how storages are; NULL when nobody looks. Lives until reconcile_stop. */
struct storage_watch *reconcile_storage_watch(struct reconcile *reconcile);

/* A new snapshot is there: called by the writer after each commit. Never blocks; NULL is fine. */
void reconcile_wake(struct reconcile *reconcile);
