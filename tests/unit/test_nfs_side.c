/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reconciler against a server in memory: whatever goes wrong on the way, the server ends up holding exactly
 * what the snapshot wants, and nobody is called active before.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "reconcile/reconcile.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000
#define EXPORTS 3

/* No storage of these tests is a cluster, so nobody asks. */
static const struct gluster_volume no_gluster;

struct rig {
        pthread_mutex_t lock;
        const struct snapshot *snapshot;
        struct status *status;
        struct fake_nfs_server *server;
        struct fake_storage_files *directories;
        struct nfs_server nfs;
        struct storage_files files;
        struct fake_firewall *filter;
        struct firewall firewall;
        struct reconcile *reconcile;
        int64_t interval_ms;
};

static const struct snapshot *rig_snapshot(void *context)
{
        struct rig *rig = context;
        const struct snapshot *snapshot;

        pthread_mutex_lock(&rig->lock);
        snapshot = shared_get(rig->snapshot);
        pthread_mutex_unlock(&rig->lock);
        return snapshot;
}

static void rig_start(struct rig *rig)
{
        const struct reconcile_world world = { .snapshot = rig_snapshot,
                                               .snapshot_context = rig,
                                               .status = rig->status,
                                               .clock = clock_system(),
                                               .nfs = &rig->nfs,
                                               .gluster = &no_gluster,
                                               .files = &rig->files,
                                               .firewall = &rig->firewall,
                                               .interval_ms = rig->interval_ms };
        struct fault fault;

        assert_int_equal(reconcile_start(&world, &rig->reconcile, &fault), 0);
}

/* What a restart of gatehoused does: everything but the store and the servers is forgotten. */
static void rig_restart(struct rig *rig)
{
        reconcile_stop(rig->reconcile);
        status_free(rig->status);
        rig->status = status_new(clock_system());
        rig_start(rig);
}

static struct snapshot *rig_draft(struct rig *rig)
{
        struct snapshot *draft = snapshot_draft(rig->snapshot);

        draft->revision = rig->snapshot->revision + 1;
        return draft;
}

static void rig_publish(struct rig *rig, struct snapshot *draft)
{
        const struct snapshot *older = rig->snapshot;

        pthread_mutex_lock(&rig->lock);
        rig->snapshot = draft;
        pthread_mutex_unlock(&rig->lock);
        shared_put(older);
        status_note_committed(rig->status, draft->revision);
        reconcile_wake(rig->reconcile);
}

static void draft_put(struct snapshot *draft, struct document *document)
{
        document->revision = draft->revision;
        snapshot_put(draft, document);
        shared_put(document);
}

static struct export *export_made(int index)
{
        char id[EXPORT_ID_SIZE], path[32];
        struct export *export;

        snprintf(id, sizeof id, "ex-%d", index);
        snprintf(path, sizeof path, "/d%d", index);
        export = world_export(id, (uint16_t)(index + 1));
        world_set(&export->path, path);
        world_set(&export->mount_path, path);
        return export;
}

static void export_put(struct snapshot *draft, int index, bool enabled)
{
        struct export *export = export_made(index);

        export->enabled = enabled;
        draft_put(draft, &export->document);
}

static void export_put_for(struct snapshot *draft, int index, const char *node)
{
        struct export *export = export_made(index);

        export->target = TARGET_NODE;
        world_set(&export->target_name, node);
        draft_put(draft, &export->document);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);
        struct snapshot *draft = snapshot_new();
        struct storage *storage = world_storage();

        pthread_mutex_init(&rig->lock, NULL);
        draft->revision = 4;
        storage->kind = STORAGE_SINGLE;
        draft_put(draft, &storage->document);
        draft_put(draft, &world_environment()->document);
        draft_put(draft, &world_node("1001", "cp", "10.77.0.21")->document);
        draft_put(draft, &world_node("1002", "cp", "10.77.0.22 fd77::22")->document);
        rig->snapshot = draft;
        rig->status = status_new(clock_system());
        rig->server = fake_nfs_server_new();
        rig->nfs = fake_nfs_server_seam(rig->server);
        rig->directories = fake_storage_files_new();
        rig->files = fake_storage_files_table(rig->directories);
        rig->filter = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->filter);
        rig->interval_ms = 60000;
        rig_start(rig);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        reconcile_stop(rig->reconcile);
        status_free(rig->status);
        fake_nfs_server_free(rig->server);
        fake_storage_files_free(rig->directories);
        fake_firewall_free(rig->filter);
        shared_put(rig->snapshot);
        pthread_mutex_destroy(&rig->lock);
        free(rig);
        return 0;
}

