/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "reconcile/gate.h"
#include "tests/fakes/fake_firewall.h"
#include "world_for_test.h"

struct rig {
        struct clock clock;
        int64_t now_ms;
        struct fake_firewall *fake;
        struct firewall firewall;
        struct status *status;
        struct gate *gate;
};

static int64_t rig_now_ms(void *context)
{
        return ((struct rig *)context)->now_ms;
}

static void rig_start(struct rig *rig, const struct firewall *firewall)
{
        gate_free(rig->gate);
        rig->gate = gate_new(firewall, rig->status, NULL, &rig->clock, 60000);
        gate_adopt(rig->gate);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->fake = fake_firewall_new();
        rig->firewall = fake_firewall_table(rig->fake);
        rig->status = status_new(clock_system());
        rig->clock = (struct clock){ rig_now_ms, rig_now_ms, rig };
        rig->now_ms = 1000000;
        rig->gate = gate_new(&rig->firewall, rig->status, NULL, &rig->clock, 60000);
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

static int hold(struct rig *rig, bool held)
{
        struct fault fault = { 0 };

        return gate_hold_nfs(rig->gate, held, &fault);
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
        rig_start(rig, &rig->firewall);
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

        rig_start(rig, NULL);
        assert_int_equal(peers_set(rig, "10.77.0.11"), 0);
        assert_int_equal(service_close(rig, "10.77.0.21"), 0);
        assert_int_equal(gate_repair(rig->gate, &repaired, &fault), 0);
        assert_false(repaired);
        assert_int_equal(gate_in_force(rig->gate), KNOWN_PRESENT);
        assert_int_equal(fake_firewall_calls(rig->fake), 0);
}

/* Nobody knows yet whether the server has its exports. */
static void nfs_is_held_from_the_first_table_on_until_it_is_let_go(void **test)
{
        struct rig *rig = *test;
        unsigned calls;

        peers_set(rig, "10.77.0.11");
        assert_true(fake_firewall_holds_nfs(rig->fake));
        assert_int_equal(hold(rig, false), 0);
        assert_false(fake_firewall_holds_nfs(rig->fake));
        calls = fake_firewall_calls(rig->fake);
        assert_int_equal(hold(rig, false), 0);
        assert_int_equal(fake_firewall_calls(rig->fake), calls);
        assert_int_equal(hold(rig, true), 0);
        assert_true(gate_nfs_is_held(rig->gate));
        assert_true(fake_firewall_holds_nfs(rig->fake));
        fake_firewall_flush(rig->fake);
        repair(rig);
        assert_true(fake_firewall_holds_nfs(rig->fake));
        fake_firewall_flush(rig->fake);
        assert_int_equal(hold(rig, false), 0); /* the table goes there whole */
        assert_false(fake_firewall_holds_nfs(rig->fake));
        assert_false(admits(rig, "10.77.0.30"));
}

static void a_hold_outlives_a_restart_and_what_was_let_go_stays_so(void **test)
{
        struct rig *rig = *test;

        peers_set(rig, "10.77.0.11");
        for (int held = 0; held < 2; held++) {
                hold(rig, held);
                rig_start(rig, &rig->firewall);
                peers_set(rig, "10.77.0.11");
                assert_int_equal(fake_firewall_holds_nfs(rig->fake), held);
        }
}

static void a_hold_that_could_not_be_is_said_and_made_up_for(void **test)
{
        struct rig *rig = *test;
        struct fault fault;

        peers_set(rig, "10.77.0.11");
        hold(rig, false);
        fake_firewall_away(rig->fake, true);
        assert_int_equal(hold(rig, true), -FAULT_UNAVAILABLE);
        assert_false(gate_nfs_is_held(rig->gate));
        assert_true(status_backend(rig->status, BACKEND_FIREWALL, &fault));
        assert_int_equal(fault.code, FAULT_UNAVAILABLE);
        fake_firewall_away(rig->fake, false);
        repair(rig);
        assert_true(gate_nfs_is_held(rig->gate));
        assert_true(fake_firewall_holds_nfs(rig->fake));
}

/* After a failure soon, then less often, and as ever when it is got over. */
static void the_gate_tends_itself_when_it_is_due(void **test)
{
        static const int64_t pauses_ms[] = { 500, 1000, 2000, 4000 };
        struct rig *rig = *test;

        gate_tend(rig->gate); /* nothing to tend */
        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21");
        assert_int_equal(gate_due_ms(rig->gate), rig->now_ms + 60000);
        fake_firewall_away(rig->fake, true);
        service_close(rig, "10.77.0.21");
        assert_int_equal(gate_due_ms(rig->gate), rig->now_ms + 250);
        for (size_t i = 0; i < ARRAY_SIZE(pauses_ms); i++) {
                unsigned calls = fake_firewall_calls(rig->fake);

                gate_tend(rig->gate);
                assert_int_equal(fake_firewall_calls(rig->fake), calls); /* not yet */
                rig->now_ms = gate_due_ms(rig->gate);
                gate_tend(rig->gate);
                assert_int_equal(gate_due_ms(rig->gate), rig->now_ms + pauses_ms[i]);
        }
        fake_firewall_away(rig->fake, false);
        assert_true(admits(rig, "10.77.0.21"));
        rig->now_ms = gate_due_ms(rig->gate);
        gate_tend(rig->gate);
        assert_false(admits(rig, "10.77.0.21"));
        assert_int_equal(gate_due_ms(rig->gate), rig->now_ms + 60000);
}

static void what_root_switches_off_is_no_failure_and_stays_off(void **test)
{
        struct rig *rig = *test;
        struct fault fault;

        peers_set(rig, "10.77.0.11");
        service_open(rig, "10.77.0.21");
        fake_firewall_switch(rig->fake, true);
        assert_int_equal(service_close(rig, "10.77.0.21"), 0);
        assert_int_equal(service_open(rig, "10.77.0.22"), 0);
        assert_int_equal(hold(rig, true), 0);
        assert_false(repair(rig));
        assert_true(admits(rig, "10.77.0.30"));
        assert_int_equal(gate_in_force(rig->gate), KNOWN_PRESENT);
        assert_false(gate_nfs_is_held(rig->gate));
        assert_true(status_backend(rig->status, BACKEND_FIREWALL, &fault));
        assert_int_equal(fault.code, FAULT_PRECONDITION);
        fake_firewall_switch(rig->fake, false);
        assert_true(gate_due_ms(rig->gate) < rig->now_ms + 10000);
        rig->now_ms = gate_due_ms(rig->gate);
        gate_tend(rig->gate);
        assert_false(admits(rig, "10.77.0.21"));
        assert_true(admits(rig, "10.77.0.22"));
        assert_true(status_backend(rig->status, BACKEND_FIREWALL, &fault));
        assert_int_equal(fault.code, FAULT_NONE);
}

/* --- Bindings -------------------------------------------------------------------------------------------------
 */

static struct snapshot *nodes(uint64_t revision)
{
        struct snapshot *snapshot = snapshot_new();

        snapshot->revision = revision;
        return snapshot;
}

static void node_put(struct snapshot *snapshot, const char *id, const char *addresses, uint8_t mac)
{
        struct node *node = world_node(id, "cp", addresses);

        node->mac = (struct mac){ { 2, [5] = mac } };
        if (mac == 0)
                node->mac = (struct mac){ { 0 } };
        snapshot_put(snapshot, &node->document);
        shared_put(node);
}

/* The kernel's bindings, "ADDRESS=LAST BYTE " each. */
static void assert_bound(struct rig *rig, const char *expected)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text seen = { 0 };
        enum known known;
        struct fault fault;
        char literal[ADDRESS_TEXT_SIZE];

        assert_int_equal(rig->firewall.observe(rig->firewall.context, &known, &set, &fault), 0);
        for (size_t i = 0; i < set.binding_count; i++)
                text_addf(&seen, "%s=%u ", address_format(&set.bindings[i].address, literal),
                          set.bindings[i].mac.bytes[5]);
        assert_string_equal(text_get(&seen), expected);
}

