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
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/reconcile.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000

struct rig {
        pthread_mutex_t lock; /* of the fake volume */
        struct snapshot *snapshot;
        struct status *status;
        struct drift *drift;
        struct fake_firewall *filter;
        struct firewall firewall;
        bool walled, observe; /* with a packet filter; reconcile = observe */
        struct fake_gluster_volume volume;
        struct gluster_volume seam, locked;
        struct fake_nfs_server *server;
        struct nfs_server nfs;
        struct fake_storage_files *directories;
        struct storage_files files;
        const struct native_door *door;
        bool leave_bricks; /* brick_restart = off */
        bool keep, lost;   /* a list without the client is remembered */
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

static int rig_compare(void *context, const char *name, const struct address *peers, size_t count,
                       const struct access_list *list, struct volume_differences *found, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.compare(rig->seam.context, name, peers, count, list, found, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_put_filter_back(void *context, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.put_filter_back(rig->seam.context, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_bricks_look(void *context, const char *name, bool heal, struct bricks_seen *seen,
                           struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.bricks_look(rig->seam.context, name, heal, seen, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static int rig_brick_restart(void *context, const char *name, const char *path, struct fault *fault)
{
        struct rig *rig = context;

        pthread_mutex_lock(&rig->lock);
        int failed = rig->seam.brick_restart(rig->seam.context, name, path, fault);
        pthread_mutex_unlock(&rig->lock);
        return failed;
}

static void rig_start(struct rig *rig)
{
        const struct reconcile_world world = { .snapshot = rig_snapshot,
                                               .snapshot_context = rig,
                                               .status = rig->status = status_new(clock_system()),
                                               .drift = rig->drift = drift_new(clock_system(), NULL, NULL),
                                               .clock = clock_system(),
                                               .firewall = rig->walled ? &rig->firewall : NULL,
                                               .observe = rig->observe,
                                               .nfs = &rig->nfs,
                                               .gluster = &rig->locked,
                                               .files = &rig->files,
                                               .door = rig->door,
                                               .restart_bricks = !rig->leave_bricks,
                                               .interval_ms = 200 };
        struct fault fault;

        assert_int_equal(reconcile_start(&world, &rig->reconcile, &fault), 0);
}

static void rig_stop(struct rig *rig)
{
        reconcile_stop(rig->reconcile);
        status_free(rig->status);
        drift_free(rig->drift);
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
        rig->locked = (struct gluster_volume){ rig_observe,     rig_secure,        rig_install,
                                               rig_canary,      rig_compare,       rig_put_filter_back,
                                               rig_bricks_look, rig_brick_restart, rig };
        rig->server = fake_nfs_server_new();
        rig->nfs = fake_nfs_server_seam(rig->server);
        rig->filter = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->filter);
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
        fake_firewall_free(rig->filter);
        fake_nfs_server_free(rig->server);
        fake_storage_files_free(rig->directories);
        shared_put(rig->snapshot);
        pthread_mutex_destroy(&rig->lock);
        free(rig);
        return 0;
}

/* Waits until the grant is shown in `state` by `protocol`; `why` is what the cause has in it, NULL = anything. */
static void await_grant_for(struct rig *rig, enum grant_state state, enum protocol protocol, const char *why)
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
                       grants.items[0].choice.protocol == protocol && (!why || strstr(cause, why));
                world_pause();
        }
        assert_true(seen);
}

static void await_grant(struct rig *rig, enum grant_state state, enum protocol protocol)
{
        await_grant_for(rig, state, protocol, NULL);
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
                world_pause();
        assert_int_equal(fake_storage_files_get(rig->directories, "files", "/shared/site").kind, PATH_DIRECTORY);
        assert_held(rig);
}

/* --- Drift -------------------------------------------------------------------------------------------------- */

struct wish {
        enum difference_kind kind;
        enum difference_action action;
        bool found;
        size_t total;
        int64_t looked_at_ms;
};

static void wish_look(void *context, const struct drift_view *view)
{
        struct wish *wish = context;

        wish->total = view->counts[PLACE_GLUSTERD];
        wish->looked_at_ms = view->looks[PLACE_GLUSTERD].at_ms;
        for (size_t i = 0; i < wish->total; i++)
                wish->found = wish->found || (view->differences[PLACE_GLUSTERD][i].kind == wish->kind &&
                                              view->differences[PLACE_GLUSTERD][i].action == wish->action);
}

static void await_difference(struct rig *rig, enum difference_kind kind, enum difference_action action)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct wish wish = { .kind = kind, .action = action };

        while (!wish.found && clock_monotonic_ms(clock_system()) < until_ms) {
                drift_show(rig->drift, wish_look, &wish);
                world_pause();
        }
        if (!wish.found)
                fail_msg("no %s is noted as %s", difference_code(kind), difference_action_word(action));
}

/* Differences that are noted, once a look that began after now has ended. */
static size_t differences_after_a_look(struct rig *rig)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct wish now = { 0 };

        for (int looks = 0; looks < 2; looks++) {
                int64_t before_ms = (drift_show(rig->drift, wish_look, &now), now.looked_at_ms);

                while (now.looked_at_ms == before_ms && clock_monotonic_ms(clock_system()) < until_ms) {
                        drift_show(rig->drift, wish_look, &now);
                        world_pause();
                }
        }
        return now.total;
}

static void tamper(struct rig *rig, bool *flag)
{
        pthread_mutex_lock(&rig->lock);
        *flag = true;
        pthread_mutex_unlock(&rig->lock);
}

static void what_others_change_is_put_right(void **test)
{
        struct rig *rig = *test;
        struct {
                bool *flag;
                enum difference_kind kind;
        } cases[] = { { &rig->volume.option_set, DIFFERENCE_VOLUME_OPTION },
                      { &rig->volume.list_edited, DIFFERENCE_VOLUME_LIST },
                      { &rig->volume.volfile_edited, DIFFERENCE_VOLUME_VOLFILE },
                      { &rig->volume.filter_moved, DIFFERENCE_FILTER } };

        rig_start(rig);
        assert_held(rig);
        assert_int_equal(differences_after_a_look(rig), 0); /* what we set up ourselves is no drift */
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                tamper(rig, cases[i].flag);
                await_difference(rig, cases[i].kind, DIFFERENCE_REPAIRED);
                assert_held(rig);
                pthread_mutex_lock(&rig->lock);
                assert_false(*cases[i].flag);
                pthread_mutex_unlock(&rig->lock);
                assert_int_equal(differences_after_a_look(rig), i + 1);
        }
        pthread_mutex_lock(&rig->lock);
        rig->volume.generation = 1000; /* user.gatehouse-generation, by hand */
        pthread_mutex_unlock(&rig->lock);
        await_difference(rig, DIFFERENCE_VOLUME_GENERATION, DIFFERENCE_REPAIRED);
        assert_held(rig);
}

static bool client_passes(struct rig *rig)
{
        struct address client = world_address("10.77.0.21");

        return fake_firewall_admits(rig->filter, SERVICE_GLUSTER, &client);
}

static void await_client(struct rig *rig, bool passes)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while (client_passes(rig) != passes && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_int_equal(client_passes(rig), passes);
}

static void natives_stay_outside_while_a_volfile_is_wrong(void **test)
{
        struct rig *rig = *test;

        rig->walled = true;
        rig_start(rig);
        assert_held(rig);
        await_client(rig, true);
        pthread_mutex_lock(&rig->lock);
        rig->volume.volfile_edited = true;
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                rig->volume.bricks[i].stuck = true; /* so that it cannot be put right */
        pthread_mutex_unlock(&rig->lock);
        await_client(rig, false);
        pthread_mutex_lock(&rig->lock);
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                rig->volume.bricks[i].stuck = false;
                fake_gluster_volume_run(&rig->volume, i, true);
        }
        pthread_mutex_unlock(&rig->lock);
        await_client(rig, true);
        assert_held(rig);
        await_difference(rig, DIFFERENCE_VOLUME_VOLFILE, DIFFERENCE_REPAIRED);
}

