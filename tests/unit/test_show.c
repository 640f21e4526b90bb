/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/show.h"

static const struct show_column columns[] = {
        { "NAME", "name" }, { "OS", "os.id" }, { "ADDRESSES", "addresses" }, { "WHY", "why" }, { NULL, NULL },
};

static json_t *json_of(const char *source)
{
        AUTO_FREE char *text = memory_text(source);

        for (char *at = text; *at; at++)
                if (*at == '\'')
                        *at = '"';
        return json_loads(text, 0, NULL);
}

static void table_fits_the_width(void **test)
{
        static const char items[] =
                "[{'name': 'web1', 'os': {'id': 'debian'}, 'addresses': ['10.0.0.1', 'fd77::1'],"
                "'why': 'nothing speaks against it'}, {'name': 'b\xc3\xa4r', 'addresses': []}]";
        static const struct {
                size_t width;
                const char *table;
        } cases[] = {
                { 0, "NAME  OS      ADDRESSES          WHY\n"
                     "web1  debian  10.0.0.1, fd77::1  nothing speaks against it\n"
                     "b\xc3\xa4r\n" },
                { 80, "NAME  OS      ADDRESSES          WHY\n"
                      "web1  debian  10.0.0.1, fd77::1  nothing speaks against it\n"
                      "b\xc3\xa4r\n" },
                { 45, "NAME  OS      ADDRESSES       WHY\n"
                      "web1  debian  10.0.0.1,       nothing speaks\n"
                      "              fd77::1         against it\n"
                      "b\xc3\xa4r\n" },
                { 31, "NAME  OS      ADDRES\xe2\x80\xa6  WHY\n"
                      "web1  debian  10.0.0\xe2\x80\xa6  nothing\n"
                      "              fd77::1  speaks\n"
                      "                       against\n"
                      "                       it\n"
                      "b\xc3\xa4r\n" },
        };
        json_t *json = json_of(items);

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text text = { 0 };

                show_table(json, columns, cases[i].width, &text);
                assert_string_equal(text_get(&text), cases[i].table);
        }
        /* However narrow: the first column is whole, and nothing is lost unless there is an ellipsis. */
        for (size_t width = 1; width < 60; width++) {
                AUTO_TEXT struct text text = { 0 };
                int letters = 0;

                show_table(json, columns, width, &text);
                assert_non_null(strstr(text_get(&text), "\nweb1"));
                if (strstr(text_get(&text), "\xe2\x80\xa6"))
                        continue;
                for (const char *at = text_get(&text); *at; at++)
                        letters += *at != ' ' && *at != '\n';
                assert_int_equal(letters, 4 + 2 + 9 + 3 + 4 + 6 + 9 + 7 + 22 + 4);
        }
        json_decref(json);
}

/* Two columns for each letter of Japanese, none for an accent that is put upon the letter before it. */
static void wide_characters_take_their_columns(void **test)
{
        static const struct show_column two[] = { { "NAME", "name" }, { "WHY", "why" }, { NULL, NULL } };
        static const char items[] = "[{'name': '\xe6\x97\xa5\xe6\x9c\xac', 'why': 'a \xe6\x97\xa5\xe6\x9c\xac"
                                    "\xe8\xaa\x9e\xe6\x97\xa5 b'}, {'name': 'e\xcc\x81', 'why': 'c'}]";
        static const struct {
                size_t width;
                const char *table;
        } cases[] = {
                { 0, "NAME  WHY\n\xe6\x97\xa5\xe6\x9c\xac  a \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5 b\n"
                     "e\xcc\x81     c\n" },
                { 14, "NAME  WHY\n\xe6\x97\xa5\xe6\x9c\xac  a\n      "
                      "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\n"
                      "      b\ne\xcc\x81     c\n" },
                { 13, "NAME  WHY\n\xe6\x97\xa5\xe6\x9c\xac  a\n      "
                      "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe2\x80\xa6\n"
                      "      b\ne\xcc\x81     c\n" },
                { 12, "NAME  WHY\n\xe6\x97\xa5\xe6\x9c\xac  a\n      \xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6\n"
                      "      b\ne\xcc\x81     c\n" },
        };
        json_t *json = json_of(items);

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text text = { 0 };

                show_table(json, two, cases[i].width, &text);
                assert_string_equal(text_get(&text), cases[i].table);
        }
        json_decref(json);
}

static void control_characters_are_not_shown(void **test)
{
        json_t *json = json_of("[{'name': 'a\\u001b[2Jb\\n\\u009bc\\u007f'}]");
        AUTO_TEXT struct text text = { 0 };

        (void)test;
        show_table(json, columns, 0, &text);
        assert_string_equal(text_get(&text), "NAME        OS  ADDRESSES  WHY\na?[2Jb??c?\n");
        json_decref(json);
}

static void object_is_shown_line_by_line(void **test)
{
        json_t *json = json_of(
                "{'id': 'ex-1', 'number': 3, 'enabled': true, 'target': {'layer': 'cp', 'except': ['a', 'b']},"
                "'labels': {}, 'nothing': null, 'x': [{'a': 1}]}");
        AUTO_TEXT struct text text = { 0 };

        (void)test;
        show_object(json, &text);
        assert_string_equal(text_get(&text), "id                  ex-1\n"
                                             "number              3\n"
                                             "enabled             true\n"
                                             "target.layer        cp\n"
                                             "target.except       a, b\n"
                                             "labels              {}\n"
                                             "nothing             \n"
                                             "x                   {\"a\": 1}\n");
        json_decref(json);
}

static void problem_names_each_place(void **test)
{
        static const struct {
                const char *problem;
                const char *shown;
        } cases[] = {
                { "{'detail': '2 things are wrong; each is in errors', 'errors': [{'pointer': '/path', 'code':"
                  "'path.not_absolute', 'detail': 'the path must begin with a slash'}, {'pointer': '', 'code': "
                  "'x.y',"
                  "'detail': 'all of it'}]}",
                  "2 things are wrong; each is in errors\n"
                  "  /path: the path must begin with a slash (path.not_absolute)\n"
                  "  all of it (x.y)\n" },
                { "{'detail': 'no such export\\u001b'}", "no such export?\n" },
                { "{'detail': 'it has passed', 'errors': [{'pointer': '/expires_at', 'code': 'export.expired',"
                  "'detail': 'it has passed'}]}",
                  "it has passed\n"
                  "  /expires_at (export.expired)\n" },
                { "{'title': 'x'}", "the gateway answered with status 502\n" },
                { "[]", "the gateway answered with status 502\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text text = { 0 };
                json_t *json = json_of(cases[i].problem);

                show_problem(json, 502, &text);
                assert_string_equal(text_get(&text), cases[i].shown);
                json_decref(json);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(table_fits_the_width),
                cmocka_unit_test(wide_characters_take_their_columns),
                cmocka_unit_test(control_characters_are_not_shown),
                cmocka_unit_test(object_is_shown_line_by_line),
                cmocka_unit_test(problem_names_each_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