struct settling {
        struct status_wait wait;
        pthread_mutex_t lock;
        pthread_cond_t told;
        bool over, in_time;
};

static void settling_told(struct status_wait *wait, bool in_time)
{
        struct settling *settling = (struct settling *)wait;

        pthread_mutex_lock(&settling->lock);
        settling->over = true;
        settling->in_time = in_time;
        pthread_cond_signal(&settling->told);
        pthread_mutex_unlock(&settling->lock);
}

/* A task that is for the side to confirm: nobody beyond what is wanted has export `index`. */
static void task_publish(struct rig *rig, int index, char id[TASK_ID_SIZE])
{
        struct snapshot *draft = rig_draft(rig);
        char export_id[EXPORT_ID_SIZE];

        snprintf(id, TASK_ID_SIZE, "ta-%d", (int)draft->revision);
        snprintf(export_id, sizeof export_id, "ex-%d", index);
        draft_put(draft, &world_task(id, export_id, (uint16_t)(index + 1))->document);
        rig_publish(rig, draft);
}

/* Waits for export `index` to be seen held (or gone) at the newest revision. */
static bool rig_await(struct rig *rig, int index, bool gone, int64_t most_ms)
{
        struct settling settling = { .wait = { .revision = rig->snapshot->revision,
                                               .sides = { [PROTOCOL_IS_NFS] = !gone },
                                               .deadline_ms = clock_monotonic_ms(clock_system()) + most_ms,
                                               .settled = settling_told },
                                     .lock = PTHREAD_MUTEX_INITIALIZER,
                                     .told = PTHREAD_COND_INITIALIZER };

        snprintf(settling.wait.export_id, sizeof settling.wait.export_id, "ex-%d", index);
        if (gone)
                task_publish(rig, index, settling.wait.task_id);
        else /* what was not touched since speaks at its own revision */
                settling.wait.revision =
                        snapshot_export(rig->snapshot, settling.wait.export_id)->document.revision;
        status_wait_start(rig->status, &settling.wait);
        pthread_mutex_lock(&settling.lock);
        while (!settling.over)
                pthread_cond_wait(&settling.told, &settling.lock);
        pthread_mutex_unlock(&settling.lock);
        return settling.in_time;
}

/* The server holds exactly the block that the newest snapshot asks for; within the deadline, since the status may
 * still speak of an instance that has just ended. */
static void assert_held(struct rig *rig, int index)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct protocol_facts facts = status_facts(rig->status);
        char id[EXPORT_ID_SIZE];

        snprintf(id, sizeof id, "ex-%d", index);
        grant_derive(rig->snapshot, snapshot_export(rig->snapshot, id), &facts, 0, &grants);
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&grants);
        assert_non_null(wanted);
        int64_t deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        while (!fake_nfs_server_holds(rig->server, wanted) && clock_monotonic_ms(clock_system()) < deadline_ms)
                world_pause();
        assert_true(fake_nfs_server_holds(rig->server, wanted));
}

static void exports_publish(struct rig *rig)
{
        struct snapshot *draft = rig_draft(rig);

        for (int i = 0; i < EXPORTS; i++)
                export_put(draft, i, true);
        rig_publish(rig, draft);
}

static void assert_all_held(struct rig *rig)
{
        for (int i = 0; i < EXPORTS; i++) {
                assert_true(rig_await(rig, i, false, SETTLE_MS));
                assert_held(rig, i);
        }
        assert_int_equal(fake_nfs_server_count(rig->server), EXPORTS);
}

static void exports_come_and_go(void **test)
{
        struct rig *rig = *test;
        struct snapshot *draft;

        exports_publish(rig);
        assert_all_held(rig);
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-1");
        export_put(draft, 2, false);
        rig_publish(rig, draft);
        assert_true(rig_await(rig, 1, true, SETTLE_MS));
        assert_true(rig_await(rig, 2, true, SETTLE_MS)); /* switched off: nothing of it is held either */
        assert_held(rig, 0);
        assert_int_equal(fake_nfs_server_count(rig->server), 1);
}

static bool lag_ends(struct rig *rig, bool ends)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while ((status_lag_ms(rig->status) == 0) != ends && clock_monotonic_ms(clock_system()) < until_ms)
                poll(NULL, 0, 1);
        return (status_lag_ms(rig->status) == 0) == ends;
}

