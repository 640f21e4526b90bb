/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/gluster_side.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/brick_renewal.h"
#include "reconcile/changes.h"
#include "reconcile/pool_side.h"
#include "reconcile/volume_drift.h"
#include "reconcile/volume_install.h"
#include "reconcile/volume_note.h"

#define DOOR_LOOK_MS 2000

struct gluster_side {
        const struct side_world *world;
        const struct gluster_volume *gluster;
        struct side_wake wake;
        pthread_t thread;
        const struct snapshot *snapshot;
        struct pmap volumes; /* storage name -> struct volume_state */
        bool starting;       /* it follows its first snapshot */
        int64_t next_expiry_ms;
        int64_t next_door_look_ms;
};

/* Every cluster storage has its state, whether or not anything is exported from it: its bricks are closed all
 * the same. */
static void volumes_follow(struct gluster_side *side)
{
        struct snapshot_walk walk;
        const struct storage *storage;

        snapshot_walk_start(&walk, side->snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                if (storage->kind == STORAGE_CLUSTER)
                        volume_state_get(&side->volumes, storage)->revision = side->snapshot->revision;
        volumes_mark_gone(side->volumes, side->snapshot);
}

/* The share that `export` has in its volume now. */
static struct share *share_make(struct gluster_side *side, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct protocol_facts facts = status_facts(side->world->status);
        int64_t now_ms = clock_wall_ms(side->world->clock);

        grant_derive(side->snapshot, export, &facts, now_ms, &grants);
        if (export->expires_at_ms > now_ms &&
            (!side->next_expiry_ms || export->expires_at_ms < side->next_expiry_ms))
                side->next_expiry_ms = export->expires_at_ms;
        return share_new(&grants, side->snapshot->revision);
}

static void export_changed(void *context, const struct export *old_export, const struct export *new_export)
{
        struct gluster_side *side = context;
        const char *id = (new_export ? new_export : old_export)->document.id;
        const char *name = (new_export ? new_export : old_export)->storage;
        struct volume_state *volume = pmap_find(side->volumes, name, strlen(name));
        struct share *share;

        if (!new_export)
                directories_forget(side->world->directories, id);
        if (!volume)
                return;
        share = new_export ? share_make(side, new_export) : NULL;
        if (share) {
                bool is_new = !pmap_find(volume->shares.by_id, id, strlen(id));

                share->assumed = side->starting;
                shares_put(&volume->shares, share);
                if (is_new)
                        volume_state_grow(volume);
                else
                        volume_state_touch(volume);
                volume->door_told = false;
        } else if (shares_remove(&volume->shares, id)) {
                volume_state_touch(volume);
        }
        shared_put(share);
}

static void members_follow(struct gluster_side *side)
{
        pool_side_follow(side->world, side->snapshot->revision, side->volumes);
}

/* Lets the storage nodes through to everything: those that are registered, and those that have bricks, for a heal
 * must not depend on the inventory. So the filter waits for the first answer (or silence) of glusterd. */
static void gate_follow_peers(struct gluster_side *side)
{
        AUTO_ADDRESS_BAG struct address_bag peers = { 0 };
        struct fault fault = { 0 };

        if (!volumes_looked(side->volumes))
                return;
        volumes_peers(side->volumes, side->snapshot, &peers);
        pool_side_peers(side->world, &peers);
        if (gate_peers(side->world->gate, peers.items, peers.count, &fault) != 0)
                side_complain("put the packet filter in place", &fault);
}

static void gate_follow(struct gluster_side *side)
{
        gate_follow_peers(side);
        volumes_shut_unwanted(side->volumes, side->world->gate);
        gate_followed(side->world->gate, SERVICE_GLUSTER, side->snapshot->revision);
        members_follow(side);
}

static void snapshot_follow(struct gluster_side *side, bool all)
{
        const struct snapshot *older = side->snapshot;

        side->snapshot = side->world->snapshot(side->world->snapshot_context);
        status_follow(side->world->status, side->snapshot);
        volumes_follow(side);
        side->starting = !older;
        if (side->snapshot != older)
                changes_walk(older, side->snapshot, export_changed, side);
        if (all && older)
                changes_walk(NULL, side->snapshot, export_changed, side);
        shared_put(older);
        side_bind(side->world, side->snapshot);
        gate_follow(side);
}

/* Asks for the directories of shares that are not ready. Those that cannot be made are noted with the reason. */
static void shares_make_ready(struct gluster_side *side, struct volume_state *volume)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        volume->unready = 0;
        volume->awaited = status_coming(side->world->status);
        pmap_first(volume->shares.by_id, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                struct share *share = entry.value;
                struct fault fault = { 0 };
                enum known there;

                if (share->ready)
                        continue;
                there = directories_ask(side->world->directories, share->storage, share->export, &fault);
                volume->unready += there != KNOWN_PRESENT;
                volume->awaited += there == KNOWN_UNKNOWN;
                if (there == KNOWN_PRESENT) {
                        share->ready = true;
                        volume_state_grow(volume);
                } else if (there == KNOWN_ABSENT) {
                        fault_prefix(&fault, "make directory %s", share->export->path);
                        status_note(side->world->status, share->id, PROTOCOL_IS_GLUSTER, share->revision, &fault);
                }
        }
}

