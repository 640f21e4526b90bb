/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Drift of the NFS server, in memory: what somebody else changes is found, put right and noted once; what is not
 * ours is left alone and listed; what we change ourselves is no drift.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/snapshot.h"
#include "reconcile/nfs_drift.h"
#include "reconcile/nfs_entry.h"
#include "reconcile/reconcile.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000
#define EXPORTS 300 /* more than a slice of the walk */

static const struct gluster_volume no_gluster;

struct rig {
        struct snapshot *snapshot;
        struct status *status;
        struct drift *drift;
        struct fake_nfs_server *server;
        struct fake_storage_files *directories;
        struct nfs_server nfs;
        struct storage_files files;
        struct reconcile *reconcile;
};

static const struct snapshot *rig_snapshot(void *context)
{
        return shared_get(((struct rig *)context)->snapshot);
}

static void put(struct snapshot *snapshot, void *object)
{
        snapshot_put(snapshot, object);
        shared_put(object);
}

static void export_put(struct snapshot *snapshot, unsigned number)
{
        AUTO_FREE char *id = memory_format("ex-%u", number);
        AUTO_FREE char *path = memory_format("/d%u", number);
        struct export *export = world_export(id, (uint16_t)number);

        world_set(&export->path, path);
        world_set(&export->mount_path, path);
        put(snapshot, export);
}

static void rig_start(struct rig *rig, bool observe)
{
        const struct reconcile_world world = { .snapshot = rig_snapshot,
                                               .snapshot_context = rig,
                                               .status = rig->status = status_new(clock_system()),
                                               .drift = rig->drift = drift_new(clock_system(), NULL, NULL),
                                               .clock = clock_system(),
                                               .nfs = &rig->nfs,
                                               .gluster = &no_gluster,
                                               .files = &rig->files,
                                               .observe = observe,
                                               .interval_ms = 50 };
        struct fault fault;

        assert_int_equal(reconcile_start(&world, &rig->reconcile, &fault), 0);
}

static void rig_stop(struct rig *rig)
{
        reconcile_stop(rig->reconcile);
        status_free(rig->status);
        drift_free(rig->drift);
        rig->reconcile = NULL;
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);
        struct storage *storage = world_storage();

        rig->snapshot = snapshot_new();
        rig->snapshot->revision = 4;
        storage->kind = STORAGE_SINGLE;
        put(rig->snapshot, storage);
        put(rig->snapshot, world_environment());
        put(rig->snapshot, world_node("1001", "cp", "10.77.0.21"));
        for (unsigned number = 1; number <= EXPORTS; number++)
                export_put(rig->snapshot, number);
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
        fake_nfs_server_free(rig->server);
        fake_storage_files_free(rig->directories);
        shared_put(rig->snapshot);
        free(rig);
        return 0;
}

static struct nfs_export *wanted_of(struct rig *rig, unsigned number)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct protocol_facts facts = status_facts(rig->status);
        AUTO_FREE char *id = memory_format("ex-%u", number);

        grant_derive(rig->snapshot, snapshot_export(rig->snapshot, id), &facts, 0, &grants);
        return nfs_export_wanted(&grants);
}

static void await_held(struct rig *rig, unsigned number)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = wanted_of(rig, number);
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while (!fake_nfs_server_holds(rig->server, wanted) && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_true(fake_nfs_server_holds(rig->server, wanted));
}

/* What is waited for in the view. */
struct wish {
        enum difference_kind kind;
        const char *object, *observed, *desired; /* parts of it; NULL = nothing is there */
        enum difference_action action;
        size_t count; /* of times it was found; 0 = any */
        bool found;
        size_t total;      /* differences of NFS-Ganesha */
        uint64_t revision; /* of the last look */
        int64_t looked_at_ms;
        unsigned unmanaged;
        char overlaps[64], path[64];
};

static bool part_is(const char *text, const char *part)
{
        return part ? text && strstr(text, part) : !text;
}