static void a_restart_knows_the_list_again(void **test)
{
        struct rig *rig = *test;
        unsigned before;

        rig_start(rig);
        assert_held(rig);
        rig_stop(rig);
        before = rig->volume.installs + rig->volume.secures;
        rig_start(rig);
        assert_held(rig);
        assert_int_equal(differences_after_a_look(rig), 0);
        assert_int_equal(rig->volume.installs + rig->volume.secures, before);
}

static int forbidden_secure(void *context, const char *name, const struct address *peers, size_t count,
                            struct fault *fault)
{
        (void)context;
        (void)name;
        (void)peers;
        (void)count;
        (void)fault;
        print_error("a server is changed although reconcile = observe\n");
        abort(); /* in a thread of the reconciler */
}

static int forbidden_install(void *context, const char *name, const struct access_list *list, struct fault *fault)
{
        (void)list;
        return forbidden_secure(context, name, NULL, 0, fault);
}

static int forbidden_put_filter_back(void *context, struct fault *fault)
{
        return forbidden_secure(context, NULL, NULL, 0, fault);
}

static void observe_reports_and_touches_nothing(void **test)
{
        struct rig *rig = *test;
        unsigned calls;

        rig->walled = true;
        rig_start(rig);
        assert_held(rig);
        await_client(rig, true);
        rig_stop(rig);
        rig->observe = true;
        rig->locked.secure = forbidden_secure;
        rig->locked.install = forbidden_install;
        rig->locked.put_filter_back = forbidden_put_filter_back;
        rig_start(rig);
        assert_held(rig); /* active: the servers hold it */
        assert_int_equal(differences_after_a_look(rig), 0);
        calls = rig->volume.installs + rig->volume.secures;
        tamper(rig, &rig->volume.option_set);
        await_difference(rig, DIFFERENCE_VOLUME_OPTION, DIFFERENCE_REPORTED);
        tamper(rig, &rig->volume.list_edited);
        await_difference(rig, DIFFERENCE_VOLUME_LIST, DIFFERENCE_REPORTED);
        await_grant(rig, GRANT_PENDING, PROTOCOL_IS_GLUSTER);
        assert_true(client_passes(rig)); /* nor is the packet filter touched */
        fake_firewall_flush(rig->filter);
        await_client(rig, true);
        /* An enforcing gateway would put it back: nothing moves over to NFS for it. */
        assert_int_equal(differences_after_a_look(rig), 2);
        await_grant(rig, GRANT_PENDING, PROTOCOL_IS_GLUSTER);
        assert_int_equal(rig->volume.installs + rig->volume.secures, calls);
}

