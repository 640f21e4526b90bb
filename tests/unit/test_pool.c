/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The members of the pool as the one that decides sees them: each gets what is wanted, and one that does not is
 * named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/pool_findings.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "tests/fakes/fake_pool_member.h"
#include "world_for_test.h"

#define MEMBERS 2
#define SETTLE_MS 20000

struct rig {
        struct fake_pool_member *fakes[MEMBERS];
        struct pool *pool;
        struct clock clock;
        _Atomic int64_t ahead_ms; /* of the system's clock */
        struct fake_gluster_volume volume;
};

static int64_t rig_monotonic(void *context)
{
        return clock_monotonic_ms(clock_system()) + ((struct rig *)context)->ahead_ms;
}

static int64_t rig_wall(void *context)
{
        (void)context;
        return clock_wall_ms(clock_system());
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);
        struct pool_settings settings = { .count = MEMBERS, .clock = &rig->clock };
        struct fault fault = { 0 };

        rig->clock = (struct clock){ rig_wall, rig_monotonic, rig };
        fake_gluster_volume_init(&rig->volume, "data");
        rig->volume.pool_members = 1 + MEMBERS;
        for (size_t i = 0; i < MEMBERS; i++) {
                rig->fakes[i] = fake_pool_member_new(i + 1);
                settings.members[i] = fake_pool_member_seam(rig->fakes[i]);
                settings.addresses[i] = world_address(i ? "10.77.0.13" : "10.77.0.12");
        }
        assert_int_equal(pool_new(&settings, &rig->pool, &fault), 0);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        pool_free(rig->pool);
        for (size_t i = 0; i < MEMBERS; i++)
                fake_pool_member_free(rig->fakes[i]);
        fake_gluster_volume_fini(&rig->volume);
        free(rig);
        return 0;
}

/* Orders that these be let in. */
static void order(struct rig *rig, const char *clients)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct address addresses[8], peer = world_address("10.77.0.11");
        size_t count = world_addresses(clients, addresses);

        firewall_set_peers(&set, &peer, 1);
        for (size_t i = 0; i < count; i++)
                firewall_set_open(&set, &(struct firewall_pair){ addresses[i], SERVICE_GLUSTER });
        pool_order(rig->pool, 1, "data", &set, &(struct probe_network){ 0 });
}

static enum known enforces(struct rig *rig, char name[ADDRESS_TEXT_SIZE], struct fault *fault)
{
        struct gluster_volume seam = fake_gluster_volume_seam(&rig->volume);
        struct volume_seen seen = { 0 };

        *fault = (struct fault){ 0 };
        assert_int_equal(seam.observe(seam.context, "data", &seen, fault), 0);
        enum known known = pool_enforces(rig->pool, &seen, name, fault);
        volume_seen_fini(&seen);
        return known;
}

/* Waits until the pool is judged so, for the member named. */
static void await_judgement(struct rig *rig, enum known expected, const char *expected_name, const char *why)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        char name[ADDRESS_TEXT_SIZE] = "";
        struct fault fault;

        while (enforces(rig, name, &fault) != expected) {
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                world_pause();
        }
        if (expected_name) {
                assert_string_equal(name, expected_name);
                assert_non_null(strstr(fault.text, expected_name));
                assert_non_null(strstr(fault.text, why));
        }
}

static void assert_admits(struct rig *rig, const char *client, bool admits)
{
        struct address address = world_address(client);

        for (size_t i = 0; i < MEMBERS; i++)
                assert_int_equal(fake_pool_member_admits(rig->fakes[i], &address), admits);
}

static void every_member_obeys(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        order(rig, "10.77.0.21 10.77.0.22");
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
        assert_admits(rig, "10.77.0.21", true);
        assert_admits(rig, "10.77.0.22", true);
        order(rig, "10.77.0.22");
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
        assert_admits(rig, "10.77.0.21", false);
        assert_admits(rig, "10.77.0.22", true);
        unsigned orders = fake_pool_member_orders(rig->fakes[0]);
        order(rig, "10.77.0.22"); /* the same as before */
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
        assert_int_equal(fake_pool_member_orders(rig->fakes[0]), orders);
}

static void any_one_fault_is_got_over(void **test)
{
        static const enum fault_code codes[] = { FAULT_UNAVAILABLE, FAULT_TIMEOUT, FAULT_PRECONDITION };

        (void)test;
        for (size_t what = 0; what < ARRAY_SIZE(codes); what++)
                for (unsigned nth = 1; nth <= 2; nth++) {
                        void *state;

                        rig_set_up(&state);
                        struct rig *rig = state;
                        fake_pool_member_fail(rig->fakes[1], nth, 1, codes[what]);
                        order(rig, "10.77.0.21");
                        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
                        rig_tear_down(&state);
                }
}

