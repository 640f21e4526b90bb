/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Both ends of the probe's wire; what it finds out is held by tests/contract/nfs_probe.test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/nfs/nfs_probe.h"

/* A worker that answers with these fields, or fails. */
struct answer {
        uint64_t verdict;
        const char *cause; /* NULL: the field is left out */
        enum fault_code code;
};

static int answer_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        const struct answer *answer = context;

        assert_int_equal(request->act, ACT_WORKER_NFS_PROBE);
        assert_in_range(deadline_ms, 501, 5000);
        if (answer->code)
                return fault_set(fault, answer->code, "the worker is gone");
        message_put_u64(reply, answer->verdict);
        if (answer->cause)
                message_put_text(reply, answer->cause);
        return 0;
}

static int probe(struct answer *answer, enum nfs_probe_verdict *verdict, struct fault *fault)
{
        const struct act_caller worker = { .call = answer_call, .context = answer };
        const struct address server = { ADDRESS_V4, { 10, 77, 0, 11 } };

        return nfs_probe(&worker, &server, "/exports/ex-7", 500, verdict, fault);
}

static void verdict_comes_back_with_its_cause(void **test)
{
        static const struct {
                struct answer answer;
                enum fault_code cause;
        } cases[] = {
                { { NFS_PROBE_ADMITTED, "", FAULT_NONE }, FAULT_NONE },
                { { NFS_PROBE_REFUSED, "refused", FAULT_NONE }, FAULT_FORBIDDEN },
                { { NFS_PROBE_UNREACHABLE, "gone", FAULT_NONE }, FAULT_UNAVAILABLE },
                { { NFS_PROBE_CLOSED, "closed", FAULT_NONE }, FAULT_UNAVAILABLE },
                { { NFS_PROBE_SILENT, "silent", FAULT_NONE }, FAULT_TIMEOUT },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct answer answer = cases[i].answer;
                struct fault fault = { 0 };
                enum nfs_probe_verdict verdict = NFS_PROBE_UNREACHABLE;

                assert_int_equal(probe(&answer, &verdict, &fault), 0);
                assert_int_equal(verdict, cases[i].answer.verdict);
                assert_int_equal(fault.code, cases[i].cause);
                assert_string_equal(fault.text, cases[i].answer.cause);
        }
}

static void answer_that_is_none_is_a_fault(void **test)
{
        static const struct {
                struct answer answer;
                enum fault_code code;
        } cases[] = {
                { { NFS_PROBE_SILENT + 1, "x", FAULT_NONE }, FAULT_MALFORMED },
                { { UINT64_MAX, "x", FAULT_NONE }, FAULT_MALFORMED },
                { { NFS_PROBE_ADMITTED, NULL, FAULT_NONE }, FAULT_MALFORMED },
                { { 0, "", FAULT_TIMEOUT }, FAULT_TIMEOUT },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct answer answer = cases[i].answer;
                struct fault fault = { 0 };
                enum nfs_probe_verdict verdict;

                assert_int_equal(probe(&answer, &verdict, &fault), -(int)cases[i].code);
                assert_int_equal(fault.code, cases[i].code);
        }
}

static void request_that_is_malformed_is_refused_by_the_worker(void **test)
{
        static const struct {
                const char *server, *pseudo;
                uint64_t deadline_ms;
        } cases[] = {
                { "", "/exports/a", 100 },
                { "localhost", "/exports/a", 100 },
                { "10.77.0.11:2049", "/exports/a", 100 },
                { "10.77.0.11", "", 100 },
                { "10.77.0.11", "exports", 100 },
                { "10.77.0.11", "/exports/a", NFS_PROBE_DEADLINE_MAX_MS + 1 },
                { "10.77.0.11", "/exports/a", UINT64_MAX },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, ACT_WORKER_NFS_PROBE);
                message_init(&reply, ACT_WORKER_NFS_PROBE);
                message_put_text(&request, cases[i].server);
                message_put_text(&request, cases[i].pseudo);
                message_put_u64(&request, cases[i].deadline_ms);
                assert_int_equal(nfs_probe_acts[0].run(NULL, &request, &reply, &fault), -FAULT_MALFORMED);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verdict_comes_back_with_its_cause),
                cmocka_unit_test(answer_that_is_none_is_a_fault),
                cmocka_unit_test(request_that_is_malformed_is_refused_by_the_worker),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
