/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/verification.h"

static void check_is_judged_by_what_got_furthest(void **test)
{
        static const struct {
                enum verification_check check;
                enum probe_verdict least, most;
                enum verification_result result;
        } cases[] = {
                { CHECK_ADMITTED, PROBE_LET_IN, PROBE_LET_IN, VERIFICATION_PASSED },
                { CHECK_ADMITTED, PROBE_REFUSED, PROBE_LET_IN, VERIFICATION_FAILED },
                { CHECK_ADMITTED, PROBE_CLOSED, PROBE_LET_IN, VERIFICATION_UNVERIFIED },
                { CHECK_ADMITTED, PROBE_UNKNOWN, PROBE_LET_IN, VERIFICATION_UNVERIFIED },
                { CHECK_PACKET_FILTER, PROBE_CLOSED, PROBE_CLOSED, VERIFICATION_PASSED },
                { CHECK_PACKET_FILTER, PROBE_CLOSED, PROBE_REFUSED, VERIFICATION_FAILED },
                { CHECK_PACKET_FILTER, PROBE_UNKNOWN, PROBE_LET_IN, VERIFICATION_FAILED },
                { CHECK_PACKET_FILTER, PROBE_UNKNOWN, PROBE_CLOSED, VERIFICATION_UNVERIFIED },
                { CHECK_ACCESS_LIST, PROBE_REFUSED, PROBE_REFUSED, VERIFICATION_PASSED },
                { CHECK_ACCESS_LIST, PROBE_REFUSED, PROBE_LET_IN, VERIFICATION_FAILED },
                { CHECK_ACCESS_LIST, PROBE_UNKNOWN, PROBE_LET_IN, VERIFICATION_FAILED },
                { CHECK_ACCESS_LIST, PROBE_CLOSED, PROBE_REFUSED, VERIFICATION_UNVERIFIED },
                { CHECK_ACCESS_LIST, PROBE_CLOSED, PROBE_CLOSED, VERIFICATION_UNVERIFIED },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct verification row = { .result = VERIFICATION_PASSED };
                struct fault fault = { 0 };

                verification_note(&row, cases[i].check, 0, cases[i].least, cases[i].most, 7, &fault);
                if (row.result != cases[i].result || row.checks[cases[i].check].result != cases[i].result)
                        fail_msg("case %zu: %s", i, verification_result_word(row.result));
                assert_int_equal(row.checks[cases[i].check].latency_us, 7);
        }
}

static void worst_check_decides_and_the_first_of_equals_stays(void **test)
{
        struct verification row = { 0 };
        struct fault none = { 0 }, late = { 0 };

        (void)test;
        fault_set(&late, FAULT_TIMEOUT, "no answer");
        verification_note(&row, CHECK_ADMITTED, 0, PROBE_LET_IN, PROBE_LET_IN, 1, &none);
        assert_string_equal(row.code, "passed");
        verification_note(&row, CHECK_PACKET_FILTER, -FAULT_TIMEOUT, PROBE_UNKNOWN, PROBE_UNKNOWN, 1, &late);
        assert_string_equal(row.code, "timeout");
        assert_string_equal(row.sentence, "no answer");
        assert_false(verification_is_breach(&row));
        verification_note(&row, CHECK_ACCESS_LIST, 0, PROBE_LET_IN, PROBE_LET_IN, 1, &none);
        assert_string_equal(row.code, "access_list.open");
        assert_true(verification_is_breach(&row));
        verification_note(&row, CHECK_PACKET_FILTER, 0, PROBE_CLOSED, PROBE_CLOSED, 1, &none);
        assert_string_equal(row.code, "access_list.open");
}

static void version_is_taken_if_people_can_read_it(void **test)
{
        static const struct {
                const char *said;
                bool taken;
        } cases[] = {
                { "4.3", true },
                { "op-version 100000", true },
                { "1234567890123456789012345678901", true },
                { "12345678901234567890123456789012", false },
                { "", false },
                { "4.3\n", false },
                { "4.\xc3\xa9", false },
        };
        char version[SERVER_VERSION_SIZE];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                memset(version, 'x', sizeof version);
                assert_int_equal(server_version_take(cases[i].said, version), cases[i].taken);
                assert_string_equal(version, cases[i].taken ? cases[i].said : "");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(check_is_judged_by_what_got_furthest),
                cmocka_unit_test(version_is_taken_if_people_can_read_it),
                cmocka_unit_test(worst_check_decides_and_the_first_of_equals_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
