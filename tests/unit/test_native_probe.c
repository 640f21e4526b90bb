/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/native_probe.h"

#define BRICK(host, path, port)                                                             \
        "volume data-client-0\n    type protocol/client\n    option remote-subvolume " path \
        "\n    option remote-host " host "\n" port "end-volume\n"

static void bricks_of_the_node_are_read(void **test)
{
        static const struct {
                const char *volfile, *bricks;
                int result;
        } cases[] = {
                { BRICK("10.0.0.1", "/b/1", "option remote-port 49152\n"), "49152 /b/1\n", 0 },
                { BRICK("10.0.0.1", "/b/1", ""), "0 /b/1\n", 0 },
                { BRICK("10.0.0.2", "/b/1", "") BRICK("10.0.0.1", "/b/2", ""), "0 /b/2\n", 0 },
                { BRICK("10.0.0.1", "/b/1", "") "volume data\n  option remote-host 10.0.0.1\nend-volume\n",
                  "0 /b/1\n", 0 },
                { BRICK("10.0.0.2", "/b/1", ""), "", -FAULT_INVALID },
                { "", "", -FAULT_INVALID },
                { BRICK("10.0.0.1", "/b/1", "    option password x\n"), "0 /b/1\n", -FAULT_INVALID },
                { BRICK("10.0.0.1", "/b/1", "    option username x\n"), "0 /b/1\n", -FAULT_INVALID },
        };
        const struct address node = { ADDRESS_V4, { 10, 0, 0, 1 } };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text bricks = { 0 };
                struct fault fault = { 0 };

                assert_int_equal(native_bricks_read(cases[i].volfile, &node, &bricks, &fault), cases[i].result);
                assert_string_equal(text_get(&bricks), cases[i].bricks);
        }
}

static void request_that_is_malformed_is_refused_by_the_worker(void **test)
{
        static const struct {
                const char *server, *subdir;
                uint64_t deadline_ms;
        } cases[] = {
                { "", "/a", 100 },
                { "localhost", "/a", 100 },
                { "10.0.0.1", "a", 100 },
                { "10.0.0.1", "", 100 },
                { "10.0.0.1", "/a", NATIVE_PROBE_DEADLINE_MAX_MS + 1 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, ACT_WORKER_NATIVE_PROBE);
                message_init(&reply, 0);
                message_put_text(&request, cases[i].server);
                message_put_text(&request, "data");
                message_put_text(&request, cases[i].subdir);
                message_put_text(&request, "");
                message_put_u64(&request, cases[i].deadline_ms);
                assert_int_equal(native_probe_acts[0].run(NULL, &request, &reply, &fault), -FAULT_MALFORMED);
        }
}

struct answer {
        uint64_t least, most, code;
};

static int answer_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        const struct answer *answer = context;

        (void)deadline_ms;
        (void)fault;
        assert_int_equal(request->act, ACT_WORKER_NATIVE_PROBE);
        message_put_u64(reply, answer->least);
        message_put_u64(reply, answer->most);
        message_put_text(reply, "49152 /b/1\n");
        message_put_u64(reply, answer->code);
        message_put_text(reply, "why");
        return 0;
}

static void outcome_comes_back_with_its_cause_and_the_bricks(void **test)
{
        static const struct {
                struct answer answer;
                int result;
        } cases[] = {
                { { PROBE_LET_IN, PROBE_LET_IN, FAULT_NONE }, 0 },
                { { PROBE_UNKNOWN, PROBE_REFUSED, FAULT_TIMEOUT }, 0 },
                { { PROBE_LET_IN + 1, PROBE_LET_IN, FAULT_NONE }, -FAULT_INTERNAL },
                { { PROBE_LET_IN, UINT64_MAX, FAULT_NONE }, -FAULT_INTERNAL },
                { { PROBE_LET_IN, PROBE_LET_IN, FAULT_CODE_COUNT }, -FAULT_INTERNAL },
        };
        const struct native_question question = { { ADDRESS_V4, { 10, 0, 0, 1 } }, "data", "/a", 500 };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct answer answer = cases[i].answer;
                const struct act_caller worker = { .call = answer_call, .context = &answer };
                struct native_outcome outcome = { 0 };
                AUTO_TEXT struct text bricks = { 0 };
                struct fault fault = { 0 };

                assert_int_equal(native_probe(&worker, &question, &bricks, &outcome, &fault), cases[i].result);
                if (cases[i].result)
                        continue;
                assert_int_equal(outcome.least, answer.least);
                assert_int_equal(outcome.most, answer.most);
                assert_int_equal(fault.code, answer.code);
                assert_string_equal(text_get(&bricks), "49152 /b/1\n");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bricks_of_the_node_are_read),
                cmocka_unit_test(request_that_is_malformed_is_refused_by_the_worker),
                cmocka_unit_test(outcome_comes_back_with_its_cause_and_the_bricks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