/* Native clients get the volume's description from gatehouse-volfiled: it learns each change, and that of a volume
 * option by hand at the next look, before the packet filter lets anybody new in. What it knows already costs it
 * nothing. */
static int door_follow(struct gluster_side *side, const struct volume_state *volume,
                       const struct volume_seen *seen, struct fault *fault)
{
        AUTO_ADDRESS_BAG struct address_bag clients = { 0 };
        const struct native_door *door = side->world->door;
        const struct volume_state *other = volumes_beside(side->volumes, volume);

        if (!door)
                return 0;
        if (volume->gone && other)
                return 0; /* what is published for another has taken its place */
        if (other)        /* the API refuses to make it so; an older gatehoused did not */
                return fault_set(
                        fault, FAULT_UNAVAILABLE,
                        "serve volume %s of storage %s natively: gatehouse-volfiled serves one volume, and "
                        "storage %s is volume %s; delete one of the two storages",
                        volume->storage->volume, volume->storage->document.id, other->storage->document.id,
                        other->storage->volume);
        shares_addresses(&volume->shares, true, &clients);
        address_bag_tidy(&clients);
        return door->publish(door->context, volume->storage->volume, seen->bricks, seen->brick_count,
                             clients.items, clients.count, fault);
}

/* A gatehouse-volfiled that was restarted knows nothing and lets nobody in until it is told again; and a client
 * that is not told of new bricks misses the files that a rebalance moves there. */
static void door_watch(struct gluster_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock);
        struct fault fault = { 0 };
        bool told = false;
        int failed;

        if (!side->world->door || now_ms < side->next_door_look_ms)
                return;
        side->next_door_look_ms = now_ms + DOOR_LOOK_MS;
        failed = side->world->door->observe(side->world->door->context, &told, &fault);
        if (volumes_beside(side->volumes, NULL))
                status_note_backend(side->world->status, BACKEND_VOLFILED, failed ? &fault : NULL);
        if (!failed && told)
                return;
        volumes_doubt(side->volumes);
}

static void version_note(const struct gluster_side *side, uint32_t op_version)
{
        char version[SERVER_VERSION_SIZE];

        server_version_of_glusterd(op_version, version);
        versions_note(side->world->versions, PROTOCOL_IS_GLUSTER, version);
}

static int volume_observe(struct gluster_side *side, struct volume_state *volume, struct volume_seen *seen,
                          struct fault *fault)
{
        int failed = side->gluster->observe(side->gluster->context, volume->storage->volume, seen, fault);

        status_note_backend(side->world->status, BACKEND_GLUSTERD, failed ? fault : NULL);
        if (!failed && !volume->gone)
                volume_note_health(side->world->status, volume, seen);
        version_note(side, failed ? 0 : seen->op_version);
        volume_state_looked(volume, seen);
        volume_directories_again(volume, side->world->directories);
        gate_follow_peers(side);
        members_follow(side);
        return failed ? failed : volume_state_check(volume, seen, fault);
}