static void silent_member_is_named_and_holds_up_nobody(void **test)
{
        struct rig *rig = *test;
        struct address client = world_address("10.77.0.21");
        struct fault fault = { 0 };

        order(rig, "10.77.0.21");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        fake_pool_member_fail(rig->fakes[1], 1, 1000000, FAULT_TIMEOUT);
        order(rig, "");
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), -FAULT_TIMEOUT);
        assert_non_null(strstr(fault.text, "member 10.77.0.13"));
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        while (fake_pool_member_admits(rig->fakes[0], &client))
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL); /* a moment's silence is none yet */
        rig->ahead_ms += POOL_SILENCE_MS + 1;
        await_judgement(rig, KNOWN_ABSENT, "10.77.0.13", "does not answer");
        fake_pool_member_fail(rig->fakes[1], 0, 0, FAULT_NONE);
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
        assert_admits(rig, "10.77.0.21", false);
}

static void nobody_can_say_before_a_member_was_heard(void **test)
{
        struct rig *rig = *test;
        char name[ADDRESS_TEXT_SIZE];
        struct fault fault;

        fake_pool_member_fail(rig->fakes[0], 1, 1000000, FAULT_UNAVAILABLE);
        assert_int_equal(enforces(rig, name, &fault), KNOWN_UNKNOWN);
        order(rig, "");
        assert_int_equal(enforces(rig, name, &fault), KNOWN_UNKNOWN);
        rig->ahead_ms += POOL_SILENCE_MS + 1;
        await_judgement(rig, KNOWN_ABSENT, "10.77.0.12", "does not answer");
}

static void what_a_member_reports_counts(void **test)
{
        struct rig *rig = *test;

        order(rig, "");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        fake_pool_member_set_filter(rig->fakes[0], false);
        rig->ahead_ms += POOL_DOUBT_MS;
        await_judgement(rig, KNOWN_ABSENT, "10.77.0.12", "gatehouse-volfile-filter");
        fake_pool_member_set_filter(rig->fakes[0], true);
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        fake_pool_member_set_firewall(rig->fakes[1], KNOWN_ABSENT);
        rig->ahead_ms += POOL_DOUBT_MS;
        await_judgement(rig, KNOWN_ABSENT, "10.77.0.13", "packet filter");
}

static void node_that_is_no_member_is_named(void **test)
{
        struct rig *rig = *test;

        rig->volume.pool_members = 2 + MEMBERS;
        order(rig, "");
        await_judgement(rig, KNOWN_ABSENT, "10.77.0.14", "--enforce-only");
}

static void restarted_member_is_told_again(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        order(rig, "10.77.0.21");
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
        unsigned orders = fake_pool_member_orders(rig->fakes[0]);
        fake_pool_member_restart(rig->fakes[0]);
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        while (fake_pool_member_orders(rig->fakes[0]) == orders)
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        assert_int_equal(pool_await(rig->pool, SETTLE_MS, &fault), 0);
}

static void list_goes_to_all_and_who_lacks_it_is_named(void **test)
{
        struct rig *rig = *test;
        AUTO_ACCESS_LIST struct access_list list = { .generation = 7 };
        struct fault fault = { 0 };

        order(rig, "");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        assert_int_equal(pool_take_list(rig->pool, "data", &list, SETTLE_MS, &fault), 0);
        assert_true(pool_holds_list(rig->pool, 7));
        fake_pool_member_fail(rig->fakes[0], 1, 1000000, FAULT_UNAVAILABLE);
        list.generation = 8;
        assert_int_equal(pool_take_list(rig->pool, "data", &list, SETTLE_MS, &fault), -FAULT_UNAVAILABLE);
        assert_non_null(strstr(fault.text, "member 10.77.0.12"));
        assert_int_equal(fake_pool_member_list(rig->fakes[1]), 8);
        assert_false(pool_holds_list(rig->pool, 8));
}

/* --- What members find out ------------------------------------------------------------------------------------
 */

/* What member number `member` finds at its address, as this row. */
static void finds(struct rig *rig, size_t member, struct member_findings findings, const char *code)
{
        struct verification *row = &findings.rows[0];

        row->node = world_address(member ? "10.77.0.13" : "10.77.0.12");
        row->protocol = PROTOCOL_IS_GLUSTER;
        row->result = strcmp(code, "passed") == 0 ? VERIFICATION_PASSED : VERIFICATION_FAILED;
        strcpy(row->code, code);
        findings.row_count = 1;
        fake_pool_member_find(rig->fakes[member], &findings);
}

static struct verification found(struct rig *rig, uint64_t run, const char *node)
{
        struct verification row = { .storage = "files",
                                    .node = world_address(node),
                                    .protocol = PROTOCOL_IS_GLUSTER };