static void bind_nodes(struct rig *rig, const struct snapshot *snapshot)
{
        struct fault fault = { 0 };

        assert_int_equal(gate_bind(rig->gate, snapshot, &fault), 0);
}

static void addresses_are_bound_as_the_nodes_say(void **test)
{
        struct rig *rig = *test;
        AUTO_SHARED struct snapshot *first = nodes(5);
        unsigned calls;

        node_put(first, "1001", "10.77.0.21 fd77::21", 1);
        node_put(first, "1002", "10.77.0.22", 0);
        bind_nodes(rig, first);
        peers_set(rig, "10.77.0.11");
        assert_bound(rig, "10.77.0.21=1 fd77::21=1 ");
        AUTO_SHARED struct snapshot *second = snapshot_draft(first);
        second->revision = 6;
        node_put(second, "1001", "10.77.0.23", 1); /* readdressed */
        node_put(second, "1002", "10.77.0.22", 2);
        node_put(second, "1003", "10.77.0.22", 3); /* contested: from both, the grants are suspended anyway */
        bind_nodes(rig, second);
        assert_bound(rig, "10.77.0.22=2 10.77.0.22=3 10.77.0.23=1 ");
        calls = fake_firewall_calls(rig->fake);
        bind_nodes(rig, first); /* older */
        bind_nodes(rig, second);
        assert_int_equal(fake_firewall_calls(rig->fake), calls);
        AUTO_SHARED struct snapshot *third = snapshot_draft(second);
        third->revision = 7;
        snapshot_remove(third, DOCUMENT_NODE, "1001");
        node_put(third, "1002", "10.77.0.22", 0);
        bind_nodes(rig, third);
        assert_bound(rig, "10.77.0.22=3 ");
}

