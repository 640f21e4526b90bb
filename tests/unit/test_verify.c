/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Verification against servers in memory: the probe of these tests asks the fakes of packet filter and NFS server
 * how far a client would get, so that a verdict is wrong if anything on the way from the canary to the servers is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/reconcile.h"
#include "reconcile/verify.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define SETTLE_MS 20000
#define INTERVAL_MS 20

static const struct gluster_volume no_gluster;

struct rig {
        const struct snapshot *snapshot;
        struct status *status;
        struct fake_nfs_server *server;
        struct fake_storage_files *directories;
        struct fake_firewall *filter;
        struct nfs_server nfs;
        struct storage_files files;
        struct firewall firewall;
        struct probe probe;
        struct reconcile *reconcile;
        atomic_bool hangs, unprepared, elsewhere, removed;
        /* Done once, between the first try of a run and the second. */
        void (*_Atomic spoil)(struct fake_firewall *);
        atomic_uint failures; /* rows that were reported as failed */
};

static const struct snapshot *rig_snapshot(void *context)
{
        return shared_get(((struct rig *)context)->snapshot);
}

/* --- The probe ----------------------------------------------------------------------------------------------- */

static int probe_prepare(void *context, const struct probe_network *network, struct fault *fault)
{
        struct rig *rig = context;

        (void)network;
        return rig->unprepared ? fault_set(fault, FAULT_CONFLICT, "take probe_network: it is taken") : 0;
}

static void probe_remove(void *context)
{
        ((struct rig *)context)->removed = true;
}

static bool probe_is_here(void *context, const struct address *address)
{
        (void)address;
        return !((struct rig *)context)->elsewhere;
}

struct search {
        const char *pseudo;
        const struct address *client;
        bool found;
};

static void export_look(void *context, const struct nfs_export *export)
{
        struct search *search = context;

        if (strcmp(export->pseudo, search->pseudo) != 0)
                return;
        for (size_t i = 0; i < export->client_count; i++)
                search->found = search->found || address_equal(&export->clients[i].address, search->client);
}

static int probe_nfs(void *context, enum probe_client client, const struct address *server, const char *pseudo,
                     int deadline_ms, enum probe_verdict *verdict, struct fault *fault)
{
        struct rig *rig = context;
        struct address address = probe_network_client(&rig->probe.network, client);
        struct search search = { .pseudo = pseudo, .client = &address };

        (void)server;
        (void)deadline_ms;
        if (rig->hangs)
                return fault_set(fault, FAULT_TIMEOUT, "call a worker: no answer in time, and it was killed");
        if (!fake_firewall_admits(rig->filter, SERVICE_NFS, &address)) {
                *verdict = PROBE_CLOSED;
                return 0;
        }
        fake_nfs_server_each(rig->server, export_look, &search);
        *verdict = search.found ? PROBE_LET_IN : PROBE_REFUSED;
        void (*spoil)(struct fake_firewall *) =
                client == PROBE_ADMITTED ? atomic_exchange(&rig->spoil, NULL) : NULL;
        if (spoil)
                spoil(rig->filter);
        return 0;
}

/* --- The rig ------------------------------------------------------------------------------------------------- */

static void failures_count(void *context, const struct verification *older, const struct verification *row)
{
        (void)older;
        ((struct rig *)context)->failures += row->result == VERIFICATION_FAILED;
}

static void draft_put(struct snapshot *draft, struct document *document)
{
        snapshot_put(draft, document);
        shared_put(document);
}

static void rig_fill(struct rig *rig)
{
        struct snapshot *draft = snapshot_new();
        struct storage *storage = world_storage();

        draft->revision = 4;
        storage->kind = STORAGE_SINGLE;
        storage->address_count = 1;
        draft_put(draft, &storage->document);
        draft_put(draft, &world_environment()->document);
        draft_put(draft, &world_node("1001", "cp", "10.77.0.21")->document);
        draft_put(draft, &world_export("ex-1", 1)->document);
        rig->snapshot = draft;
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
                                               .interval_ms = 3600000, /* nobody but verification looks */
                                               .probe = &rig->probe,
                                               .verify_interval_ms = INTERVAL_MS,
                                               .verification_changed = failures_count,
                                               .verification_context = rig };
        struct fault fault;

        assert_int_equal(reconcile_start(&world, &rig->reconcile, &fault), 0);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig_fill(rig);
        rig->status = status_new(clock_system());
        rig->server = fake_nfs_server_new();
        rig->nfs = fake_nfs_server_seam(rig->server);
        rig->directories = fake_storage_files_new();
        rig->files = fake_storage_files_table(rig->directories);
        rig->filter = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->filter);
        rig->probe = (struct probe){ .prepare = probe_prepare,
                                     .remove = probe_remove,
                                     .is_here = probe_is_here,
                                     .nfs = probe_nfs,
                                     .context = rig };
        assert_int_equal(probe_network_parse("100.127.255.248/29", &rig->probe.network), 0);
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
        free(rig);
        return 0;
}

