/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The watch over storages, against storages in memory: what is known is told, and what is not with the reason.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/storage_watch.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000

struct rig {
        pthread_mutex_t lock; /* of the snapshot and the fake volume */
        struct snapshot *snapshot;
        struct fake_gluster_volume volume;
        struct gluster_health seam, locked;
        struct fake_storage_files *directories;
        struct storage_files files;
        struct side_world world;
        struct storage_watch *watch;
};

static const struct snapshot *rig_snapshot(void *context)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        const struct snapshot *snapshot = shared_get(rig->snapshot);
        pthread_mutex_unlock(&rig->lock);
        return snapshot;
}

static int rig_look(void *context, const char *volume, struct volume_health *seen, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.look(rig->seam.context, volume, seen, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static void put(struct rig *rig, void *object)
{
        struct snapshot *next = snapshot_draft(rig->snapshot);

        snapshot_put(next, object);
        shared_put(object);
        pthread_mutex_lock(&rig->lock);
        struct snapshot *older = rig->snapshot;
        rig->snapshot = next;
        pthread_mutex_unlock(&rig->lock);
        shared_put(older);
}

static struct storage *single_storage(void)
{
        struct storage *storage = storage_new("disk");

        storage->document.revision = 1;
        storage->kind = STORAGE_SINGLE;
        world_set(&storage->account, "acme");
        world_set(&storage->mount_root, "/srv/disk");
        return storage;
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);
        struct fault fault;

        pthread_mutex_init(&rig->lock, NULL);
        rig->snapshot = snapshot_new();
        put(rig, world_storage());
        put(rig, single_storage());
        fake_gluster_volume_init(&rig->volume, "data");
        rig->volume.pool_members = 2;
        rig->seam = fake_gluster_health_seam(&rig->volume);
        rig->locked = (struct gluster_health){ rig_look, rig };
        rig->directories = fake_storage_files_new();
        rig->files = fake_storage_files_table(rig->directories);
        rig->world = (struct side_world){
                .snapshot = rig_snapshot, .snapshot_context = rig, .clock = clock_system(), .interval_ms = 50
        };
        assert_int_equal(storage_watch_start(&rig->world, rig->world.interval_ms, &rig->files, &rig->locked,
                                             &rig->watch, &fault),
                         0);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        storage_watch_stop(rig->watch);
        fake_gluster_volume_fini(&rig->volume);
        fake_storage_files_free(rig->directories);
        shared_put(rig->snapshot);
        pthread_mutex_destroy(&rig->lock);
        free(rig);
        return 0;
}

static const struct storage_seen *seen_now(struct rig *rig, const char *name)
{
        return storage_watch_get(rig->watch, snapshot_storage(rig->snapshot, name));
}

/* Waits until `is` holds of what was seen of the storage. */
static void await(struct rig *rig, const char *name, bool (*is)(const struct storage_seen *seen))
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        for (;;) {
                AUTO_SHARED const struct storage_seen *seen = seen_now(rig, name);

                if (seen && is(seen))
                        return;
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                world_pause();
        }
}

static bool is_well(const struct storage_seen *seen)
{
        return seen->capacity_fault.code == FAULT_NONE && seen->capacity.bytes_total > 0 &&
               (seen->storage->kind == STORAGE_SINGLE
                        ? seen->health_at_ms == 0
                        : seen->health_fault.code == FAULT_NONE && seen->heal.state == HEAL_HEALTHY);
}

static bool is_full(const struct storage_seen *seen)
{
        return seen->capacity_fault.code == FAULT_NONE && seen->capacity.bytes_available == 7;
}

static bool is_degraded(const struct storage_seen *seen)
{
        return seen->heal.state == HEAL_DEGRADED && seen->heal.bricks_down == 1 && seen->heal.entries == 4;
}

static bool is_healing(const struct storage_seen *seen)
{
        return seen->heal.state == HEAL_HEALING && seen->heal.entries == 4;
}

static bool is_split(const struct storage_seen *seen)
{
        return seen->heal.state == HEAL_SPLIT_BRAIN && seen->heal.split_brain == 1;
}

static bool is_unknown(const struct storage_seen *seen)
{
        return seen->capacity_fault.code == FAULT_NONE && seen->health_fault.code == FAULT_UNAVAILABLE &&
               seen->heal.state == HEAL_UNKNOWN;
}

static void each_storage_is_looked_at_and_again(void **test)
{
        struct rig *rig = *test;
        const struct storage_capacity full = { 100, 7, 100, 8 };

        await(rig, "files", is_well);
        await(rig, "disk", is_well);
        fake_storage_files_room(rig->directories, &full);
        await(rig, "files", is_full);
        await(rig, "disk", is_full);
}

static void volume_change(struct rig *rig, bool brick_runs, unsigned heals, unsigned split)
{
        pthread_mutex_lock(&rig->lock);
        rig->volume.bricks[2].running = brick_runs;
        rig->volume.bricks[0].heals = rig->volume.bricks[1].heals = heals;
        rig->volume.bricks[0].split = split;
        pthread_mutex_unlock(&rig->lock);
}

