/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/environment.h"

static void name_alphabet_and_length_are_checked(void **test)
{
        static const struct {
                const char *text;
                bool valid;
        } cases[] = {
                { "a", true },          { "0", true },    { "A.b_c-9", true }, { "e-1", true },
                { "", false },          { ".a", false },  { "-a", false },     { "_a", false },
                { "a b", false },       { "a/b", false }, { "a\n", false },    { "\xc3\xa4", false },
                { "a\xc3\xa4", false }, { "a*", false },  { NULL, false },     { "..", false },
        };
        char longest[NAME_MAX_BYTES + 2];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(name_is_valid(cases[i].text), cases[i].valid);
        memset(longest, 'a', sizeof longest);
        longest[NAME_MAX_BYTES + 1] = '\0';
        assert_false(name_is_valid(longest));
        longest[NAME_MAX_BYTES] = '\0';
        assert_true(name_is_valid(longest));
}

static void platform_version_is_parsed_and_printed(void **test)
{
        static const struct {
                const char *text, *canonical; /* NULL = refused */
        } cases[] = {
                { "8", "8.0" },
                { "8.3", "8.3" },
                { "8.3.1", "8.3.1" },
                { "8.3.0", "8.3" },
                { "65535.1.2", "65535.1.2" },
                { "65536", NULL },
                { "", NULL },
                { "8.", NULL },
                { ".8", NULL },
                { "8..1", NULL },
                { "8.3.1.2", NULL },
                { "8.3-rc1", NULL },
                { "v8", NULL },
                { "-8", NULL },
                { "8 ", NULL },
                { "000008", NULL },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct platform_version version = { 0 };
                int parsed = platform_version_parse(cases[i].text, &version);
                AUTO_FREE char *printed = platform_version_format(&version);

                assert_int_equal(parsed, cases[i].canonical ? 0 : -1);
                assert_int_equal(version.present, cases[i].canonical != NULL);
                if (cases[i].canonical)
                        assert_string_equal(printed, cases[i].canonical);
                else
                        assert_null(printed);
        }
}

static void layer_is_found_by_its_whole_name(void **test)
{
        struct environment *environment = environment_new("shop");

        (void)test;
        assert_false(environment_has_layer(environment, "cp"));
        environment->layers = memory_new(2, sizeof *environment->layers);
        environment->layers[environment->layer_count++] = memory_text("cp");
        environment->layers[environment->layer_count++] = memory_text("sqldb");
        assert_true(environment_has_layer(environment, "sqldb"));
        assert_false(environment_has_layer(environment, "sql"));
        assert_false(environment_has_layer(environment, "CP"));
        assert_false(environment_has_layer(environment, NULL));
        shared_put(environment);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(name_alphabet_and_length_are_checked),
                cmocka_unit_test(platform_version_is_parsed_and_printed),
                cmocka_unit_test(layer_is_found_by_its_whole_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