/* Observes the volume, puts right what others have changed of it, and brings its bricks to what is wanted. */
static int volume_settle(struct gluster_side *side, struct volume_state *volume, struct fault *fault)
{
        __attribute__((cleanup(volume_seen_fini))) struct volume_seen seen = { 0 };
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        bool holds = false, repaired = false;
        struct fault cause = { 0 };
        const struct volume_installer installer = { side->gluster, side->world->pool, side->world->clock,
                                                    &side->wake.stop };
        int failed = volume_observe(side, volume, &seen, fault), drifted;

        if (volume->gone && seen.known == KNOWN_ABSENT) { /* nobody is let in by what is not there */
                volume_note_list(side->world->status, volume);
                return 0;
        }
        if (failed)
                return failed;
        shares_list(&volume->shares, volume->storage->addresses, volume->storage->address_count, &list);
        drifted = volume_drift_look(side->world, side->gluster, volume, &seen, &list, &holds, &repaired, &cause);
        if (repaired) {
                volume_seen_fini(&seen);
                if ((failed = volume_observe(side, volume, &seen, fault)))
                        return failed;
        }
        if ((failed = pool_side_judge(side->world, &seen, fault)))
                return failed;
        if (drifted)
                return fault_set(fault, cause.code, "%s", cause.text);
        if (holds)
                volume_list_adopt(volume, seen.generation);
        if ((failed = volume_list_follow(&installer, volume, &seen, &list, fault)))
                return failed;
        volume_note_list(side->world->status, volume);
        failed = door_follow(side, volume, &seen, fault);
        volume->door_told = !failed;
        return failed;
}

/* The bricks hold the list: now whom it lets in may come, to this node and to every member. */
static int gate_open_ready(struct gluster_side *side, const struct volume_state *volume, struct fault *fault)
{
        AUTO_ADDRESS_BAG struct address_bag ready = { 0 };

        shares_addresses(&volume->shares, true, &ready);
        int failed = gate_open(side->world->gate, SERVICE_GLUSTER, ready.items, ready.count, fault);
        members_follow(side);
        return failed ? failed : pool_side_await(side->world, fault);
}

static void volume_work(struct gluster_side *side, struct volume_state *volume)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock);
        struct fault fault = { 0 };

        shares_make_ready(side, volume);
        if (volume->retry_at_ms ? now_ms < volume->retry_at_ms : !volume->dirty && now_ms < volume->next_look_ms)
                return;
        if (volume_state_gathers_until(volume, now_ms) != 0)
                return;
        volume->dirty = volume->gathers = false;
        volume->gathering_ms = 0;
        volume->next_look_ms = now_ms + side->world->interval_ms;
        volume->retry_at_ms = 0;
        if (volume_settle(side, volume, &fault) == 0 && gate_open_ready(side, volume, &fault) == 0) {
                volume->failures = 0;
                volume_drift_settled(side->world, volume, NULL);
                volume->fault = (struct fault){ 0 };
                volume_note_served(side->world->status, volume);
                return;
        }
        volume_drift_settled(side->world, volume, &fault);
        volume->fault = fault;
        volume->failures++;
        volume_state_doubt(volume);
        volume->next_compare_ms = 0;
        volume->retry_at_ms =
                clock_monotonic_ms(side->world->clock) +
                (fault.code == FAULT_CONFLICT && volume->failures < 8 ? 50 : side_backoff_ms(volume->failures));
        if (volume->failures == 1 && fault.code != FAULT_OBSERVING)
                log_warning("Gluster volume %s: %s", volume->storage->volume, fault.text);
        if (fault.code != FAULT_CONFLICT || volume->failures > 8)
                volume_note_fault(side->world->status, volume, &fault);
}

/* What can wait comes when the volume holds what is wanted. */
static void volume_renew(struct gluster_side *side, struct volume_state *volume)
{
        if (!volume->gone && !volume->dirty && !volume->retry_at_ms && volume->installed.generation != 0)
                brick_renewal_turn(side->world, side->gluster, volume);
}