static void health_follows_the_volume(void **test)
{
        struct rig *rig = *test;

        await(rig, "files", is_well);
        volume_change(rig, false, 4, 0);
        await(rig, "files", is_degraded);
        volume_change(rig, true, 4, 0);
        await(rig, "files", is_healing);
        volume_change(rig, true, 4, 1);
        await(rig, "files", is_split);
        volume_change(rig, true, 0, 0);
        await(rig, "files", is_well);
}

/* What cannot be told of one side does not hide the other, and is over when it is. */
static void what_nobody_can_say_is_unknown_with_the_reason(void **test)
{
        struct rig *rig = *test;

        await(rig, "files", is_well);
        pthread_mutex_lock(&rig->lock);
        rig->volume.down = true;
        pthread_mutex_unlock(&rig->lock);
        await(rig, "files", is_unknown);
        pthread_mutex_lock(&rig->lock);
        rig->volume.down = false;
        pthread_mutex_unlock(&rig->lock);
        await(rig, "files", is_well);
}

static void any_one_fault_is_got_over(void **test)
{
        struct rig *rig = *test;

        for (enum fake_failure what = FAKE_BUSY; what <= FAKE_HANGS; what++) {
                pthread_mutex_lock(&rig->lock);
                rig->volume.fail_at = rig->volume.calls + 1;
                rig->volume.fail_with = what;
                pthread_mutex_unlock(&rig->lock);
                fake_storage_files_fail(rig->directories, 1 + (unsigned)what, FAULT_TIMEOUT);
                for (unsigned calls = fake_storage_files_calls(rig->directories);
                     fake_storage_files_calls(rig->directories) < calls + 8;)
                        world_pause();
                await(rig, "files", is_well);
                await(rig, "disk", is_well);
        }
}

static bool is_timed_out(const struct storage_seen *seen)
{
        return seen->capacity_fault.code == FAULT_TIMEOUT && seen->capacity.bytes_total == 0;
}

/* A call that was late tells nothing: the figures of before are not shown as those of now. */
static void a_file_system_that_hangs_is_unknown(void **test)
{
        struct rig *rig = *test;
        bool seen_hanging = false;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        await(rig, "disk", is_well);
        while (!seen_hanging && clock_monotonic_ms(clock_system()) < until_ms) {
                AUTO_SHARED const struct storage_seen *seen = seen_now(rig, "disk");

                seen_hanging = seen && is_timed_out(seen);
                if (!seen_hanging)
                        fake_storage_files_fail(rig->directories, 1, FAULT_TIMEOUT);
                world_pause();
        }
        assert_true(seen_hanging);
}

/* What was seen of another volume says nothing of this one. */
static void a_storage_that_has_changed_is_looked_at_anew(void **test)
{
        struct rig *rig = *test;
        struct storage *storage = world_storage();

        await(rig, "files", is_well);
        world_set(&storage->volume, "other");
        put(rig, storage);
        AUTO_SHARED const struct storage_seen *seen = seen_now(rig, "files");
        assert_true(!seen || strcmp(seen->storage->volume, "other") == 0);
        storage_watch_wake(rig->watch);
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        for (bool absent = false; !absent;) {
                AUTO_SHARED const struct storage_seen *now = seen_now(rig, "files");

                absent = now && now->health_fault.code == FAULT_NOT_FOUND;
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                world_pause();
        }
}

static void clients_of_bricks_are_known_by_their_address(void **test)
{
        struct rig *rig = *test;
        struct address client = world_address("10.77.0.21"), other = world_address("10.77.0.22");

        assert_int_equal(storage_seen_connected(NULL, &client), KNOWN_UNKNOWN);
        pthread_mutex_lock(&rig->lock);
        rig->volume.client = client;
        pthread_mutex_unlock(&rig->lock);
        storage_watch_stop(rig->watch);
        struct fault fault;
        assert_int_equal(storage_watch_start(&rig->world, rig->world.interval_ms, &rig->files, &rig->locked,
                                             &rig->watch, &fault),
                         0);
        await(rig, "files", is_well);
        AUTO_SHARED const struct storage_seen *seen = seen_now(rig, "files");
        assert_int_equal(storage_seen_connected(seen, &client), KNOWN_PRESENT);
        assert_int_equal(storage_seen_connected(seen, &other), KNOWN_ABSENT);
        AUTO_SHARED const struct storage_seen *disk = seen_now(rig, "disk");
        assert_int_equal(storage_seen_connected(disk, &client), KNOWN_UNKNOWN);
}

#define RIG_TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(each_storage_is_looked_at_and_again),
                RIG_TEST(health_follows_the_volume),
                RIG_TEST(what_nobody_can_say_is_unknown_with_the_reason),
                RIG_TEST(any_one_fault_is_got_over),
                RIG_TEST(a_file_system_that_hangs_is_unknown),
                RIG_TEST(a_storage_that_has_changed_is_looked_at_anew),
                RIG_TEST(clients_of_bricks_are_known_by_their_address),
        };

        return cmocka_run_group_tests_name("storage_watch", tests, NULL, NULL);
}
