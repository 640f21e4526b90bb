/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * That timed seams answer as those behind them, and what is counted of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/timed_seams.h"

#define SAMPLE(labels, bucket, count) \
        "gatehouse_backend_call_seconds_bucket{" labels ",le=\"" bucket "\"} " count "\n"

/* What `latency` tells has each of `lines`, and lacks each that begins with '!'. */
static void assert_told(const struct latency *latency, const char *const *lines)
{
        AUTO_TEXT struct text text = { 0 };

        latency_render(latency, &text);
        for (; *lines; lines++)
                if (!strstr(text_get(&text), *lines + (**lines == '!')) != (**lines == '!'))
                        fail_msg("%s in\n%s", *lines, text_get(&text));
}

static void calls_are_counted_by_duration_and_outcome(void **test)
{
        struct latency *latency = latency_new();

        (void)test;
        latency_note(NULL, LATENCY_STORE_COMMIT, 1, FAULT_NONE); /* nobody counts */
        latency_note(latency, LATENCY_STORE_COMMIT, 500, FAULT_NONE);
        latency_note(latency, LATENCY_STORE_COMMIT, 501, FAULT_NONE);
        latency_note(latency, LATENCY_STORE_COMMIT, 3000000, FAULT_NONE);
        latency_note(latency, LATENCY_STORE_COMMIT, 500000000, FAULT_EXHAUSTED);
        latency_note(latency, LATENCY_GANESHA_ADD, 0, FAULT_TIMEOUT);
        latency_note(latency, LATENCY_GANESHA_ADD, 0, FAULT_UNAVAILABLE);
#define DONE "backend=\"store\",call=\"commit\",outcome=\"done\""
#define FAILED "backend=\"store\",call=\"commit\",outcome=\"failed\""
        assert_told(latency, (const char *[]){
                                     SAMPLE(DONE, "0.0005", "1"),
                                     SAMPLE(DONE, "0.001", "2"),
                                     SAMPLE(DONE, "2.5", "2"),
                                     SAMPLE(DONE, "5.0", "3"),
                                     SAMPLE(DONE, "+Inf", "3"),
                                     "gatehouse_backend_call_seconds_count{" DONE "} 3\n",
                                     "gatehouse_backend_call_seconds_sum{" DONE "} 3.001001\n",
                                     SAMPLE(FAILED, "120.0", "0"),
                                     SAMPLE(FAILED, "+Inf", "1"),
                                     "count{backend=\"ganesha\",call=\"add\",outcome=\"timeout\"} 1\n",
                                     "count{backend=\"ganesha\",call=\"add\",outcome=\"unavailable\"} 1\n",
                                     "!glusterd",
                                     NULL,
                             });
        latency_free(latency);
}

/* Answers what it is told to, and says that it was asked. */
struct answering {
        int result;
        unsigned calls;
};

static int act_answer_it(void *context, const struct message *request, struct message *reply, int deadline_ms,
                         struct fault *fault)
{
        struct answering *answering = context;

        (void)reply;
        assert_int_equal(deadline_ms, 77);
        assert_true(request->act > 0);
        answering->calls++;
        return answering->result < 0 ? fault_set(fault, (enum fault_code) - answering->result, "as told") : 0;
}

static void acts_are_timed_by_their_number(void **test)
{
        static const struct {
                uint16_t act;
                int result;
                const char *told;
        } cases[] = {
                { ACT_GLUSTERD_VOLUME_OBSERVE, 0,
                  "count{backend=\"glusterd\",call=\"observe\",outcome=\"done\"} 1" },
                { ACT_FIREWALL_CHANGE, -FAULT_INTERNAL,
                  "count{backend=\"helper\",call=\"firewall\",outcome=\"failed\"} 1" },
                { ACT_WORKER_BRICK_CANARY, -FAULT_TIMEOUT,
                  "count{backend=\"worker\",call=\"canary\",outcome=\"timeout\"} 1" },
                { ACT_MEMBER_LOOK, -FAULT_UNAVAILABLE,
                  "count{backend=\"member\",call=\"look\",outcome=\"unavailable\"} 1" },
                { 999, 0, "!backend" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct answering answering = { .result = cases[i].result };
                struct latency *latency = latency_new();
                struct timed_acts timed;
                struct act_caller caller =
                        timed_acts_over(&timed, (struct act_caller){ act_answer_it, &answering }, latency);
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, cases[i].act);
                message_init(&reply, 0);
                assert_int_equal(caller.call(caller.context, &request, &reply, 77, &fault), cases[i].result);
                assert_int_equal(fault.code, -cases[i].result);
                assert_int_equal(answering.calls, 1);
                assert_told(latency, (const char *[]){ cases[i].told, NULL });
                latency_free(latency);
        }
}

static int nfs_remove_it(void *context, uint16_t number, struct fault *fault)
{
        struct answering *answering = context;

        assert_int_equal(number, 42);
        answering->calls++;
        return answering->result < 0 ? fault_set(fault, (enum fault_code) - answering->result, "as told") : 0;
}

static uint64_t nfs_wait_it(void *context, int wake_fd, int timeout_ms)
{
        ((struct answering *)context)->calls++;
        return (uint64_t)(wake_fd + timeout_ms);
}

static void calls_of_the_nfs_server_are_timed_and_waits_are_not(void **test)
{
        struct answering answering = { .result = -FAULT_INVALID };
        struct latency *latency = latency_new();
        struct timed_nfs timed;
        struct fault fault = { 0 };
        struct nfs_server server = timed_nfs_over(
                &timed, (struct nfs_server){ .remove = nfs_remove_it, .wait = nfs_wait_it, .context = &answering },
                latency);

        (void)test;
        assert_int_equal(server.remove(server.context, 42, &fault), -FAULT_INVALID);
        assert_string_equal(fault.text, "as told");
        assert_int_equal(server.wait(server.context, 3, 4), 7);
        assert_int_equal(answering.calls, 2);
        assert_told(latency, (const char *[]){ "count{backend=\"ganesha\",call=\"remove\",outcome=\"failed\"} 1\n",
                                               "!wait", NULL });
        latency_free(latency);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(calls_are_counted_by_duration_and_outcome),
                cmocka_unit_test(acts_are_timed_by_their_number),
                cmocka_unit_test(calls_of_the_nfs_server_are_timed_and_waits_are_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
