/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/session.h"
#include "gateway_by_script.h"

static void form_is_the_one_that_is_asked_for(void **test)
{
        static const struct reply reply = {
                200, "{'items': [{'node': 'w1', 'mount': {'commands': ['mkdir', 'mount -t x'], 'fstab': 's /m', "
                     "'unit_name': 'm.mount', 'unit': '[Mount]\\n'}}, "
                     "{'node': 'w2', 'cause': {'sentence': 'it sleeps'}}]}"
        };
        static const struct {
                const char *words, *out, *err;
                int exit_code;
        } rows[] = {
                { "w1", "mount -t x\n", "", EXIT_DONE },
                { "w1 --form command", "mount -t x\n", "", EXIT_DONE },
                { "w1 --form script", "mkdir\nmount -t x\n", "", EXIT_DONE },
                { "w1 --form fstab", "s /m\n", "", EXIT_DONE },
                { "w1 --form unit", "# /etc/systemd/system/m.mount\n[Mount]\n", "", EXIT_DONE },
                { "w2", "", "gatehouse: node w2 is not let in: it sleeps\n", EXIT_REFUSED },
                { "w3", "", "gatehouse: export ex-1 is not for node w3\n", EXIT_NOT_FOUND },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_FREE char *words = memory_format("mount-command ex-1 --node %s", rows[i].words);
                AUTO_OUTCOME struct outcome outcome = run(words, &reply);

                assert_string_equal(outcome.calls, "GET /v1/exports/ex-1/grants?limit=1000\n");
                assert_string_equal(outcome.out, rows[i].out);
                assert_string_equal(outcome.err, rows[i].err);
                assert_int_equal(outcome.exit_code, rows[i].exit_code);
        }
}

static void unit_that_has_no_name_is_refused(void **test)
{
        static const struct reply reply = { 200, "{'items': [{'node': 'w1', 'mount': {'fstab': 's /m'}}]}" };
        AUTO_OUTCOME struct outcome outcome = run("mount-command ex-1 --node w1 --form unit", &reply);

        (void)test;
        assert_int_equal(outcome.exit_code, EXIT_REFUSED);
        assert_string_equal(outcome.out, "");
}

static void wrong_options_call_nobody(void **test)
{
        static const char *const lines[] = { "mount-command ex-1", "mount-command ex-1 --form fstab" };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                AUTO_OUTCOME struct outcome outcome = run(lines[i], NULL);

                assert_int_equal(outcome.exit_code, EXIT_USAGE);
                assert_string_equal(outcome.calls, "");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(form_is_the_one_that_is_asked_for),
                cmocka_unit_test(unit_that_has_no_name_is_refused),
                cmocka_unit_test(wrong_options_call_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
