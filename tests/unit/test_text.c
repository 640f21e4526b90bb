/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"

static void text_grows_with_what_is_added(void **test)
{
        AUTO_TEXT struct text text = { 0 };
        AUTO_FREE char *taken = NULL;

        (void)test;
        assert_string_equal(text_get(&text), "");
        text_add(&text, "a");
        text_add_char(&text, 'b');
        text_add_bytes(&text, "cde", 2);
        text_addf(&text, "%s-%d", "x", 42);
        assert_string_equal(text_get(&text), "abcdx-42");
        assert_int_equal(text.length, 8);
        for (int i = 0; i < 1000; i++)
                text_addf(&text, "%09d,", i);
        assert_int_equal(text.length, 8 + 10000);
        assert_string_equal(text_get(&text) + text.length - 10, "000000999,");
        text_clear(&text);
        assert_string_equal(text_get(&text), "");
        text_add(&text, "again");
        taken = text_take(&text);
        assert_string_equal(taken, "again");
        assert_int_equal(text.length, 0);
        assert_string_equal(text_get(&text), "");
}

static void text_take_of_nothing_is_an_empty_string(void **test)
{
        struct text text = { 0 };
        AUTO_FREE char *taken = text_take(&text);

        (void)test;
        assert_string_equal(taken, "");
}

static void utf8_is_told_from_what_looks_like_it(void **test)
{
        static const struct {
                const char *bytes;
                bool valid;
        } cases[] = {
                { "", true },
                { "plain", true },
                { "\xc2\x80", true },
                { "\xdf\xbf", true },
                { "\xe0\xa0\x80", true },
                { "\xed\x9f\xbf", true },
                { "\xee\x80\x80", true },
                { "\xf0\x90\x80\x80", true },
                { "\xf4\x8f\xbf\xbf", true },
                { "\x80", false },     /* continuation alone */
                { "\xc0\xaf", false }, /* overlong / */
                { "\xc1\xbf", false },
                { "\xe0\x9f\xbf", false }, /* overlong */
                { "\xed\xa0\x80", false }, /* surrogate */
                { "\xed\xbf\xbf", false },
                { "\xf0\x8f\xbf\xbf", false }, /* overlong */
                { "\xf4\x90\x80\x80", false }, /* past U+10FFFF */
                { "\xf5\x80\x80\x80", false },
                { "\xff", false },
                { "\xc3", false }, /* cut */
                { "\xe2\x82", false },
                { "\xf0\x9f\x98", false },
                { "\xc3(", false },
                { "ok\xe2(\xa1", false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(text_is_utf8(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
        assert_true(text_is_utf8("a\0b", 3));
}

static void word_has_its_place_or_none(void **test)
{
        static const char *const words[] = { "one", "two" };

        (void)test;
        assert_int_equal(text_place(words, 2, "one"), 0);
        assert_int_equal(text_place(words, 2, "two"), 1);
        assert_int_equal(text_place(words, 1, "two"), -1);
        assert_int_equal(text_place(words, 2, "tw"), -1);
        assert_int_equal(text_place(words, 2, NULL), -1);
        assert_int_equal(text_place(NULL, 0, "one"), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_grows_with_what_is_added),
                cmocka_unit_test(text_take_of_nothing_is_an_empty_string),
                cmocka_unit_test(utf8_is_told_from_what_looks_like_it),
                cmocka_unit_test(word_has_its_place_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
