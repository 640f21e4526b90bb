/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Other programs, run with a deadline.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/program.h"

#define LONG_MS 60000

static void output_and_status_come_back(void **test)
{
        static const struct {
                char *words[4];
                unsigned deadline_ms;
                int failed, status;
                const char *said;
        } cases[] = {
                { { "sh", "-c", "echo out; echo err >&2; exit 3" }, LONG_MS, 0, 3, "out\nerr\n" },
                { { "sh", "-c", "kill -9 $$" }, LONG_MS, 0, 128 + 9, "" },
                { { "cat" }, LONG_MS, 0, 0, "" }, /* nothing on standard input */
                { { "sh", "-c", "echo begun; exec sleep 1000" }, 200, -FAULT_TIMEOUT, 0, NULL },
                { { "/nonexistent/program" }, LONG_MS, -FAULT_NOT_FOUND, 0, "" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text said = { 0 };
                struct fault fault = { 0 };
                int status = 0;

                assert_int_equal(program_run(cases[i].words, cases[i].deadline_ms, &said, &status, &fault),
                                 cases[i].failed);
                assert_int_equal(status, cases[i].status);
                if (cases[i].said)
                        assert_string_equal(text_get(&said), cases[i].said);
        }
}

static void much_output_is_not_kept(void **test)
{
        char *words[] = { "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x", NULL };
        AUTO_TEXT struct text said = { 0 };
        struct fault fault = { 0 };
        int status = -1;

        (void)test;
        assert_int_equal(program_run(words, LONG_MS, &said, &status, &fault), 0);
        assert_int_equal(status, 0);
        assert_in_range(said.length, 1, PROGRAM_SAYS_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(output_and_status_come_back),
                cmocka_unit_test(much_output_is_not_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