static void wish_look(void *context, const struct drift_view *view)
{
        struct wish *wish = context;

        wish->total = view->counts[PLACE_GANESHA];
        wish->revision = view->looks[PLACE_GANESHA].revision;
        wish->looked_at_ms = view->looks[PLACE_GANESHA].at_ms;
        wish->unmanaged = (unsigned)view->unmanaged_count;
        if (view->unmanaged_count > 0) {
                const struct unmanaged_export *first = &view->unmanaged[0];

                snprintf(wish->path, sizeof wish->path, "%s", first->path);
                snprintf(wish->overlaps, sizeof wish->overlaps, "%s", first->overlaps ? first->overlaps : "");
        }
        for (size_t i = 0; wish->object && i < view->counts[PLACE_GANESHA]; i++) {
                const struct difference *item = &view->differences[PLACE_GANESHA][i];

                wish->found =
                        wish->found ||
                        (item->kind == wish->kind && item->action == wish->action &&
                         strcmp(item->object, wish->object) == 0 && part_is(item->observed, wish->observed) &&
                         part_is(item->desired, wish->desired) && (!wish->count || item->count == wish->count));
        }
}

static void await_difference(struct rig *rig, struct wish wish)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while (!wish.found && clock_monotonic_ms(clock_system()) < until_ms) {
                drift_show(rig->drift, wish_look, &wish);
                world_pause();
        }
        if (!wish.found)
                fail_msg("%s is not noted", wish.object);
}

/* Waits until a look that began after now has ended, so that whatever there is has been found. */
static struct wish await_look(struct rig *rig)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct wish first = { 0 }, now = { 0 };
        int ended = 0;

        drift_show(rig->drift, wish_look, &first);
        while (ended < 2 && clock_monotonic_ms(clock_system()) < until_ms) {
                drift_show(rig->drift, wish_look, &now);
                if (now.looked_at_ms != first.looked_at_ms) {
                        ended++;
                        first = now;
                }
                world_pause();
        }
        assert_int_equal(ended, 2);
        return now;
}

/* All exports are there, and the side has looked since: what it finds changed from now on was changed by others.
 * Until then an export that the server holds may go within the step that adds it, and that is no drift. */
static struct wish all_held(struct rig *rig)
{
        for (unsigned number = 1; number <= EXPORTS; number++)
                await_held(rig, number);
        return await_look(rig);
}

static void what_we_do_ourselves_is_no_drift(void **test)
{
        struct rig *rig = *test;

        rig_start(rig, false);
        struct wish now = all_held(rig);
        assert_int_equal(now.total, 0);
        assert_int_equal(now.revision, 4);
        rig_stop(rig);
        rig_start(rig, false);
        assert_int_equal(all_held(rig).total, 0);
        fake_nfs_server_stop(rig->server); /* everything is missing, and we know why */
        fake_nfs_server_start(rig->server);
        assert_int_equal(all_held(rig).total, 0);
}

static void a_changed_export_is_put_right(void **test)
{
        struct rig *rig = *test;
        struct nfs_client others[2] = { { .access = EXPORT_READ_WRITE }, { .access = EXPORT_READ_WRITE } };

        rig_start(rig, false);
        all_held(rig);
        others[0].address = world_address("10.77.0.21");
        others[1].address = world_address("10.77.0.99");
        AUTO_NFS_EXPORT struct nfs_export *wanted = wanted_of(rig, EXPORTS);
        struct nfs_export opened = *wanted;
        opened.clients = others;
        opened.client_count = 2;
        fake_nfs_server_meddle(rig->server, &opened);
        await_held(rig, EXPORTS);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_CHANGED,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 300",
                                             .observed = "10.77.0.99 rw",
                                             .desired = "clients 10.77.0.21 rw",
                                             .count = 1 });
        opened.client_count = 1;
        opened.squash = SQUASH_ALL;
        fake_nfs_server_meddle(rig->server, &opened);
        await_held(rig, EXPORTS);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_CHANGED,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 300",
                                             .observed = "squash all",
                                             .desired = "squash none",
                                             .count = 2 });
        fake_nfs_server_loosen(rig->server, EXPORTS);
        await_held(rig, EXPORTS);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_CHANGED,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 300",
                                             .observed = "others not refused",
                                             .desired = "squash none",
                                             .count = 3 });
        assert_int_equal(await_look(rig).total, 1);
}