static bool row_is(struct rig *rig, enum verification_result result, const char *code, struct verification *row)
{
        size_t count;
        uint64_t run;
        AUTO_FREE struct verification *rows = verify_results(reconcile_verify(rig->reconcile), &count, &run);

        if (count != 1)
                return false;
        *row = rows[0];
        return row->result == result && strcmp(row->code, code) == 0;
}

/* Waits for the one row to come out so. */
static struct verification row_await(struct rig *rig, enum verification_result result, const char *code)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct verification row = { 0 };

        while (!row_is(rig, result, code, &row)) {
                if (clock_monotonic_ms(clock_system()) >= until_ms)
                        fail_msg("%s is awaited, and it is %s: %s", code, row.code, row.sentence);
                verify_request(reconcile_verify(rig->reconcile));
                world_pause();
        }
        return row;
}

static enum fault_code health(struct rig *rig)
{
        struct fault fault = { 0 };

        assert_true(status_backend(rig->status, BACKEND_VERIFICATION, &fault));
        return fault.code;
}

static bool stranger_is_out(struct rig *rig)
{
        struct address stranger = probe_network_client(&rig->probe.network, PROBE_STRANGER);

        return !fake_firewall_admits(rig->filter, SERVICE_NFS, &stranger);
}

/* --- Cases --------------------------------------------------------------------------------------------------- */

static void canary_is_exported_and_all_checks_pass(void **test)
{
        static const enum probe_verdict verdicts[] = { PROBE_LET_IN, PROBE_CLOSED, PROBE_REFUSED };
        struct rig *rig = *test;
        struct verification decides;

        rig_start(rig);
        struct verification row = row_await(rig, VERIFICATION_PASSED, "passed");
        assert_string_equal(row.version, FAKE_NFS_VERSION);
        for (int check = 0; check < CHECK_COUNT; check++) {
                assert_true(row.checks[check].tried);
                assert_int_equal(row.checks[check].verdict, verdicts[check]);
        }
        for (int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
             fake_nfs_server_count(rig->server) != 2; world_pause()) /* the user's and the canary */
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        assert_int_equal(health(rig), FAULT_NONE);
        assert_int_equal(rig->failures, 0);
        assert_int_equal(
                verify_grant(reconcile_verify(rig->reconcile), "files", PROTOCOL_IS_NFS, row.started_ms, &decides),
                VERIFICATION_PASSED);
        assert_int_equal(
                verify_grant(reconcile_verify(rig->reconcile), "files", PROTOCOL_IS_NFS, INT64_MAX, &decides),
                VERIFICATION_UNVERIFIED);
        assert_string_equal(decides.code, "pending");
        reconcile_stop(rig->reconcile);
        rig->reconcile = NULL;
        assert_true(stranger_is_out(rig));
        assert_true(rig->removed);
}

static void server_that_lets_strangers_in_fails_until_it_does_not(void **test)
{
        struct rig *rig = *test;
        struct nfs_client everybody[PROBE_CLIENT_COUNT] = { { { 0 }, EXPORT_READ_WRITE } };
        const struct export *canary = snapshot_canary(rig->snapshot, "files");
        AUTO_FREE char *pseudo = nfs_export_pseudo(canary);
        struct nfs_export open = { .number = canary->number,
                                   .path = (char[]){ "/data/.gatehouse/canary" },
                                   .pseudo = pseudo,
                                   .clients = everybody,
                                   .client_count = PROBE_CLIENT_COUNT };

        for (int client = 0; client < PROBE_CLIENT_COUNT; client++)
                everybody[client].address = probe_network_client(&rig->probe.network, (enum probe_client)client);
        rig_start(rig);
        row_await(rig, VERIFICATION_PASSED, "passed");
        fake_nfs_server_meddle(rig->server, &open);
        row_await(rig, VERIFICATION_FAILED, "access_list.open");
        assert_int_equal(health(rig), FAULT_INTERNAL);
        assert_true(rig->failures > 0);
        open.client_count = 1;
        fake_nfs_server_meddle(rig->server, &open);
        row_await(rig, VERIFICATION_PASSED, "passed");
        assert_int_equal(health(rig), FAULT_NONE);
}

