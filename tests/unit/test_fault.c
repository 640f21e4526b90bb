/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/text.h"

static void fault_code_has_word_status_and_retry(void **test)
{
        static const struct {
                enum fault_code code;
                const char *word;
                int status;
                bool retryable;
        } cases[] = {
                { FAULT_NONE, "none", 200, false },
                { FAULT_MALFORMED, "malformed", 400, false },
                { FAULT_CONFLICT, "conflict", 409, false },
                { FAULT_INVALID, "invalid", 422, false },
                { FAULT_THROTTLED, "throttled", 429, true },
                { FAULT_UNAVAILABLE, "unavailable", 503, true },
                { FAULT_TIMEOUT, "timeout", 504, true },
                { FAULT_EXHAUSTED, "exhausted", 507, false },
                { FAULT_UNCONDITIONAL, "precondition_required", 428, false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_string_equal(fault_word(cases[i].code), cases[i].word);
                assert_int_equal(fault_status(cases[i].code), cases[i].status);
                assert_int_equal(fault_is_retryable(cases[i].code), cases[i].retryable);
        }
}

static void fault_set_gives_negative_code_and_text(void **test)
{
        struct fault fault = { 0 };

        (void)test;
        assert_int_equal(fault_set(&fault, FAULT_CONFLICT, "create export: %s is taken", "/srv"), -FAULT_CONFLICT);
        assert_int_equal(fault.code, FAULT_CONFLICT);
        assert_string_equal(fault.text, "create export: /srv is taken");
        assert_int_equal(fault_set(NULL, FAULT_INTERNAL, "nobody listens"), -FAULT_INTERNAL);
}

static void fault_prefix_keeps_code_and_cause(void **test)
{
        struct fault fault = { 0 };

        (void)test;
        fault_set_errno(&fault, FAULT_EXHAUSTED, ENOSPC, "write %s", "x.db");
        assert_string_equal(fault.text, "write x.db: No space left on device");
        assert_int_equal(fault_prefix(&fault, "commit %d", 7), -FAULT_EXHAUSTED);
        assert_int_equal(fault.code, FAULT_EXHAUSTED);
        assert_string_equal(fault.text, "commit 7: write x.db: No space left on device");
}

static void fault_text_can_always_be_shown(void **test)
{
        static const struct {
                const char *said, *shown;
        } cases[] = {
                { "a\nb\tc\x7f", "a?b?c?" },
                { "\xc3\xa4", "\xc3\xa4" },
                { "bad \xff byte", "bad ? byte" },
                { "cut \xe2\x82", "cut ??" },
                { "\xed\xa0\x80 \xf0\x9f\x98\x80", "??? \xf0\x9f\x98\x80" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fault fault = { 0 };

                fault_set(&fault, FAULT_INTERNAL, "%s", cases[i].said);
                assert_string_equal(fault.text, cases[i].shown);
        }
}

static void fault_text_is_cut_between_characters(void **test)
{
        char text[FAULT_TEXT_SIZE + 8];

        (void)test;
        for (size_t ascii = 0; ascii < 3; ascii++) {
                struct fault fault = { 0 };

                memset(text, 'x', sizeof text);
                for (size_t at = ascii; at + 3 < sizeof text; at += 3)
                        memcpy(text + at, "\xe2\x82\xac", 3);
                text[sizeof text - 1] = '\0';
                fault_set(&fault, FAULT_INTERNAL, "%s", text);
                assert_true(text_is_utf8(fault.text, strlen(fault.text)));
                assert_null(strchr(fault.text, '?'));
                assert_true(strlen(fault.text) > FAULT_TEXT_SIZE - 4);
                fault_prefix(&fault, "long");
                assert_true(text_is_utf8(fault.text, strlen(fault.text)));
                assert_null(strchr(fault.text, '?'));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fault_code_has_word_status_and_retry),
                cmocka_unit_test(fault_set_gives_negative_code_and_text),
                cmocka_unit_test(fault_prefix_keeps_code_and_cause),
                cmocka_unit_test(fault_text_can_always_be_shown),
                cmocka_unit_test(fault_text_is_cut_between_characters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