static void a_missing_export_comes_back(void **test)
{
        struct rig *rig = *test;

        rig_start(rig, false);
        all_held(rig);
        fake_nfs_server_take_away(rig->server, 7);
        await_held(rig, 7);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_MISSING,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 7",
                                             .desired = "path /data/d7, pseudo /exports/ex-7" });
}

static struct nfs_export hand_made(uint16_t number, const char *path, const char *pseudo)
{
        return (struct nfs_export){ .number = number,
                                    .file_system_id = number,
                                    .backing = NFS_BACKING_VFS,
                                    .path = (char *)(uintptr_t)path,
                                    .pseudo = (char *)(uintptr_t)pseudo };
}

static void what_nobody_wants_of_ours_goes(void **test)
{
        struct rig *rig = *test;
        struct nfs_export extra = hand_made(900, "/data/d1", "/exports/ex-1000");

        rig_start(rig, false);
        all_held(rig);
        fake_nfs_server_meddle(rig->server, &extra);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_EXTRA,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 900",
                                             .observed = "pseudo /exports/ex-1000" });
        assert_false(fake_nfs_server_holds(rig->server, &extra));
        assert_int_equal(fake_nfs_server_count(rig->server), EXPORTS);
}

static void what_is_not_ours_is_left_alone_and_listed(void **test)
{
        struct rig *rig = *test;
        struct nfs_export foreign = hand_made(901, "/elsewhere", "/by-hand");
        struct nfs_export within = hand_made(901, "/data/d1", "/by-hand");

        rig_start(rig, false);
        all_held(rig);
        fake_nfs_server_meddle(rig->server, &foreign);
        struct wish now = await_look(rig);
        assert_int_equal(now.unmanaged, 1);
        assert_string_equal(now.path, "/elsewhere");
        assert_string_equal(now.overlaps, "");
        assert_int_equal(now.total, 0);
        fake_nfs_server_meddle(rig->server, &within);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_UNMANAGED_OVERLAPS,
                                             .action = DIFFERENCE_REPORTED,
                                             .object = "unmanaged export 901",
                                             .observed = "path /data/d1" });
        assert_string_equal(await_look(rig).overlaps, "files");
        assert_true(fake_nfs_server_holds(rig->server, &within));
        fake_nfs_server_take_away(rig->server, 901);
        now = await_look(rig);
        assert_int_equal(now.unmanaged, 0);
        assert_int_equal(now.total, 0);
}

static void what_cannot_be_put_right_stands(void **test)
{
        struct rig *rig = *test;

        rig_start(rig, false);
        all_held(rig);
        fake_nfs_server_forbid_path(rig->server, "/data/d7");
        fake_nfs_server_take_away(rig->server, 7);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_MISSING,
                                             .action = DIFFERENCE_FAILED,
                                             .object = "export 7",
                                             .desired = "path /data/d7",
                                             .count = 1 });
        fake_nfs_server_forbid_path(rig->server, NULL);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_MISSING,
                                             .action = DIFFERENCE_REPAIRED,
                                             .object = "export 7",
                                             .desired = "path /data/d7",
                                             .count = 1 });
}

/* Functions that must not be called. */
static int forbidden_change(void *context, const struct nfs_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        (void)fault;
        print_error("a server is changed although reconcile = observe\n");
        abort(); /* in a thread of the reconciler */
}

static int forbidden_remove(void *context, uint16_t number, struct fault *fault)
{
        (void)number;
        return forbidden_change(context, NULL, fault);
}

static void forbidden_directories(void *context, const struct storage *storage, struct path_item *items,
                                  size_t count, int deadline_ms)
{
        (void)storage;
        (void)deadline_ms;
        for (size_t i = 0; i < count; i++)
                forbidden_change(context, NULL, &items[i].fault);
}

static void rig_forbid(struct rig *rig)
{
        rig->nfs.add = rig->nfs.update = forbidden_change;
        rig->nfs.remove = forbidden_remove;
        rig->files.make_directories = forbidden_directories;
}

