/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A member of the pool at work: what is in force after an order, and what is not after one that it must not obey.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/enforcer.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "world_for_test.h"

/* Where probe clients are, and this node among the storage nodes. */
#define NETWORK "100.127.255.248/29"
#define ADMITTED "100.127.255.250"
#define STRANGER "100.127.255.254"
#define SETTLE_MS 20000

struct rig {
        struct fake_firewall *packets;
        struct firewall firewall;
        struct fake_gluster_volume volume;
        struct gluster_volume gluster;
        struct gluster_node node;
        struct native_door door;
        struct probe probe;
        bool verifies;                        /* with a probe place */
        atomic_int prepared;                  /* fault code of its making */
        atomic_bool hangs;                    /* a try does not end */
        atomic_uint tries, gone;              /* as a client; how often the place was taken away */
        void (*_Atomic meddle)(struct rig *); /* done once, during the next try */
        enum fault_code door_fault;
        atomic_size_t door_clients;
        uint64_t list;
        char mark[40];
        struct enforcer *enforcer;
        struct pool_member member;
};

static int node_observe(void *context, const char *volume, struct node_seen *seen, struct fault *fault)
{
        (void)volume;
        (void)fault;
        fake_pool_node_id(1, seen->id);
        seen->filter_in_place = true;
        seen->list_generation = ((struct rig *)context)->list;
        return 0;
}

static int node_store(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        (void)volume;
        (void)fault;
        ((struct rig *)context)->list = list->generation;
        return 0;
}

static int door_publish(void *context, const char *volume, const struct volume_brick *bricks, size_t brick_count,
                        const struct address *clients, size_t client_count, struct fault *fault)
{
        struct rig *rig = context;

        (void)volume;
        (void)bricks;
        (void)brick_count;
        (void)clients;
        rig->door_clients = client_count;
        return rig->door_fault ? fault_set(fault, rig->door_fault, "door: no") : 0;
}

static int door_observe(void *context, bool *told, struct fault *fault)
{
        (void)context;
        (void)fault;
        *told = true;
        return 0;
}

/* --- The probe ------------------------------------------------------------------------------------------------
 */

static int probe_prepare(void *context, const struct probe_network *network, struct fault *fault)
{
        struct rig *rig = context;
        char text[PROBE_NETWORK_TEXT_SIZE];

        assert_string_equal(probe_network_format(network, text), NETWORK);
        return rig->prepared ? fault_set(fault, (enum fault_code)rig->prepared, "probe: no place") : 0;
}

static void probe_remove(void *context)
{
        ((struct rig *)context)->gone++;
}

static bool probe_is_here(void *context, const struct address *address)
{
        const struct address own = world_address("10.77.0.12");

        (void)context;
        return address_equal(address, &own);
}

static bool admits(struct rig *rig, enum firewall_service service, const char *client);

/* Whom the packet filter lets through gets as far as the list of the brick: the admitted client alone is on it. */
static int probe_native(void *context, enum probe_client client, const struct address *server, const char *volume,
                        const char *subdir, int deadline_ms, enum probe_verdict *least, enum probe_verdict *most,
                        struct fault *fault)
{
        struct rig *rig = context;
        void (*meddle)(struct rig *) = atomic_exchange(&rig->meddle, NULL);

        (void)server;
        (void)deadline_ms;
        (void)fault;
        assert_string_equal(volume, "data");
        assert_string_equal(subdir, CANARY_PATH);
        rig->tries++;
        if (meddle)
                meddle(rig);
        while (rig->hangs)
                world_pause();
        *least = *most = !admits(rig, SERVICE_GLUSTER, client == PROBE_ADMITTED ? ADMITTED : STRANGER)
                                 ? PROBE_CLOSED
                         : client == PROBE_ADMITTED ? PROBE_LET_IN
                                                    : PROBE_REFUSED;
        return 0;
}

static void rig_start(struct rig *rig)
{
        const struct enforcer_world world = { .firewall = &rig->firewall,
                                              .gluster = &rig->gluster,
                                              .node = &rig->node,
                                              .door = &rig->door,
                                              .probe = rig->verifies ? &rig->probe : NULL,
                                              .clock = clock_system(),
                                              .mark_path = rig->mark,
                                              .decider = world_address("10.77.0.11"),
                                              .interval_ms = 1 };
        struct fault fault = { 0 };

        assert_int_equal(enforcer_new(&world, &rig->enforcer, &fault), 0);
        rig->member = enforcer_member(rig->enforcer);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        strcpy(rig->mark, "/tmp/test-enforcer.XXXXXX");
        close(mkstemp(rig->mark));
        unlink(rig->mark);
        rig->packets = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->packets);
        fake_gluster_volume_init(&rig->volume, "data");
        rig->gluster = fake_gluster_volume_seam(&rig->volume);
        rig->node = (struct gluster_node){ node_observe, node_store, rig };
        rig->door = (struct native_door){ door_publish, door_observe, rig };
        rig->probe = (struct probe){ .prepare = probe_prepare,
                                     .remove = probe_remove,
                                     .is_here = probe_is_here,
                                     .native = probe_native,
                                     .context = rig };
        rig->verifies = true;
        rig_start(rig);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        enforcer_free(rig->enforcer);
        fake_firewall_free(rig->packets);
        fake_gluster_volume_fini(&rig->volume);
        unlink(rig->mark);
        free(rig);
        return 0;
}