/* While the server is at one of them, the next is on its way. */
static void several_exports_are_in_hand_at_a_time(void **test)
{
        struct rig *rig = *test;

        exports_publish(rig);
        assert_all_held(rig);
        rig_restart(rig);
        assert_all_held(rig);
        assert_true(fake_nfs_server_most_ahead(rig->server) > 2); /* more than one change and its look */
}

static void a_commit_lags_until_the_server_holds_all_of_it(void **test)
{
        struct rig *rig = *test;
        struct snapshot *draft;

        fake_nfs_server_forbid_path(rig->server, "/data/d1");
        exports_publish(rig);
        assert_true(rig_await(rig, 0, false, SETTLE_MS));
        assert_true(rig_await(rig, 2, false, SETTLE_MS));
        assert_true(lag_ends(rig, false));
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-1");
        rig_publish(rig, draft);
        assert_true(lag_ends(rig, true));
        fake_nfs_server_stop(rig->server); /* what was settled stays so; what comes now waits for it */
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-2");
        rig_publish(rig, draft);
        assert_true(lag_ends(rig, false));
        fake_nfs_server_start(rig->server);
        assert_true(lag_ends(rig, true));
}

static void a_node_that_leaves_loses_access(void **test)
{
        struct rig *rig = *test;
        struct snapshot *draft;

        exports_publish(rig);
        assert_all_held(rig);
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_NODE, "1002");
        export_put(draft, 0, true); /* so that there is a revision to wait for */
        rig_publish(rig, draft);
        assert_true(rig_await(rig, 0, false, SETTLE_MS));
        for (int i = 0; i < EXPORTS; i++)
                assert_true(rig_await(rig, i, false, SETTLE_MS));
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-2");
        rig_publish(rig, draft);
        assert_true(rig_await(rig, 2, true, SETTLE_MS)); /* behind the others in line: they are done */
        assert_held(rig, 0);
        assert_held(rig, 1);
}

/* Starts the server again as often as it takes (one that runs is restarted, empty) until all is held. */
static void server_start_until_held(struct rig *rig)
{
        int64_t deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        do
                fake_nfs_server_start(rig->server);
        while (!rig_await(rig, EXPORTS - 1, false, 20) && clock_monotonic_ms(clock_system()) < deadline_ms);
        fake_nfs_server_start(rig->server);
}

/* Every call fails once, in each way there is: the end is the same. */
static void any_one_fault_is_got_over(void **test)
{
        static const enum fake_nfs_fault faults[] = { FAKE_NFS_CRASH, FAKE_NFS_LATE, FAKE_NFS_SILENT,
                                                      FAKE_NFS_REFUSED, FAKE_NFS_BROKEN };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                for (unsigned nth = 1; nth <= 2 * EXPORTS; nth++) {
                        void *state;
                        struct rig *rig;

                        rig_set_up(&state);
                        rig = state;
                        fake_nfs_server_fail(rig->server, nth, faults[i]);
                        print_message("# fault %zu at call %u\n", i, nth);
                        exports_publish(rig);
                        if (faults[i] == FAKE_NFS_CRASH)
                                server_start_until_held(rig);
                        assert_all_held(rig);
                        rig_tear_down(&state);
                }
}

/* The state that the first grant of export 0 is shown with. */
static enum grant_state first_grant_state(struct rig *rig, const char **code)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct protocol_facts facts = status_facts(rig->status);
        char cause[FAULT_TEXT_SIZE];

        grant_derive(rig->snapshot, snapshot_export(rig->snapshot, "ex-0"), &facts, 0, &grants);
        return status_grant_state(rig->status, &grants.items[0], code, cause);
}

static void a_server_that_comes_back_empty_is_filled_again(void **test)
{
        struct rig *rig = *test;
        int64_t deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        const char *code = "";

        exports_publish(rig);
        assert_all_held(rig);
        fake_nfs_server_stop(rig->server);
        while (first_grant_state(rig, &code) != GRANT_FAILED && clock_monotonic_ms(clock_system()) < deadline_ms)
                world_pause();
        assert_int_equal(first_grant_state(rig, &code), GRANT_FAILED);
        assert_string_equal(code, "unavailable");
        fake_nfs_server_start(rig->server);
        assert_all_held(rig);
}

static void a_restart_changes_nothing_on_the_server(void **test)
{
        struct rig *rig = *test;

        exports_publish(rig);
        assert_all_held(rig);
        AUTO_FREE char *before = fake_nfs_server_journal(rig->server);
        rig_restart(rig);
        assert_all_held(rig);
        AUTO_FREE char *after = fake_nfs_server_journal(rig->server);
        assert_string_equal(before, after);
}