static void observe_reports_and_touches_nothing(void **test)
{
        struct rig *rig = *test;
        struct nfs_export extra = hand_made(900, "/data/d1", "/exports/ex-1000");
        struct nfs_client other = { .access = EXPORT_READ_WRITE };

        rig_start(rig, false);
        all_held(rig);
        rig_stop(rig);
        rig_forbid(rig);
        rig_start(rig, true);
        assert_int_equal(await_look(rig).total, 0);
        AUTO_NFS_EXPORT struct nfs_export *wanted = wanted_of(rig, 3);
        struct nfs_export opened = *wanted;
        other.address = world_address("10.77.0.99");
        opened.clients = &other;
        opened.client_count = 1;
        fake_nfs_server_meddle(rig->server, &opened);
        fake_nfs_server_meddle(rig->server, &extra);
        fake_nfs_server_take_away(rig->server, 4);
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_CHANGED,
                                             .action = DIFFERENCE_REPORTED,
                                             .object = "export 3",
                                             .observed = "10.77.0.99",
                                             .desired = "10.77.0.21" });
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_MISSING,
                                             .action = DIFFERENCE_REPORTED,
                                             .object = "export 4",
                                             .desired = "path /data/d4" });
        await_difference(rig, (struct wish){ .kind = DIFFERENCE_EXPORT_EXTRA,
                                             .action = DIFFERENCE_REPORTED,
                                             .object = "export 900",
                                             .observed = "/exports/ex-1000" });
        assert_true(fake_nfs_server_holds(rig->server, &opened));
        assert_true(fake_nfs_server_holds(rig->server, &extra));
}

/* The state of the one grant of an export, and its cause. */
static enum grant_state grant_state_of(struct rig *rig, const char *id, const char **code)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct protocol_facts facts = status_facts(rig->status);
        char cause[FAULT_TEXT_SIZE];

        grant_derive(rig->snapshot, snapshot_export(rig->snapshot, id), &facts, 0, &grants);
        return status_grant_state(rig->status, &grants.items[0], code, cause);
}

static void drift_count(void *context, const struct drift_view *view)
{
        *(size_t *)context = view->counts[PLACE_GANESHA];
}

/* An export that is there as it should be is not missing because the packet filter is. */
static void what_fails_elsewhere_is_no_difference_of_the_export(void **test)
{
        static const enum known theres[] = { KNOWN_PRESENT, KNOWN_UNKNOWN, KNOWN_ABSENT };
        struct drift *drift = drift_new(clock_system(), NULL, NULL);
        struct fault fault = { 0 };

        (void)test;
        fault_set(&fault, FAULT_OBSERVING, "install the packet filter: not done");
        for (size_t i = 0; i < ARRAY_SIZE(theres); i++) {
                struct nfs_entry *entry = nfs_entry_new(7, theres[i]);
                size_t count = 0;

                nfs_drift_stands(drift, entry, &fault);
                drift_show(drift, drift_count, &count);
                assert_int_equal(count, theres[i] == KNOWN_ABSENT);
                nfs_entry_free(entry);
        }
        drift_free(drift);
}

static void observe_says_so_of_each_grant(void **test)
{
        struct rig *rig = *test;
        const char *code = NULL;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        rig_start(rig, false);
        all_held(rig);
        rig_stop(rig);
        fake_nfs_server_take_away(rig->server, 4);
        rig_forbid(rig);
        rig_start(rig, true);
        assert_true(status_observes(rig->status));
        while ((grant_state_of(rig, "ex-4", &code), !code) && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_int_equal(grant_state_of(rig, "ex-4", &code), GRANT_PENDING);
        assert_string_equal(code, "reconcile.observe");
        while (grant_state_of(rig, "ex-5", &code) != GRANT_ACTIVE && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_int_equal(grant_state_of(rig, "ex-5", &code), GRANT_ACTIVE); /* it is held all the same */
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(what_we_do_ourselves_is_no_drift),
                RIG_TEST(a_changed_export_is_put_right),
                RIG_TEST(a_missing_export_comes_back),
                RIG_TEST(what_nobody_wants_of_ours_goes),
                RIG_TEST(what_is_not_ours_is_left_alone_and_listed),
                RIG_TEST(what_cannot_be_put_right_stands),
                RIG_TEST(observe_reports_and_touches_nothing),
                RIG_TEST(observe_says_so_of_each_grant),
                cmocka_unit_test(what_fails_elsewhere_is_no_difference_of_the_export),
        };

        log_open("test_nfs_drift", LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