/* When something is due for it unasked. */
static int64_t volume_due_ms(const struct volume_state *volume, int64_t now_ms)
{
        const struct brick_renewal *renewal = &volume->renewal;

        if (volume->retry_at_ms)
                return volume->retry_at_ms;
        if (volume->dirty)
                return volume->gathering_ms ? volume->gathering_ms + VOLUME_GATHER_MS : now_ms;
        return !renewal->done && renewal->next_ms > now_ms && renewal->next_ms < volume->next_look_ms
                       ? renewal->next_ms
                       : volume->next_look_ms;
}

/* Milliseconds until something is due unasked. */
static int side_pause_ms(const struct gluster_side *side)
{
        int64_t now_ms = clock_monotonic_ms(side->world->clock), due_ms = now_ms + side->world->interval_ms;
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(side->volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                int64_t its_due_ms = volume_due_ms(entry.value, now_ms);

                if (its_due_ms < due_ms)
                        due_ms = its_due_ms;
        }
        if (side->world->door && pmap_count(side->volumes) > 0 && side->next_door_look_ms < due_ms)
                due_ms = side->next_door_look_ms;
        if (side->next_expiry_ms && now_ms + side->next_expiry_ms - clock_wall_ms(side->world->clock) < due_ms)
                due_ms = now_ms + side->next_expiry_ms - clock_wall_ms(side->world->clock);
        if (gate_due_ms(side->world->gate) < due_ms)
                due_ms = gate_due_ms(side->world->gate);
        return due_ms > now_ms ? (int)(due_ms - now_ms) + 1 : 0;
}

static void side_follow(struct gluster_side *side)
{
        bool expired = side->next_expiry_ms && side->next_expiry_ms <= clock_wall_ms(side->world->clock);

        side_wake_drain(&side->wake);
        if (atomic_exchange(&side->wake.members, false))
                volumes_doubt(side->volumes);
        if (expired)
                side->next_expiry_ms = 0;
        snapshot_follow(side, atomic_exchange(&side->wake.facts, false) || expired);
}

static void *side_run(void *argument)
{
        struct gluster_side *side = argument;

        while (!atomic_load(&side->wake.stop)) {
                struct pmap_cursor cursor;
                struct pmap_entry entry;

                side_follow(side);
                gate_tend(side->world->gate);
                door_watch(side);
                pmap_first(side->volumes, NULL, 0, &cursor);
                while (pmap_next(&cursor, &entry)) {
                        volume_work(side, entry.value);
                        volume_renew(side, entry.value);
                }
                volumes_let_go(&side->volumes);
                volumes_review(side->volumes, side->world->status, side->snapshot->revision);
                pool_side_review(side->world, side->snapshot->revision, side->volumes);
                if (volumes_settled(side->volumes))
                        status_note_settled(side->world->status, PROTOCOL_IS_GLUSTER, side->snapshot->revision);
                struct pollfd wake = { .fd = side->wake.fd, .events = POLLIN };
                poll(&wake, 1, side_pause_ms(side));
        }
        return NULL;
}

int gluster_side_start(const struct side_world *world, const struct gluster_volume *gluster,
                       struct gluster_side **result, struct fault *fault)
{
        struct gluster_side *side = NEW(struct gluster_side);

        side->world = world;
        side->gluster = gluster;
        int failed = side_wake_init(&side->wake, fault);
        if (!failed && pthread_create(&side->thread, NULL, side_run, side) != 0)
                failed = fault_set(fault, FAULT_INTERNAL, "start the Gluster side: no thread to be had");
        if (failed) {
                free(side);
                return failed;
        }
        pthread_setname_np(side->thread, "gluster-side");
        *result = side;
        return 0;
}

void gluster_side_stop(struct gluster_side *side)
{
        if (!side)
                return;
        atomic_store(&side->wake.stop, true);
        side_wake_call(&side->wake);
        pthread_join(side->thread, NULL);
        pmap_fini(&side->volumes);
        shared_put(side->snapshot);
        side_wake_fini(&side->wake);
        free(side);
}

struct side_wake *gluster_side_wake(struct gluster_side *side)
{
        return &side->wake;
}
