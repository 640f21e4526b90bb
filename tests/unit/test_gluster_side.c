/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Gluster side against a volume in memory: whatever goes wrong on the way, the bricks end up holding the list,
 * and nobody is called active before.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/reconcile.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000

struct rig {
        pthread_mutex_t lock; /* of the fake volume */
        struct snapshot *snapshot;
        struct status *status;
        struct fake_gluster_volume volume;
        struct gluster_volume seam, locked;
        struct fake_nfs_server *server;
        struct nfs_server nfs;
        struct fake_storage_files *directories;
        struct storage_files files;
        bool keep, lost; /* a list without the client is remembered */
        struct reconcile *reconcile;
};

static const struct snapshot *rig_snapshot(void *context)
{
        return shared_get(((struct rig *)context)->snapshot);
}

static int rig_observe(void *context, const char *name, struct volume_seen *seen, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.observe(rig->seam.context, name, seen, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_secure(void *context, const char *name, const struct address *peers, size_t count,
                      struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.secure(rig->seam.context, name, peers, count, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_install(void *context, const char *name, const struct access_list *list, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.install(rig->seam.context, name, list, fault);
        rig->lost = rig->lost || (rig->keep && list->entry_count == 0);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_canary(void *context, const char *name, const struct volume_brick *brick, uint64_t generation,
                      enum known *held, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.canary(rig->seam.context, name, brick, generation, held, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static void rig_start(struct rig *rig)
{
        const struct reconcile_world world = { .snapshot = rig_snapshot,
                                               .snapshot_context = rig,
                                               .status = rig->status = status_new(clock_system()),
                                               .clock = clock_system(),
                                               .nfs = &rig->nfs,
                                               .gluster = &rig->locked,
                                               .files = &rig->files,
                                               .interval_ms = 200 };
        struct fault fault;

        assert_int_equal(reconcile_start(&world, &rig->reconcile, &fault), 0);
}

static void rig_stop(struct rig *rig)
{
        reconcile_stop(rig->reconcile);
        status_free(rig->status);
}

static void put(struct snapshot *snapshot, void *object)
{
        snapshot_put(snapshot, object);
        shared_put(object);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        pthread_mutex_init(&rig->lock, NULL);
        rig->snapshot = snapshot_new();
        rig->snapshot->revision = 4;
        put(rig->snapshot, world_storage());
        put(rig->snapshot, world_environment());
        put(rig->snapshot, world_node("1001", "cp", "10.77.0.21"));
        put(rig->snapshot, world_export("ex-1", 1));
        fake_gluster_volume_init(&rig->volume, "data");
        rig->seam = fake_gluster_volume_seam(&rig->volume);
        rig->locked = (struct gluster_volume){ rig_observe, rig_secure, rig_install, rig_canary, rig };
        rig->server = fake_nfs_server_new();
        rig->nfs = fake_nfs_server_seam(rig->server);
        rig->directories = fake_storage_files_new();
        rig->files = fake_storage_files_table(rig->directories);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        rig_stop(rig);
        fake_gluster_volume_fini(&rig->volume);
        fake_nfs_server_free(rig->server);
        fake_storage_files_free(rig->directories);
        shared_put(rig->snapshot);
        pthread_mutex_destroy(&rig->lock);
        free(rig);
        return 0;
}

/* Waits until the grant is shown in `state` by `protocol`. */
static void await_grant(struct rig *rig, enum grant_state state, enum protocol protocol)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        bool seen = false;

        while (!seen && clock_monotonic_ms(clock_system()) < until_ms) {
                AUTO_GRANTS struct grant_list grants = { 0 };
                struct protocol_facts facts = status_facts(rig->status);
                char cause[FAULT_TEXT_SIZE];
                const char *code;

                grant_derive(rig->snapshot, snapshot_export(rig->snapshot, "ex-1"), &facts, 0, &grants);
                seen = status_grant_state(rig->status, &grants.items[0], &code, cause) == state &&
                       grants.items[0].choice.protocol == protocol;
                sched_yield();
        }
        assert_true(seen);
}

static void assert_held(struct rig *rig)
{
        struct address client = world_address("10.77.0.21");

        await_grant(rig, GRANT_ACTIVE, PROTOCOL_IS_GLUSTER);
        pthread_mutex_lock(&rig->lock);
        assert_true(access_list_admits(&rig->volume.list, "/shared/site", &client));
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                assert_int_equal(rig->volume.bricks[i].generation, rig->volume.generation);
        pthread_mutex_unlock(&rig->lock);
}

static void any_one_fault_is_got_over(void **test)
{
        (void)test;
        for (enum fake_failure what = FAKE_BUSY; what <= FAKE_HANGS; what++)
                for (unsigned nth = 1; nth <= 7; nth++) {
                        void *state;

                        rig_set_up(&state);
                        struct rig *rig = state;
                        rig->volume.fail_at = nth;
                        rig->volume.fail_with = what;
                        rig_start(rig);
                        assert_held(rig);
                        rig_tear_down(&state);
                }
}

static void what_is_missing_is_told_and_got_over(void **test)
{
        struct rig *rig = *test;
        bool *const missing[] = { &rig->volume.down, &rig->volume.absent };

        rig_start(rig);
        assert_held(rig);
        for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
                pthread_mutex_lock(&rig->lock);
                *missing[i] = true;
                pthread_mutex_unlock(&rig->lock);
                await_grant(rig, GRANT_FAILED, PROTOCOL_IS_GLUSTER);
                pthread_mutex_lock(&rig->lock);
                *missing[i] = false;
                pthread_mutex_unlock(&rig->lock);
                assert_held(rig);
        }
}

static void without_the_filter_grants_move_to_nfs(void **test)
{
        struct rig *rig = *test;

        rig->volume.without_filter = true;
        rig_start(rig);
        await_grant(rig, GRANT_ACTIVE, PROTOCOL_IS_NFS);
        pthread_mutex_lock(&rig->lock);
        rig->volume.without_filter = false;
        pthread_mutex_unlock(&rig->lock);
        assert_held(rig);
}

static void a_restart_takes_nothing_away(void **test)
{
        struct rig *rig = *test;

        rig_start(rig);
        assert_held(rig);
        rig_stop(rig);
        rig->keep = true;
        rig_start(rig);
        assert_held(rig);
        assert_false(rig->lost);
}

static void a_directory_that_cannot_be_made_is_tried_again(void **test)
{
        struct rig *rig = *test;

        fake_storage_files_fail(rig->directories, 1, FAULT_UNAVAILABLE);
        rig_start(rig);
        assert_held(rig);
        assert_int_equal(fake_storage_files_get(rig->directories, "files", "/shared/site").kind, PATH_DIRECTORY);
}

/* A brick that has taken the place of another has no directory yet. */
static void after_a_brick_was_replaced_directories_are_made_again(void **test)
{
        struct rig *rig = *test;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        rig_start(rig);
        assert_held(rig);
        fake_storage_files_put(rig->directories, "files", "/shared", (struct fake_file){ .kind = PATH_ABSENT });
        pthread_mutex_lock(&rig->lock);
        rig->volume.replaced = 1;
        pthread_mutex_unlock(&rig->lock);
        while (fake_storage_files_get(rig->directories, "files", "/shared/site").kind != PATH_DIRECTORY &&
               clock_monotonic_ms(clock_system()) < until_ms)
                sched_yield();
        assert_int_equal(fake_storage_files_get(rig->directories, "files", "/shared/site").kind, PATH_DIRECTORY);
        assert_held(rig);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_one_fault_is_got_over),
                RIG_TEST(what_is_missing_is_told_and_got_over),
                RIG_TEST(without_the_filter_grants_move_to_nfs),
                RIG_TEST(a_restart_takes_nothing_away),
                RIG_TEST(a_directory_that_cannot_be_made_is_tried_again),
                RIG_TEST(after_a_brick_was_replaced_directories_are_made_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