        pool_find(rig->pool, run, &row);
        assert_string_equal(row.storage, "files");
        assert_true(row.code[0] != '\0');
        return row;
}

/* Asks, and waits until nobody owes an answer. */
static void ask(struct rig *rig, uint64_t run)
{
        pool_ask_findings(rig->pool, run);
        assert_true(pool_await_findings(rig->pool, SETTLE_MS));
}

static void members_tell_what_they_find(void **test)
{
        struct rig *rig = *test;

        assert_true(pool_has_member(rig->pool, &(struct address){ 0 }) == false);
        order(rig, "");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        finds(rig, 0, (struct member_findings){ .age_ms = 1000 }, "passed");
        finds(rig, 1, (struct member_findings){ 0 }, "access_list.open");
        int64_t asked_ms = rig_monotonic(rig);
        ask(rig, 1);
        struct verification row = found(rig, 1, "10.77.0.12");
        assert_int_equal(row.result, VERIFICATION_PASSED);
        assert_in_range(row.started_ms, asked_ms - 1000, rig_monotonic(rig) - 1000);
        assert_true(row.at_ms <= clock_wall_ms(clock_system()) - 1000);
        assert_string_equal(found(rig, 1, "10.77.0.13").code, "access_list.open");
        assert_string_equal(found(rig, 1, "10.77.0.14").code, "node.remote");
        finds(rig, 1, (struct member_findings){ 0 }, "passed");
        ask(rig, 2);
        assert_string_equal(found(rig, 2, "10.77.0.13").code, "passed");
}

static void what_says_nothing_of_now_is_unverified(void **test)
{
        struct rig *rig = *test;
        AUTO_ACCESS_LIST struct access_list list = { .generation = 7 };
        struct fault fault = { 0 };

        order(rig, "");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        assert_int_equal(pool_take_list(rig->pool, "data", &list, SETTLE_MS, &fault), 0);
        for (size_t i = 0; i < MEMBERS; i++)
                finds(rig, i, (struct member_findings){ 0 }, "passed");
        ask(rig, 1);
        assert_string_equal(found(rig, 1, "10.77.0.12").code, "passed");
        assert_string_equal(found(rig, 2, "10.77.0.12").code, "timeout"); /* not of that run */
        finds(rig, 0, (struct member_findings){ .generation = 1 }, "passed");
        ask(rig, 2);
        assert_string_equal(found(rig, 2, "10.77.0.12").code, "node.changed");
        assert_string_equal(found(rig, 2, "10.77.0.13").code, "passed");
        fake_pool_member_find(rig->fakes[0], &(struct member_findings){ 0 }); /* it does not verify */
        ask(rig, 3);
        assert_string_equal(found(rig, 3, "10.77.0.12").code, "node.untried");
        fake_pool_member_find(rig->fakes[0], NULL);
        pool_ask_findings(rig->pool, 4);
        assert_false(pool_await_findings(rig->pool, 100)); /* it may still come */
        rig->ahead_ms += POOL_FINDINGS_MS;
        assert_true(pool_await_findings(rig->pool, SETTLE_MS));
        struct verification row = found(rig, 4, "10.77.0.12");
        assert_string_equal(row.code, "timeout");
        assert_non_null(strstr(row.sentence, "member 10.77.0.12"));
        assert_string_equal(found(rig, 4, "10.77.0.13").code, "passed");
}

static void silent_member_is_not_waited_for(void **test)
{
        struct rig *rig = *test;

        order(rig, "");
        await_judgement(rig, KNOWN_PRESENT, NULL, NULL);
        finds(rig, 1, (struct member_findings){ 0 }, "passed");
        fake_pool_member_fail(rig->fakes[0], 1, 1000000, FAULT_UNAVAILABLE);
        ask(rig, 1);
        assert_string_equal(found(rig, 1, "10.77.0.12").code, "unavailable");
        assert_string_equal(found(rig, 1, "10.77.0.13").code, "passed");
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(every_member_obeys),
                cmocka_unit_test(any_one_fault_is_got_over),
                RIG_TEST(silent_member_is_named_and_holds_up_nobody),
                RIG_TEST(nobody_can_say_before_a_member_was_heard),
                RIG_TEST(what_a_member_reports_counts),
                RIG_TEST(node_that_is_no_member_is_named),
                RIG_TEST(restarted_member_is_told_again),
                RIG_TEST(list_goes_to_all_and_who_lacks_it_is_named),
                RIG_TEST(members_tell_what_they_find),
                RIG_TEST(what_says_nothing_of_now_is_unverified),
                RIG_TEST(silent_member_is_not_waited_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