/* Orders, under this revision of the store, that these be let in. */
static int order_from(struct rig *rig, uint64_t revision, const char *clients, const char *network,
                      struct member_report *report)
{
        struct member_order words = { .decider = 5, .number = revision, .revision = revision, .volume = "data" };
        struct address addresses[8], peers[2] = { world_address("10.77.0.12"), world_address("10.77.0.13") };
        size_t count = world_addresses(clients, addresses);
        struct fault fault = { 0 };

        if (network)
                assert_int_equal(probe_network_parse(network, &words.probe), 0);
        firewall_set_peers(&words.set, peers, 2);
        for (size_t i = 0; i < count; i++)
                firewall_set_open(&words.set, &(struct firewall_pair){ addresses[i], SERVICE_GLUSTER });
        int failed = rig->member.enforce(rig->member.context, &words, report, &fault);
        firewall_set_fini(&words.set);
        return failed;
}

static int order(struct rig *rig, uint64_t revision, const char *clients, struct member_report *report)
{
        return order_from(rig, revision, clients, NULL, report);
}

static bool admits(struct rig *rig, enum firewall_service service, const char *client)
{
        struct address address = world_address(client);

        return fake_firewall_admits(rig->packets, service, &address);
}

static void order_is_in_force_when_it_is_answered(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order(rig, 1, "10.77.0.21 10.77.0.22", &report), 0);
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.22"));
        assert_false(admits(rig, SERVICE_NFS, "10.77.0.21"));
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.41"));
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.11")); /* the one that decides */
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.13"));
        assert_int_equal(rig->door_clients, 2);
        assert_int_equal(report.decider, 5);
        assert_int_equal(report.number, 1);
        assert_int_equal(report.firewall, KNOWN_PRESENT);
        assert_true(report.filter_in_place && report.door_told);
        assert_int_equal(order(rig, 2, "10.77.0.22", &report), 0);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.22"));
        assert_int_equal(rig->door_clients, 1);
}

static void order_of_an_older_store_is_refused_after_a_restart_too(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order(rig, 7, "10.77.0.21", &report), 0);
        assert_int_equal(order(rig, 8, "", &report), 0);
        assert_int_equal(order(rig, 7, "10.77.0.21", &report), -FAULT_PRECONDITION);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        enforcer_free(rig->enforcer);
        rig_start(rig);
        assert_int_equal(order(rig, 7, "10.77.0.21", &report), -FAULT_PRECONDITION);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_int_equal(order(rig, 8, "10.77.0.22", &report), 0);
}

static void restart_takes_nothing_away_and_gives_nothing(void **test)
{
        struct rig *rig = *test;
        struct member_report report;
        struct fault fault = { 0 };

        assert_int_equal(order(rig, 1, "10.77.0.21", &report), 0);
        enforcer_free(rig->enforcer);
        rig_start(rig);
        enforcer_turn(rig->enforcer);
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.22"));
        assert_int_equal(rig->member.look(rig->member.context, "data", 0, &report, &fault), 0);
        assert_int_equal(report.number, 0); /* so that it is told again */
}

static void who_cannot_be_served_is_not_let_through(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        rig->door_fault = FAULT_FORBIDDEN;
        assert_int_equal(order(rig, 1, "", &report), 0); /* before the first list: nobody is to be served */
        assert_int_equal(order(rig, 2, "10.77.0.21", &report), -FAULT_FORBIDDEN);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        rig->door_fault = FAULT_NONE;
        assert_int_equal(order(rig, 2, "10.77.0.21", &report), 0);
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        rig->door_fault = FAULT_UNAVAILABLE;
        assert_int_equal(order(rig, 3, "10.77.0.22", &report), -FAULT_UNAVAILABLE);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21")); /* what is taken away does not wait for it */
}