static void bindings_that_nobody_wants_after_a_restart_go(void **test)
{
        struct rig *rig = *test;
        AUTO_SHARED struct snapshot *first = nodes(5), *none = nodes(6);

        node_put(first, "1001", "10.77.0.21", 1);
        peers_set(rig, "10.77.0.11");
        bind_nodes(rig, first);
        rig_start(rig, &rig->firewall);
        peers_set(rig, "10.77.0.11");
        assert_bound(rig, "10.77.0.21=1 ");
        bind_nodes(rig, none);
        assert_bound(rig, "");
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

/* Other nodes would let in whoever claims an address that exists on this one alone. */
static void probe_addresses_are_kept_from_other_nodes(void **test)
{
        struct rig *rig = *test;
        struct probe_network network;
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct firewall_pair expected = { world_address("10.77.0.21"), SERVICE_NFS };

        assert_int_equal(probe_network_parse("100.127.255.248/29", &network), 0);
        gate_keep_to_itself(rig->gate, &network);
        assert_int_equal(peers_set(rig, "10.77.0.11"), 0);
        assert_int_equal(service_open(rig, "10.77.0.21 100.127.255.250 100.127.255.254"), 0);
        assert_true(admits(rig, "100.127.255.250"));
        assert_true(gate_copy(rig->gate, SERVICE_NFS, &set));
        assert_int_equal(set.pair_count, 1);
        assert_true(firewall_set_has(&set, &expected));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(nothing_is_closed_before_the_storage_nodes_are_known),
                RIG_TEST(peers_named_twice_are_one),
                RIG_TEST(what_is_as_it_should_be_costs_no_call),
                RIG_TEST(probe_addresses_are_kept_from_other_nodes),
                cmocka_unit_test(any_one_failing_call_is_got_over),
                RIG_TEST(a_failure_is_known_until_it_is_got_over),
                RIG_TEST(a_table_that_is_gone_is_put_back_by_the_next_change),
                RIG_TEST(what_others_change_is_repaired),
                RIG_TEST(a_restart_cuts_only_whom_nobody_wants),
                RIG_TEST(a_gate_that_is_off_lets_everything_be),
                RIG_TEST(nfs_is_held_from_the_first_table_on_until_it_is_let_go),
                RIG_TEST(a_hold_outlives_a_restart_and_what_was_let_go_stays_so),
                RIG_TEST(a_hold_that_could_not_be_is_said_and_made_up_for),
                RIG_TEST(the_gate_tends_itself_when_it_is_due),
                RIG_TEST(what_root_switches_off_is_no_failure_and_stays_off),
                RIG_TEST(addresses_are_bound_as_the_nodes_say),
                RIG_TEST(bindings_that_nobody_wants_after_a_restart_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