static void what_was_deleted_while_down_goes_at_the_start(void **test)
{
        struct rig *rig = *test;
        struct snapshot *draft;

        exports_publish(rig);
        assert_all_held(rig);
        reconcile_stop(rig->reconcile);
        rig->reconcile = NULL;
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-2");
        rig_publish(rig, draft);
        rig_restart(rig);
        assert_true(rig_await(rig, 2, true, SETTLE_MS));
        assert_int_equal(fake_nfs_server_count(rig->server), EXPORTS - 1);
}

static void a_foreign_export_is_left_alone(void **test)
{
        struct rig *rig = *test;
        char path[] = "/somewhere", pseudo[] = "/by-hand";
        struct nfs_export foreign = {
                .number = 1, .file_system_id = 5, .backing = NFS_BACKING_VFS, .path = path, .pseudo = pseudo
        };
        struct fault fault;

        reconcile_stop(rig->reconcile);
        assert_int_equal(rig->nfs.add(rig->nfs.context, &foreign, &fault), 0);
        rig_start(rig);
        exports_publish(rig);
        assert_true(rig_await(rig, 1, false, SETTLE_MS));
        assert_false(rig_await(rig, 0, false, 300)); /* its number is taken */
        assert_true(fake_nfs_server_holds(rig->server, &foreign));
}

static void a_directory_that_cannot_be_made_is_told_and_tried_again(void **test)
{
        struct rig *rig = *test;

        fake_storage_files_fail(rig->directories, 1, FAULT_UNAVAILABLE);
        exports_publish(rig);
        assert_all_held(rig);
}

static bool holds_in_the_end(struct rig *rig, bool held)
{
        int64_t deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while (fake_firewall_holds_nfs(rig->filter) != held && clock_monotonic_ms(clock_system()) < deadline_ms)
                world_pause();
        return fake_firewall_holds_nfs(rig->filter) == held;
}

static void clients_wait_until_a_server_that_went_has_its_exports_back(void **test)
{
        struct rig *rig = *test;

        exports_publish(rig);
        assert_all_held(rig);
        assert_true(holds_in_the_end(rig, false));
        fake_nfs_server_stop(rig->server);
        assert_true(holds_in_the_end(rig, true));
        fake_nfs_server_start(rig->server);
        assert_true(holds_in_the_end(rig, false));
        assert_int_equal(fake_nfs_server_count(rig->server), EXPORTS);
}

/* One that cannot be had keeps nobody else waiting. */
static void clients_do_not_wait_for_an_export_that_fails(void **test)
{
        struct rig *rig = *test;

        exports_publish(rig);
        assert_all_held(rig);
        fake_nfs_server_stop(rig->server);
        assert_true(holds_in_the_end(rig, true));
        fake_nfs_server_forbid_path(rig->server, "/data/d1");
        fake_nfs_server_start(rig->server);
        assert_true(holds_in_the_end(rig, false));
        assert_int_equal(fake_nfs_server_count(rig->server), EXPORTS - 1);
}

/* What the server is told to add from now on, each with whether clients are kept waiting at that moment. */
static struct {
        struct rig *rig;
        int (*add)(void *context, const struct nfs_export *export, struct fault *fault);
        pthread_mutex_t lock;
        struct text seen;
} adds = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int add_seen(void *context, const struct nfs_export *export, struct fault *fault)
{
        pthread_mutex_lock(&adds.lock);
        text_addf(&adds.seen, "%u %s\n", export->number,
                  fake_firewall_holds_nfs(adds.rig->filter) ? "held" : "open");
        pthread_mutex_unlock(&adds.lock);
        return adds.add(context, export, fault);
}

static void adds_watch(struct rig *rig)
{
        adds.rig = rig;
        adds.add = rig->nfs.add;
        rig->nfs.add = add_seen;
}

static void adds_forget(void)
{
        pthread_mutex_lock(&adds.lock);
        text_fini(&adds.seen);
        pthread_mutex_unlock(&adds.lock);
}

static void assert_adds(const char *expected)
{
        pthread_mutex_lock(&adds.lock);
        AUTO_FREE char *seen = memory_text(text_get(&adds.seen));
        pthread_mutex_unlock(&adds.lock);
        assert_string_equal(seen, expected);
}

static void server_lost_and_back(struct rig *rig)
{
        fake_nfs_server_stop(rig->server);
        assert_true(holds_in_the_end(rig, true));
        adds_forget();
        fake_nfs_server_start(rig->server);
        assert_all_held(rig);
        assert_true(holds_in_the_end(rig, false));
}