static void canary_that_is_gone_is_told_apart_from_a_breach(void **test)
{
        struct rig *rig = *test;

        rig_start(rig);
        row_await(rig, VERIFICATION_PASSED, "passed");
        fake_nfs_server_take_away(rig->server, snapshot_canary(rig->snapshot, "files")->number);
        struct verification row = row_await(rig, VERIFICATION_FAILED, "admitted.refused");
        assert_false(verification_is_breach(&row));
}

static void canary_held_await(struct rig *rig, bool held)
{
        const struct export *canary = snapshot_canary(rig->snapshot, "files");
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct fault fault = { 0 };
        bool seen;

        while ((status_held_since(rig->status, canary->document.id, PROTOCOL_IS_NFS, &seen, &fault) != 0) !=
               held) {
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                world_pause();
        }
}

/* A server that has started anew refuses everybody until its exports are back: no reason to call the operator. */
static void canary_that_is_not_back_yet_is_no_failure(void **test)
{
        struct rig *rig = *test;

        rig_start(rig);
        row_await(rig, VERIFICATION_PASSED, "passed");
        fake_nfs_server_forbid_path(rig->server, "/data/.gatehouse/canary");
        fake_nfs_server_stop(rig->server);
        canary_held_await(rig, false);
        fake_nfs_server_start(rig->server);
        row_await(rig, VERIFICATION_UNVERIFIED, "canary.pending");
        assert_int_equal(health(rig), FAULT_NONE);
        fake_nfs_server_forbid_path(rig->server, NULL);
        row_await(rig, VERIFICATION_PASSED, "passed");
        assert_int_equal(rig->failures, 0);
}

/* Nothing but verification has to do with the filter any more, which would put it right before anybody saw. */
static void filter_await_rest(struct rig *rig)
{
        const struct address user = world_address("10.77.0.21");
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        while (!fake_firewall_admits(rig->filter, SERVICE_NFS, &user) || fake_firewall_holds_nfs(rig->filter)) {
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                world_pause();
        }
}

static void packet_filter_that_others_change_is_found_and_put_back(void **test)
{
        static void (*const changes[])(struct fake_firewall *) = { fake_firewall_flush, fake_firewall_tamper };
        struct rig *rig = *test;

        rig_start(rig);
        for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
                row_await(rig, VERIFICATION_PASSED, "passed");
                filter_await_rest(rig);
                atomic_store(&rig->spoil, changes[i]);
                for (int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS; rig->failures == i;) {
                        assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                        world_pause();
                }
        }
        row_await(rig, VERIFICATION_PASSED, "passed");
        assert_int_equal(rig->failures, 2);
}

static void server_that_hangs_is_unverified(void **test)
{
        struct rig *rig = *test;

        rig_start(rig);
        row_await(rig, VERIFICATION_PASSED, "passed");
        rig->hangs = true;
        row_await(rig, VERIFICATION_UNVERIFIED, "timeout");
        assert_int_equal(health(rig), FAULT_NONE); /* nothing was learned */
        rig->hangs = false;
        row_await(rig, VERIFICATION_PASSED, "passed");
}

static void without_a_place_nothing_is_let_in_and_nothing_else_fails(void **test)
{
        struct rig *rig = *test;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;

        rig->unprepared = true;
        rig_start(rig);
        row_await(rig, VERIFICATION_UNVERIFIED, "conflict");
        for (; fake_nfs_server_count(rig->server) == 0; world_pause())
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        assert_int_equal(fake_nfs_server_count(rig->server), 1); /* the user's */
        rig->unprepared = false;
        row_await(rig, VERIFICATION_PASSED, "passed");
        rig->unprepared = true;
        row_await(rig, VERIFICATION_UNVERIFIED, "conflict");
        for (; fake_nfs_server_count(rig->server) != 1; world_pause())
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
}

static void storage_node_elsewhere_is_not_tried(void **test)
{
        struct rig *rig = *test;

        rig->elsewhere = true;
        rig_start(rig);
        struct verification row = row_await(rig, VERIFICATION_UNVERIFIED, "node.remote");
        assert_false(row.checks[CHECK_ADMITTED].tried);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)
        const struct CMUnitTest tests[] = {
                CASE(canary_is_exported_and_all_checks_pass),
                CASE(server_that_lets_strangers_in_fails_until_it_does_not),
                CASE(canary_that_is_gone_is_told_apart_from_a_breach),
                CASE(canary_that_is_not_back_yet_is_no_failure),
                CASE(packet_filter_that_others_change_is_found_and_put_back),
                CASE(server_that_hangs_is_unverified),
                CASE(without_a_place_nothing_is_let_in_and_nothing_else_fails),
                CASE(storage_node_elsewhere_is_not_tried),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