static int door_publish(void *context, const char *volume, const struct volume_brick *bricks, size_t brick_count,
                        const struct address *clients, size_t client_count, struct fault *fault)
{
        (void)context;
        (void)bricks;
        (void)brick_count;
        (void)clients;
        (void)client_count;
        return strcmp(volume, "data") == 0 ? 0 : fault_set(fault, FAULT_INTERNAL, "another volume than the one");
}

static int door_observe(void *context, bool *told, struct fault *fault)
{
        (void)context;
        (void)fault;
        *told = true;
        return 0;
}

/* The API refuses a second volume; a store from before it did has both, and whoever reads of one learns of both.
 */
static void two_stored_volumes_are_told_until_one_goes(void **test)
{
        static const struct native_door door = { door_publish, door_observe, NULL };
        struct rig *rig = *test;
        struct storage *second = world_storage();

        world_set(&second->document.id, "archive");
        world_set(&second->volume, "old");
        put(rig->snapshot, second);
        rig->door = &door;
        rig_start(rig);
        await_grant_for(rig, GRANT_FAILED, PROTOCOL_IS_GLUSTER,
                        "serve volume data of storage files natively: gatehouse-volfiled serves one volume, and "
                        "storage archive is volume old; delete one");
        rig_stop(rig);
        snapshot_remove(rig->snapshot, DOCUMENT_STORAGE, "archive");
        rig_start(rig);
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
                RIG_TEST(what_others_change_is_put_right),
                RIG_TEST(natives_stay_outside_while_a_volfile_is_wrong),
                RIG_TEST(a_restart_knows_the_list_again),
                RIG_TEST(observe_reports_and_touches_nothing),
                RIG_TEST(two_stored_volumes_are_told_until_one_goes),
        };

        log_open("test_gluster_side", LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
