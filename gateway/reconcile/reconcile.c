/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/reconcile.h"

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/gluster_side.h"
#include "reconcile/nfs_side.h"
#include "reconcile/observe_only.h"
#include "reconcile/storage_watch.h"
#include "reconcile/verify.h"

struct reconcile {
        struct reconcile_world world;
        struct observe_only observe_only; /* what `world` points to when nothing is to be changed */
        struct side_world side_world;
        struct nfs_side *nfs;
        struct gluster_side *gluster;
        struct storage_watch *storages; /* or NULL */
        struct verify *verify;          /* or NULL */
        atomic_bool running;            /* both sides are there to be woken */
};

static void facts_changed(void *context)
{
        struct reconcile *reconcile = context;

        if (!atomic_load(&reconcile->running))
                return; /* at start both sides look at everything anyway */
        atomic_store(&nfs_side_wake(reconcile->nfs)->facts, true);
        atomic_store(&gluster_side_wake(reconcile->gluster)->facts, true);
        reconcile_wake(reconcile);
}

static void directories_changed(void *context)
{
        struct reconcile *reconcile = context;

        if (!atomic_load(&reconcile->running))
                return;
        atomic_store(&nfs_side_wake(reconcile->nfs)->directories, true);
        reconcile_wake(reconcile);
}

static void members_changed(void *context)
{
        struct reconcile *reconcile = context;

        if (!atomic_load(&reconcile->running))
                return; /* at start the volumes are looked at anyway */
        atomic_store(&gluster_side_wake(reconcile->gluster)->members, true);
        side_wake_call(gluster_side_wake(reconcile->gluster));
}

void reconcile_wake(struct reconcile *reconcile)
{
        if (!reconcile || !atomic_load(&reconcile->running))
                return;
        side_wake_call(nfs_side_wake(reconcile->nfs));
        side_wake_call(gluster_side_wake(reconcile->gluster));
        storage_watch_wake(reconcile->storages);
}

/* Puts seams that change nothing in the place of the real ones. */
static void world_observe(struct reconcile *reconcile)
{
        struct observe_only *only = &reconcile->observe_only;
        struct reconcile_world *world = &reconcile->world;

        *only = (struct observe_only){ .real_nfs = world->nfs,
                                       .real_gluster = world->gluster,
                                       .real_files = world->files,
                                       .real_firewall = world->firewall,
                                       .real_door = world->door };
        observe_only_wrap(only);
        world->nfs = &only->nfs;
        world->gluster = &only->gluster;
        world->files = &only->files;
        world->firewall = world->firewall ? &only->firewall : NULL;
        world->door = world->door ? &only->door : NULL;
        status_note_probe(world->status, &world->canary_client);
        world->pool = NULL; /* its members do what they are told: nobody tells them anything */
        log_warning("reconcile = observe: nothing is changed on any server, nobody is let in or kept out");
}

static int verify_open(struct reconcile *reconcile, struct fault *fault)
{
        const struct verify_settings settings = {
                .probe = reconcile->world.probe,
                .interval_ms = reconcile->world.verify_interval_ms,
                .report = reconcile->world.verification_changed,
                .report_context = reconcile->world.verification_context,
        };

        return settings.probe ? verify_start(&reconcile->side_world, &settings, &reconcile->verify, fault) : 0;
}

static int storages_open(struct reconcile *reconcile, struct fault *fault)
{
        const struct reconcile_world *world = &reconcile->world;
        int64_t interval_ms = reconcile->side_world.interval_ms;

        if (interval_ms < STORAGE_LOOK_LEAST_MS)
                interval_ms = STORAGE_LOOK_LEAST_MS;
        return world->health ? storage_watch_start(&reconcile->side_world, interval_ms, world->files,
                                                   world->health, &reconcile->storages, fault)
                             : 0;
}

struct storage_watch *reconcile_storage_watch(struct reconcile *reconcile)
{
        return reconcile->storages;
}

struct verify *reconcile_verify(struct reconcile *reconcile)
{
        return reconcile->verify;
}

int reconcile_start(const struct reconcile_world *world, struct reconcile **result, struct fault *fault)
{
        struct reconcile *reconcile = NEW(struct reconcile);
        int failed;

        reconcile->world = *world;
        if (world->observe)
                world_observe(reconcile);
        world = &reconcile->world;
        status_set_observes(world->status, world->observe);
        AUTO_SHARED const struct snapshot *first = world->snapshot(world->snapshot_context);
        status_note_committed(world->status, first->revision); /* what the start has to see to */
        reconcile->side_world = (struct side_world){
                .snapshot = world->snapshot,
                .snapshot_context = world->snapshot_context,
                .status = world->status,
                .drift = world->drift,
                .versions = versions_new(),
                .directories = directories_new(world->files, world->clock, directories_changed, reconcile),
                .gate = gate_new(world->firewall, world->status, world->drift, world->clock, world->interval_ms),
                .firewall = world->firewall,
                .door = world->door,
                .pool = world->pool,
                .probe = world->probe,
                .clock = world->clock,
                .facts_changed = facts_changed,
                .facts_context = reconcile,
                .interval_ms = world->interval_ms,
                .restart_bricks = world->restart_bricks,
        };
        status_set_layers(world->status, world->storage_node ? world->storage_node : "",
                          (const bool[LAYER_COUNT]){ [LAYER_FIREWALL] = world->firewall != NULL,
                                                     [LAYER_VOLFILED] = world->door != NULL,
                                                     [LAYER_GLUSTER] = true,
                                                     [LAYER_NFS] = true });
        if (world->pool) {
                size_t count;
                const struct address *members = pool_addresses(world->pool, &count);

                status_set_members(world->status, members, count);
        }
        if (world->probe)
                gate_keep_to_itself(reconcile->side_world.gate, &world->probe->network);
        gate_adopt(reconcile->side_world.gate);
        failed = nfs_side_start(&reconcile->side_world, world->nfs, &reconcile->nfs, fault);
        if (!failed)
                failed = gluster_side_start(&reconcile->side_world, world->gluster, &reconcile->gluster, fault);
        if (!failed)
                failed = verify_open(reconcile, fault);
        if (!failed)
                failed = storages_open(reconcile, fault);
        if (failed) {
                reconcile_stop(reconcile);
                return failed;
        }
        atomic_store(&reconcile->running, true);
        if (world->pool) {
                pool_watch(world->pool, members_changed, reconcile);
                members_changed(reconcile);
        }
        facts_changed(reconcile); /* what was told while they started */
        directories_changed(reconcile);
        *result = reconcile;
        return 0;
}

void reconcile_stop(struct reconcile *reconcile)
{
        if (!reconcile)
                return;
        atomic_store(&reconcile->running, false);
        if (reconcile->world.pool)
                pool_watch(reconcile->world.pool, NULL, NULL);
        verify_stop(reconcile->verify); /* it opens and closes the gate, and wakes both sides */
        directories_stop(reconcile->side_world.directories); /* it wakes both sides */
        gluster_side_stop(reconcile->gluster);               /* it wakes the NFS side */
        nfs_side_stop(reconcile->nfs);
        storage_watch_stop(reconcile->storages); /* both sides wake it */
        directories_free(reconcile->side_world.directories);
        gate_free(reconcile->side_world.gate);
        versions_free(reconcile->side_world.versions);
        free(reconcile);
}
