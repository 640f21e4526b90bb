/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/gate.h"
#include "tests/fakes/fake_firewall.h"
#include "world_for_test.h"

struct rig {
        struct fake_firewall *fake;
        struct firewall firewall;
        struct status *status;
        struct gate *gate;
};

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->fake = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->fake);
        rig->status = status_new(clock_system());
        rig->gate = gate_new(&rig->firewall, rig->status, NULL);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        gate_free(rig->gate);
        status_free(rig->status);
        fake_firewall_free(rig->fake);
        free(rig);
        return 0;
}

static int peers_set(struct rig *rig, const char *texts)
{
        struct address peers[8];
        struct fault fault = { 0 };

        return gate_peers(rig->gate, peers, world_addresses(texts, peers), &fault);
}

static int service_open(struct rig *rig, const char *texts)
{
        struct address addresses[8];
        struct fault fault = { 0 };

        return gate_open(rig->gate, SERVICE_NFS, addresses, world_addresses(texts, addresses), &fault);
}

static int service_close(struct rig *rig, const char *texts)
{
        struct address addresses[8];
        struct fault fault = { 0 };

        return gate_close(rig->gate, SERVICE_NFS, addresses, world_addresses(texts, addresses), &fault);
}

static bool admits(struct rig *rig, const char *text)
{
        struct address address = world_address(text);

        return fake_firewall_admits(rig->fake, SERVICE_NFS, &address);
}

static bool repair(struct rig *rig)
{
        struct fault fault = { 0 };
        bool repaired;

        assert_int_equal(gate_repair(rig->gate, &repaired, &fault), 0);
        return repaired;
}

static void nothing_is_closed_before_the_storage_nodes_are_known(void **test)
{
        struct rig *rig = *test;

        assert_int_equal(service_open(rig, "10.77.0.21"), 0);
        assert_false(repair(rig));
        assert_int_equal(peers_set(rig, ""), 0);
        assert_int_equal(fake_firewall_calls(rig->fake), 0);
        assert_int_equal(gate_in_force(rig->gate), KNOWN_UNKNOWN);
        assert_int_equal(peers_set(rig, "10.77.0.11"), 0);
        assert_int_equal(gate_in_force(rig->gate), KNOWN_PRESENT);
        assert_true(admits(rig, "10.77.0.11"));
        assert_true(admits(rig, "10.77.0.21")); /* noted before */
        assert_false(admits(rig, "10.77.0.22"));
}

/* Two storages of one node name its address each. */
static void peers_named_twice_are_one(void **test)
{
        struct rig *rig = *test;
        unsigned calls;

        assert_int_equal(peers_set(rig, "10.77.0.11 10.77.0.12 10.77.0.11"), 0);
        calls = fake_firewall_calls(rig->fake);
        assert_int_equal(peers_set(rig, "10.77.0.12 10.77.0.11"), 0);
        assert_int_equal(fake_firewall_calls(rig->fake), calls);
        assert_int_equal(peers_set(rig, "10.77.0.12"), 0);
        assert_false(admits(rig, "10.77.0.11"));
}

static void what_is_as_it_should_be_costs_no_call(void **test)
{
        struct rig *rig = *test;
        unsigned calls;

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21");
        calls = fake_firewall_calls(rig->fake);
        assert_int_equal(service_open(rig, "10.77.0.21"), 0);
        assert_int_equal(service_close(rig, "10.77.0.22"), 0);
        assert_int_equal(fake_firewall_calls(rig->fake), calls);
}

/* Each call fails once, done or not done: whoever shall be out is out after the next look, and only they. */
static void any_one_failing_call_is_got_over(void **test)
{
        (void)test;
        for (unsigned nth = 1; nth <= 4; nth++)
                for (int applied = 0; applied < 2; applied++) {
                        void *state;

                        rig_set_up(&state);
                        struct rig *rig = state;
                        fake_firewall_fail(rig->fake, nth, FAULT_UNAVAILABLE, applied);
                        int failures =
                                (peers_set(rig, "10.77.0.11") != 0) + (service_open(rig, "10.77.0.21") != 0) +
                                (service_open(rig, "10.77.0.22") != 0) + (service_close(rig, "10.77.0.21") != 0);
                        assert_int_equal(failures, 1);
                        repair(rig);
                        assert_int_equal(gate_in_force(rig->gate), KNOWN_PRESENT);
                        assert_false(admits(rig, "10.77.0.21"));
                        assert_true(admits(rig, "10.77.0.22"));
                        rig_tear_down(&state);
                }
}