/* Returns when the NFS side has looked at least once since it was called, from start to end. */
static void await_look(struct rig *rig)
{
        int64_t deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        for (int i = 0; i < 2; i++) {
                unsigned looks = fake_firewall_sessions_asked(rig->filter);
                while (fake_firewall_sessions_asked(rig->filter) == looks &&
                       clock_monotonic_ms(clock_system()) < deadline_ms)
                        world_pause();
        }
}

/* Those whose clients were connected come first, and clients wait for no others. */
static void clients_wait_for_what_they_were_connected_to(void **test)
{
        struct rig *rig = *test;
        struct address connected = world_address("10.77.0.21");
        struct snapshot *draft;

        reconcile_stop(rig->reconcile);
        rig->interval_ms = 50;
        adds_watch(rig);
        rig_start(rig);
        draft = rig_draft(rig);
        export_put_for(draft, 0, "1002");
        export_put_for(draft, 1, "1002");
        export_put_for(draft, 2, "1001");
        rig_publish(rig, draft);
        assert_all_held(rig);
        fake_firewall_connect_only(rig->filter, &connected, 1);
        await_look(rig);
        server_lost_and_back(rig);
        assert_adds("3 held\n1 open\n2 open\n");
        adds_forget();
}

/* As before the first look. */
static void clients_wait_for_everything_when_nothing_is_known(void **test)
{
        struct rig *rig = *test;

        adds_watch(rig);
        exports_publish(rig);
        assert_all_held(rig);
        server_lost_and_back(rig);
        assert_adds("1 held\n2 held\n3 held\n");
        adds_forget();
}

/* The server starts anew while gatehoused is away, before or after NFS was held. */
static void a_restart_lets_clients_go_on_when_all_is_back(void **test)
{
        struct rig *rig = *test;

        exports_publish(rig);
        for (int held = 0; held < 2; held++) {
                assert_all_held(rig);
                assert_true(holds_in_the_end(rig, false));
                if (held) {
                        fake_nfs_server_stop(rig->server);
                        assert_true(holds_in_the_end(rig, true));
                }
                reconcile_stop(rig->reconcile);
                rig->reconcile = NULL;
                fake_nfs_server_start(rig->server);
                status_free(rig->status);
                rig->status = status_new(clock_system());
                rig_start(rig);
                assert_all_held(rig);
                assert_true(holds_in_the_end(rig, false));
        }
}

/* What an NFS-only gateway has taken away and could not shut is shut soon, not at the next look. */
static void a_filter_that_could_not_be_shut_is_shut_soon(void **test)
{
        struct rig *rig = *test;
        struct address left = world_address("10.77.0.22");
        int64_t deadline_ms;
        struct snapshot *draft;

        exports_publish(rig);
        assert_all_held(rig);
        assert_true(holds_in_the_end(rig, false));
        assert_true(fake_firewall_admits(rig->filter, SERVICE_NFS, &left));
        fake_firewall_fail(rig->filter, 1, FAULT_UNAVAILABLE, false);
        draft = rig_draft(rig);
        snapshot_remove(draft, DOCUMENT_NODE, "1002");
        rig_publish(rig, draft);
        deadline_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        while (fake_firewall_admits(rig->filter, SERVICE_NFS, &left) &&
               clock_monotonic_ms(clock_system()) < deadline_ms)
                world_pause();
        assert_false(fake_firewall_admits(rig->filter, SERVICE_NFS, &left));
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(exports_come_and_go),
                RIG_TEST(several_exports_are_in_hand_at_a_time),
                RIG_TEST(a_commit_lags_until_the_server_holds_all_of_it),
                RIG_TEST(a_node_that_leaves_loses_access),
                cmocka_unit_test(any_one_fault_is_got_over),
                RIG_TEST(a_server_that_comes_back_empty_is_filled_again),
                RIG_TEST(a_restart_changes_nothing_on_the_server),
                RIG_TEST(what_was_deleted_while_down_goes_at_the_start),
                RIG_TEST(a_foreign_export_is_left_alone),
                RIG_TEST(a_directory_that_cannot_be_made_is_told_and_tried_again),
                RIG_TEST(clients_wait_until_a_server_that_went_has_its_exports_back),
                RIG_TEST(clients_do_not_wait_for_an_export_that_fails),
                RIG_TEST(clients_wait_for_what_they_were_connected_to),
                RIG_TEST(clients_wait_for_everything_when_nothing_is_known),
                RIG_TEST(a_restart_lets_clients_go_on_when_all_is_back),
                RIG_TEST(a_filter_that_could_not_be_shut_is_shut_soon),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
