/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the node that decides and a member say to each other arrives as it was meant, and what is no report is
 * none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/member/member_acts.h"
#include "protocols/member/member_calls.h"
#include "protocols/member/member_fields.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "world_for_test.h"

/* A member that remembers what it was told, and reports what it is given. */
struct rig {
        struct pool_member member, over;
        struct act_caller caller;
        struct member_report report;
        struct probe_network probe;
        uint64_t run;
        bool peer_arrived;
};

static int member_enforce(void *context, const struct member_order *order, struct member_report *report,
                          struct fault *fault)
{
        struct rig *rig = context;

        (void)fault;
        rig->probe = order->probe;
        rig->peer_arrived = order->set.peer_count == 1;
        *report = rig->report;
        return 0;
}

static int member_look(void *context, const char *volume, uint64_t run, struct member_report *report,
                       struct fault *fault)
{
        struct rig *rig = context;

        (void)fault;
        assert_string_equal(volume, "data");
        rig->run = run;
        *report = rig->report;
        return 0;
}

static int caller_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        struct rig *rig = context;
        struct message again = *request;

        (void)deadline_ms;
        again.at = 0;
        act_answer(member_acts, &rig->member, NULL, &again, reply);
        return reply->fault_code ? fault_set(fault, (enum fault_code)reply->fault_code, "%s",
                                             message_take_text(reply, FAULT_TEXT_SIZE))
                                 : 0;
}

static struct verification row_make(const char *node)
{
        struct verification row = { .node = world_address(node),
                                    .protocol = PROTOCOL_IS_GLUSTER,
                                    .version = "op-version 100000",
                                    .result = VERIFICATION_FAILED,
                                    .code = "access_list.open",
                                    .sentence = "a client gets in: \xC3\xA9t\xC3\xA9" };

        for (int check = 0; check < CHECK_COUNT; check++)
                row.checks[check] = (struct check_seen){ .tried = check != CHECK_PACKET_FILTER,
                                                         .result = VERIFICATION_PASSED,
                                                         .verdict = PROBE_REFUSED,
                                                         .latency_us = 100 + check };
        return row;
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->member = (struct pool_member){ .enforce = member_enforce, .look = member_look, .context = rig };
        rig->caller = (struct act_caller){ .call = caller_call, .context = rig };
        rig->over = member_over(&rig->caller);
        rig->report = (struct member_report){ .decider = 5, .number = 6, .list_generation = 7 };
        fake_pool_node_id(1, rig->report.node_id);
        rig->report.findings = (struct member_findings){ .run = 8, .generation = 9, .age_ms = 10, .row_count = 2 };
        rig->report.findings.rows[0] = row_make("10.77.0.12");
        rig->report.findings.rows[1] = row_make("10.78.0.12");
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        free(*test);
        return 0;
}

static int look(struct rig *rig, uint64_t run, struct member_report *report)
{
        struct fault fault = { 0 };

        return rig->over.look(rig->over.context, "data", run, report, &fault);
}

static void findings_arrive_as_they_were_told(void **test)
{
        struct rig *rig = *test;
        struct member_report report;

        assert_int_equal(look(rig, 11, &report), 0);
        assert_int_equal(rig->run, 11);
        assert_int_equal(report.findings.run, 8);
        assert_int_equal(report.findings.generation, 9);
        assert_int_equal(report.findings.age_ms, 10);
        assert_int_equal(report.findings.row_count, 2);
        for (size_t i = 0; i < 2; i++) {
                const struct verification *was = &rig->report.findings.rows[i], *is = &report.findings.rows[i];

                assert_true(address_equal(&was->node, &is->node));
                assert_int_equal(is->protocol, PROTOCOL_IS_GLUSTER);
                assert_string_equal(was->version, is->version);
                assert_int_equal(was->result, is->result);
                assert_string_equal(was->code, is->code);
                assert_string_equal(was->sentence, is->sentence);
                for (int check = 0; check < CHECK_COUNT; check++) {
                        assert_int_equal(was->checks[check].tried, is->checks[check].tried);
                        assert_int_equal(was->checks[check].result, is->checks[check].result);
                        assert_int_equal(was->checks[check].verdict, is->checks[check].verdict);
                        assert_int_equal(was->checks[check].latency_us, is->checks[check].latency_us);
                }
        }
}

static void order_says_where_to_try_from(void **test)
{
        static const char *const networks[] = { "100.127.255.248/29", "" };
        struct rig *rig = *test;

        for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
                struct member_order order = { .decider = 1, .number = 2, .volume = "data" };
                struct address peer = world_address("10.77.0.13");
                struct member_report report;
                struct fault fault = { 0 };

                if (networks[i][0])
                        assert_int_equal(probe_network_parse(networks[i], &order.probe), 0);
                firewall_set_peers(&order.set, &peer, 1);
                assert_int_equal(rig->over.enforce(rig->over.context, &order, &report, &fault), 0);
                assert_true(rig->peer_arrived);
                assert_true(address_equal(&rig->probe.base, &order.probe.base));
                firewall_set_fini(&order.set);
        }
}

/* --- What is no report ----------------------------------------------------------------------------------------
 */

static void spoil_result(struct member_findings *findings)
{
        findings->rows[1].result = (enum verification_result)(VERIFICATION_FAILED + 1);
}

static void spoil_check(struct member_findings *findings)
{
        findings->rows[0].checks[2].verdict = (enum probe_verdict)(PROBE_LET_IN + 1);
}

static void spoil_code(struct member_findings *findings)
{
        findings->rows[0].code[0] = '\0';
}

static void spoil_sentence(struct member_findings *findings)
{
        strcpy(findings->rows[1].sentence, "two\nlines");
}

static void spoil_letters(struct member_findings *findings)
{
        strcpy(findings->rows[1].sentence, "\xC3(");
}

static void spoil_age(struct member_findings *findings)
{
        findings->age_ms = -1;
}

static void spoil_latency(struct member_findings *findings)
{
        findings->rows[0].checks[0].latency_us = INT64_MAX;
}

static void what_is_no_report_is_refused_whole(void **test)
{
        static void (*const spoils[])(struct member_findings *) = { spoil_result,   spoil_check,   spoil_code,
                                                                    spoil_sentence, spoil_letters, spoil_age,
                                                                    spoil_latency };
        struct rig *rig = *test;
        const struct member_report good = rig->report;

        for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
                struct member_report report;

                rig->report = good;
                spoils[i](&rig->report.findings);
                assert_int_equal(look(rig, 1, &report), -FAULT_MALFORMED);
        }
}

/* The count is a member's word: one more row than there is room for is not read. */
static void more_rows_than_there_is_room_for_are_refused(void **test)
{
        struct rig *rig = *test;
        AUTO_MESSAGE struct message message;
        struct member_report report;
        struct fault fault = { 0 };

        message_init(&message, 1);
        rig->report.findings.row_count = 0;
        member_put_report(&message, &rig->report);
        message.length -= 13; /* a number with its type and length: the count of rows */
        message_put_u64(&message, MEMBER_ROWS_MAX + 1);
        assert_int_equal(member_take_report(&message, &report, &fault), -FAULT_MALFORMED);
        message.at = 0;
        message.broken = false;
        message.length -= 13;
        message_put_u64(&message, 0);
        assert_int_equal(member_take_report(&message, &report, &fault), 0);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(findings_arrive_as_they_were_told),
                RIG_TEST(order_says_where_to_try_from),
                RIG_TEST(what_is_no_report_is_refused_whole),
                RIG_TEST(more_rows_than_there_is_room_for_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