static void a_failure_is_known_until_it_is_got_over(void **test)
{
        struct rig *rig = *test;
        struct fault fault;

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21 10.77.0.22");
        fake_firewall_away(rig->fake, true);
        assert_int_equal(service_close(rig, "10.77.0.21"), -FAULT_UNAVAILABLE);
        assert_int_equal(gate_in_force(rig->gate), KNOWN_ABSENT);
        assert_true(status_backend(rig->status, BACKEND_FIREWALL, &fault));
        assert_int_equal(fault.code, FAULT_UNAVAILABLE);
        fake_firewall_away(rig->fake, false);
        assert_int_equal(service_open(rig, "10.77.0.23"), 0); /* the whole table goes with it */
        assert_false(admits(rig, "10.77.0.21"));
        assert_true(admits(rig, "10.77.0.22"));
        assert_true(admits(rig, "10.77.0.23"));
        assert_true(status_backend(rig->status, BACKEND_FIREWALL, &fault));
        assert_int_equal(fault.code, FAULT_NONE);
}

static void a_table_that_is_gone_is_put_back_by_the_next_change(void **test)
{
        struct rig *rig = *test;

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21 10.77.0.22");
        fake_firewall_flush(rig->fake);
        assert_true(admits(rig, "10.77.0.30"));
        assert_int_equal(service_close(rig, "10.77.0.21"), 0);
        assert_false(admits(rig, "10.77.0.30"));
        assert_false(admits(rig, "10.77.0.21"));
        assert_true(admits(rig, "10.77.0.22"));
        assert_true(admits(rig, "10.77.0.11"));
}

static void what_others_change_is_repaired(void **test)
{
        struct rig *rig = *test;
        struct firewall_pair pair = { world_address("10.77.0.30"), SERVICE_NFS };

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21");
        assert_false(repair(rig));
        fake_firewall_flush(rig->fake);
        assert_true(repair(rig));
        fake_firewall_tamper(rig->fake);
        assert_true(repair(rig));
        fake_firewall_slip_in(rig->fake, &pair);
        assert_true(repair(rig));
        assert_false(repair(rig));
        assert_false(admits(rig, "10.77.0.30"));
        assert_true(admits(rig, "10.77.0.21"));
        assert_int_equal(fake_firewall_cuts(rig->fake, &pair), 1);
}

static void a_restart_cuts_only_whom_nobody_wants(void **test)
{
        struct rig *rig = *test;
        struct firewall_pair wanted = { world_address("10.77.0.21"), SERVICE_NFS };
        struct firewall_pair ended = { world_address("10.77.0.22"), SERVICE_NFS };
        struct fault fault = { 0 };

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21 10.77.0.22");
        gate_free(rig->gate);
        rig->gate = gate_new(&rig->firewall, rig->status, NULL);
        gate_adopt(rig->gate);
        assert_int_equal(peers_set(rig, "10.77.0.11"), 0);
        assert_int_equal(gate_close_others(rig->gate, SERVICE_NFS, &wanted.address, 1, &fault), 0);
        assert_int_equal(gate_close_others(rig->gate, SERVICE_GLUSTER, NULL, 0, &fault), 0);
        assert_int_equal(fake_firewall_cuts(rig->fake, &wanted), 0);
        assert_int_equal(fake_firewall_cuts(rig->fake, &ended), 1);
        assert_true(admits(rig, "10.77.0.21"));
        assert_false(admits(rig, "10.77.0.22"));
}

static void a_gate_that_is_off_lets_everything_be(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };
        bool repaired = true;

        gate_free(rig->gate);
        rig->gate = gate_new(NULL, rig->status, NULL);
        gate_adopt(rig->gate);
        assert_int_equal(peers_set(rig, "10.77.0.11"), 0);
        assert_int_equal(service_close(rig, "10.77.0.21"), 0);
        assert_int_equal(gate_repair(rig->gate, &repaired, &fault), 0);
        assert_false(repaired);
        assert_int_equal(gate_in_force(rig->gate), KNOWN_PRESENT);
        assert_int_equal(fake_firewall_calls(rig->fake), 0);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(nothing_is_closed_before_the_storage_nodes_are_known),
                RIG_TEST(peers_named_twice_are_one),
                RIG_TEST(what_is_as_it_should_be_costs_no_call),
                cmocka_unit_test(any_one_failing_call_is_got_over),
                RIG_TEST(a_failure_is_known_until_it_is_got_over),
                RIG_TEST(a_table_that_is_gone_is_put_back_by_the_next_change),
                RIG_TEST(what_others_change_is_repaired),
                RIG_TEST(a_restart_cuts_only_whom_nobody_wants),
                RIG_TEST(a_gate_that_is_off_lets_everything_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