static void door_that_still_serves_somebody_has_not_let_go(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order(rig, 1, "10.77.0.21", &report), 0);
        rig->door_fault = FAULT_UNAVAILABLE;
        assert_int_equal(order(rig, 2, "", &report), 0);
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_false(report.door_told);
        rig->door_fault = FAULT_NONE;
        assert_int_equal(order(rig, 3, "", &report), 0);
        assert_true(report.door_told);
        rig->door_fault = FAULT_UNAVAILABLE;
        assert_int_equal(order(rig, 4, "", &report), 0);
        assert_true(report.door_told); /* it was seen to serve nobody */
}

static void list_without_an_order_is_refused(void **test)
{
        struct rig *rig = *test;
        AUTO_ACCESS_LIST struct access_list list = { .generation = 3 };
        struct member_report report;
        struct fault fault = { 0 };

        assert_int_equal(rig->member.take_list(rig->member.context, "data", &list, &fault), -FAULT_PRECONDITION);
        assert_int_equal(rig->list, 0);
        assert_int_equal(order(rig, 1, "", &report), 0);
        assert_int_equal(rig->member.take_list(rig->member.context, "data", &list, &fault), 0);
        assert_int_equal(rig->list, 3);
}

static void flushed_packet_filter_is_put_back(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order(rig, 1, "10.77.0.21", &report), 0);
        fake_firewall_flush(rig->packets);
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.41"));
        int64_t until_ms = clock_monotonic_ms(clock_system()) + 10000;
        while (admits(rig, SERVICE_GLUSTER, "10.77.0.41")) {
                enforcer_turn(rig->enforcer);
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        }
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
}

/* Each call to the helper fails once on the way: the order is not called obeyed, and is the next time. */
static void any_one_fault_of_the_helper_is_got_over(void **test)
{
        (void)test;
        for (unsigned nth = 1; nth <= 3; nth++) {
                struct member_report report;
                void *state;

                rig_set_up(&state);
                struct rig *rig = state;
                assert_int_equal(order(rig, 1, "10.77.0.21", &report), 0);
                fake_firewall_fail(rig->packets, nth, FAULT_UNAVAILABLE, false);
                if (order(rig, 2, "10.77.0.22", &report) != 0)
                        assert_int_equal(order(rig, 2, "10.77.0.22", &report), 0);
                assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
                assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.22"));
                rig_tear_down(&state);
        }
}

/* --- Verification ---------------------------------------------------------------------------------------------
 */

/* Looks, asking for `run`, until it has ended. */
static struct member_findings run_await(struct rig *rig, uint64_t run)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        struct member_report report = { 0 };
        struct fault fault = { 0 };

        for (;; world_pause()) {
                assert_int_equal(rig->member.look(rig->member.context, "data", run, &report, &fault), 0);
                if (report.findings.run == run)
                        return report.findings;
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        }
}

static void own_bricks_are_tried_when_that_is_asked_for(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        rig->list = 3;
        assert_int_equal(order_from(rig, 1, "10.77.0.21", NETWORK, &report), 0);
        assert_false(admits(rig, SERVICE_GLUSTER, ADMITTED)); /* it has no place yet */
        struct member_findings findings = run_await(rig, 1);
        assert_int_equal(findings.generation, 3);
        assert_in_range(findings.age_ms, 0, SETTLE_MS);
        assert_int_equal(findings.row_count, 1);
        assert_string_equal(findings.rows[0].code, "passed");
        assert_string_equal(findings.rows[0].version, "op-version 100000");
        for (int check = 0; check < CHECK_COUNT; check++)
                assert_true(findings.rows[0].checks[check].tried);
        assert_true(admits(rig, SERVICE_GLUSTER, ADMITTED));
        assert_false(admits(rig, SERVICE_GLUSTER, STRANGER));
        assert_int_equal(rig->door_clients, 2); /* the client and the admitted probe client */
        unsigned tries = rig->tries;
        run_await(rig, 1);
        assert_int_equal(rig->tries, tries); /* that run has ended */
        assert_int_equal(order_from(rig, 2, "10.77.0.22", NETWORK, &report), 0);
        assert_true(admits(rig, SERVICE_GLUSTER, ADMITTED)); /* orders leave it alone */
        assert_string_equal(run_await(rig, 2).rows[0].code, "passed");
}

static void probe_clients_are_let_in_by_nobodys_order(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order_from(rig, 1, "10.77.0.21 " STRANGER " " ADMITTED, NETWORK, &report), 0);
        assert_false(admits(rig, SERVICE_GLUSTER, STRANGER));
        assert_false(admits(rig, SERVICE_GLUSTER, ADMITTED));
        run_await(rig, 1);
        assert_false(admits(rig, SERVICE_GLUSTER, STRANGER));
        assert_int_equal(order(rig, 2, "10.77.0.21", &report), 0); /* nothing is to be verified any more */
        assert_false(admits(rig, SERVICE_GLUSTER, ADMITTED));
        for (int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS; rig->gone == 0; world_pause())
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
}

static void without_a_place_the_row_says_so_and_nobody_is_let_in(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(order_from(rig, 1, "10.77.0.21", NETWORK, &report), 0);
        run_await(rig, 1);
        assert_true(admits(rig, SERVICE_GLUSTER, ADMITTED));
        rig->prepared = FAULT_CONFLICT;
        struct member_findings findings = run_await(rig, 2);
        assert_string_equal(findings.rows[0].code, "conflict");
        assert_string_equal(findings.rows[0].sentence, "probe: no place");
        assert_false(admits(rig, SERVICE_GLUSTER, ADMITTED));
        assert_true(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        rig->prepared = FAULT_NONE;
        assert_string_equal(run_await(rig, 3).rows[0].code, "passed");
}

static void hanging_brick_holds_up_neither_order_nor_report(void **test)
{
        struct rig *rig = *test;
        struct member_report report;
        struct fault fault = { 0 };

        rig->hangs = true;
        assert_int_equal(order_from(rig, 1, "10.77.0.21", NETWORK, &report), 0);
        assert_int_equal(rig->member.look(rig->member.context, "data", 1, &report, &fault), 0);
        for (int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS; rig->tries == 0; world_pause())
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        assert_int_equal(order_from(rig, 2, "10.77.0.22", NETWORK, &report), 0); /* while it hangs */
        assert_false(admits(rig, SERVICE_GLUSTER, "10.77.0.21"));
        assert_int_equal(rig->member.look(rig->member.context, "data", 1, &report, &fault), 0);
        assert_int_equal(report.number, 2);
        assert_int_equal(report.findings.run, 0);
        enforcer_turn(rig->enforcer);
        rig->hangs = false;
        assert_string_equal(run_await(rig, 1).rows[0].code, "passed");
}

static void list_arrives(struct rig *rig)
{
        struct member_report report;
        struct fault fault = { 0 };

        rig->list++;
        assert_int_equal(rig->member.look(rig->member.context, "data", 0, &report, &fault), 0);
}

static void order_arrives(struct rig *rig)
{
        struct member_report report;

        assert_int_equal(order_from(rig, 2, "10.77.0.22", NETWORK, &report), 0);
}

static void run_that_is_overtaken_is_begun_anew(void **test)
{
        static void (*const meddlers[])(struct rig *) = { list_arrives, order_arrives };
        struct rig *rig = *test;
        struct member_report report;

        rig->list = 3;
        assert_int_equal(order_from(rig, 1, "10.77.0.21", NETWORK, &report), 0);
        for (size_t i = 0; i < ARRAY_SIZE(meddlers); i++) {
                unsigned tries = rig->tries;

                rig->meddle = meddlers[i];
                struct member_findings findings = run_await(rig, i + 1);
                assert_int_equal(findings.generation, 4);
                assert_string_equal(findings.rows[0].code, "passed");
                assert_int_equal(rig->tries, tries + 2 * CHECK_COUNT);
        }
}

static void member_that_does_not_verify_says_so_at_once(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        enforcer_free(rig->enforcer);
        rig->verifies = false;
        rig_start(rig);
        assert_int_equal(order_from(rig, 1, "10.77.0.21", NETWORK, &report), 0);
        assert_int_equal(run_await(rig, 4).row_count, 0);
        assert_false(admits(rig, SERVICE_GLUSTER, ADMITTED));
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(order_is_in_force_when_it_is_answered),
                RIG_TEST(order_of_an_older_store_is_refused_after_a_restart_too),
                RIG_TEST(restart_takes_nothing_away_and_gives_nothing),
                RIG_TEST(who_cannot_be_served_is_not_let_through),
                RIG_TEST(door_that_still_serves_somebody_has_not_let_go),
                RIG_TEST(list_without_an_order_is_refused),
                RIG_TEST(flushed_packet_filter_is_put_back),
                cmocka_unit_test(any_one_fault_of_the_helper_is_got_over),
                RIG_TEST(own_bricks_are_tried_when_that_is_asked_for),
                RIG_TEST(probe_clients_are_let_in_by_nobodys_order),
                RIG_TEST(without_a_place_the_row_says_so_and_nobody_is_let_in),
                RIG_TEST(hanging_brick_holds_up_neither_order_nor_report),
                RIG_TEST(run_that_is_overtaken_is_begun_anew),
                RIG_TEST(member_that_does_not_verify_says_so_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
