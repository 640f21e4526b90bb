/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "violations_for_test.h"

static void document_that_is_none_is_refused_with_its_place(void **test)
{
        static const struct {
                const char *text;
                size_t length;    /* 0 = strlen */
                const char *says; /* NULL = accepted */
        } cases[] = {
                { "{}", 0, NULL },
                { " { \"a\" : [1, {\"b\": null}] }\n", 0, NULL },
                { "{\"a\": \"\xc3\xa4\"}", 0, NULL },
                { "{\"a\": \"\\\\\"}", 0, NULL },
                { "{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[\"}", 0, NULL },
                { "{\"a\": \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\"}", 0, NULL },
                { "", 0, "line 1" },
                { "[]", 0, "an object { } is needed" },
                { "3", 0, "line 1, column 1" },
                { "\"a\"", 0, "line 1" },
                { "{\"a\": 1, \"a\": 2}", 0, "duplicate object key" },
                { "{\"x\": {\"a\": 1, \"\\u0061\": 2}}", 0, "duplicate object key" },
                { "{\"a\": \"\\u0000\"}", 0, "line 1" },
                { "{\"\\u0000\": 1}", 0, "line 1" },
                { "{\"a\":\0 1}", 8, "line 1, column 6: a NUL byte" },
                { "{\n \"a\": \"\0\"}", 13, "line 2, column 8: a NUL byte" },
                { "{}\0", 3, "NUL" },
                { "{} {}", 0, "end of file expected" },
                { "{\"a\": 1,}", 0, "line 1" },
                { "{'a': 1}", 0, "line 1" },
                { "{\"a\": \"\xff\"}", 0, "line 1" },
                { "{\"a\": \"\xed\xa0\x80\"}", 0, "line 1" },
                { "{\"a\": \"\xc0\xaf\"}", 0, "line 1" },
                { "{\"a\": \"\\ud800\"}", 0, "line 1" },
                { "{\"a\": 99999999999999999999}", 0, "too big integer" },
                { "{\"a\": NaN}", 0, "line 1" },
                { "\xef\xbb\xbf{}", 0, "line 1" },
                { "{\"a\": 1", 0, "line 1" },
                { "{\n\n\"a\" 1}", 0, "line 3" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fault fault = { 0 };
                size_t length = cases[i].length ? cases[i].length : strlen(cases[i].text);
                json_t *document = json_document_parse(cases[i].text, length, &fault);

                if ((document == NULL) != (cases[i].says != NULL))
                        fail_msg("%s: %s", cases[i].text, fault.text);
                json_decref(document);
                if (!cases[i].says)
                        continue;
                assert_int_equal(fault.code, FAULT_MALFORMED);
                if (!strstr(fault.text, cases[i].says))
                        fail_msg("%s: %s", cases[i].text, fault.text);
        }
}

/* A document whose innermost bracket is at level `levels`. */
static char *nested(int levels)
{
        AUTO_TEXT struct text text = { 0 };

        text_add(&text, "{\"a\":");
        for (int i = 1; i < levels; i++)
                text_add_char(&text, '[');
        text_add(&text, levels > 1 ? "" : "1");
        for (int i = 1; i < levels; i++)
                text_add_char(&text, ']');
        text_add_char(&text, '}');
        return text_take(&text);
}

static void document_is_refused_from_level_17_on(void **test)
{
        static const struct {
                int levels;
                bool accepted;
        } cases[] = { { 1, true }, { JSON_DEPTH_MAX, true }, { JSON_DEPTH_MAX + 1, false }, { 30000, false } };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *text = nested(cases[i].levels);
                struct fault fault = { 0 };
                json_t *document = json_document_parse(text, strlen(text), &fault);

                assert_int_equal(document != NULL, cases[i].accepted);
                if (!document)
                        assert_string_equal(fault.text,
                                            "parse JSON: line 1, column 21: nested deeper than 16 levels");
                json_decref(document);
        }
}

/* Reads one of each kind out of `source` and gives back what was wrong. */
static char *read_all(const char *source)
{
        static const char *const words[] = { "one", "two", NULL };
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *document = json_of(source);
        struct json_reader reader;
        struct address addresses[2];
        const char *text;
        const json_t *part;
        char **names = NULL;
        size_t count = 0, index;
        uint64_t number;
        int64_t wall_ms;
        bool flag;

        json_reader_start(&reader, document, "/at", &violations);
        json_take_text(&reader, "text", JSON_OPTIONAL, 4, &text);
        json_take_text(&reader, "fill", JSON_EMPTY_IS_ABSENT, 4, &text);
        json_take_text(&reader, "must", JSON_REQUIRED, 4, &text);
        json_take_line(&reader, "line", JSON_OPTIONAL, 20, &text);
        json_take_name(&reader, "name", JSON_OPTIONAL, &text);
        json_take_bool(&reader, "flag", JSON_OPTIONAL, &flag);
        json_take_number(&reader, "number", JSON_OPTIONAL, 2, 9, &number);
        json_take_number(&reader, "natural", JSON_OPTIONAL, 0, UINT64_MAX, &number);
        json_take_word(&reader, "word", JSON_OPTIONAL, words, &index);
        json_take_object(&reader, "object", JSON_OPTIONAL, &part);
        json_take_array(&reader, "array", JSON_OPTIONAL, 2, &part);
        json_take_time(&reader, "time", JSON_OPTIONAL, &wall_ms);
        json_take_addresses(&reader, "addresses", JSON_OPTIONAL, 2, addresses, &count);
        if (json_take_names(&reader, "names", JSON_OPTIONAL, 3, &names, &count))
                while (count > 0)
                        free(names[--count]);
        free(names);
        json_reader_finish(&reader);
        json_decref(document);
        return violations_text(&violations);
}

static void members_are_held_to_type_and_range(void **test)
{
        static const struct {
                const char *members, *refused;
        } cases[] = {
                { "'must': 'x'", "" },
                { "'must': 'x', 'text': null, 'names': null, 'addresses': null", "" },
                { "'must': null", "/at/must key.missing" },
                { "'text': 'x'", "/at/must key.missing" },
                { "'must': ''", "/at/must text.empty" },
                { "'must': 'x', 'text': ''", "/at/text text.empty" },
                { "'must': 'x', 'fill': ''", "" },
                { "'must': 'x', 'text': '1234'", "" },
                { "'must': 'x', 'text': '12345'", "/at/text text.too_long" },
                { "'must': 'x', 'text': '\xc3\xa4\xc3\xa4'", "" },
                { "'must': 'x', 'text': '\xc3\xa4\xc3\xa4.'", "/at/text text.too_long" },
                { "'must': 'x', 'text': 3", "/at/text type.wrong" },
                { "'must': 'x', 'text': 'a\\n'", "" },
                { "'must': 'x', 'line': 'a\\n'", "/at/line text.control_character" },
                { "'must': 'x', 'line': '\\u007f'", "/at/line text.control_character" },
                { "'must': 'x', 'line': '\\u0085'", "/at/line text.control_character" },
                { "'must': 'x', 'line': '\\u00a0 \xc3\xa4'", "" },
                { "'must': 'x', 'name': '-x'", "/at/name name.malformed" },
                { "'must': 'x', 'flag': true", "" },
                { "'must': 'x', 'flag': 1", "/at/flag type.wrong" },
                { "'must': 'x', 'number': 2", "" },
                { "'must': 'x', 'number': 9", "" },
                { "'must': 'x', 'number': 1", "/at/number number.out_of_range" },
                { "'must': 'x', 'number': 10", "/at/number number.out_of_range" },
                { "'must': 'x', 'number': -3", "/at/number number.out_of_range" },
                { "'must': 'x', 'natural': 9223372036854775807", "" },
                { "'must': 'x', 'natural': -1", "/at/natural number.out_of_range" },
                { "'must': 'x', 'number': 3.0", "/at/number type.wrong" },
                { "'must': 'x', 'number': '3'", "/at/number type.wrong" },
                { "'must': 'x', 'number': true", "/at/number type.wrong" },
                { "'must': 'x', 'word': 'two'", "" },
                { "'must': 'x', 'word': 'three'", "/at/word word.unknown" },
                { "'must': 'x', 'word': 2", "/at/word type.wrong" },
                { "'must': 'x', 'object': []", "/at/object type.wrong" },
                { "'must': 'x', 'array': {}", "/at/array type.wrong" },
                { "'must': 'x', 'array': [1, 2]", "" },
                { "'must': 'x', 'array': [1, 2, 3]", "/at/array array.too_long" },
                { "'must': 'x', 'time': '2030-01-31T12:00:00Z'", "" },
                { "'must': 'x', 'time': '2030-01-31'", "/at/time time.malformed" },
                { "'must': 'x', 'time': '1970-01-01T00:00:00Z'", "/at/time time.malformed" },
                { "'must': 'x', 'names': []", "" },
                { "'must': 'x', 'names': ['a', 'b', 'c']", "" },
                { "'must': 'x', 'names': ['a', 'b', 'a']", "/at/names/2 array.doubled" },
                { "'must': 'x', 'names': ['a', '', 3]", "/at/names/1 name.malformed /at/names/2 type.wrong" },
                { "'must': 'x', 'names': ['a', 'b', 'c', 'd']", "/at/names array.too_long" },
                { "'must': 'x', 'addresses': []", "/at/addresses array.empty" },
                { "'must': 'x', 'addresses': ['10.0.0.1', 'fd77::1']", "" },
                { "'must': 'x', 'addresses': ['10.0.0.1', '::ffff:10.0.0.1']", "/at/addresses/1 array.doubled" },
                { "'must': 'x', 'addresses': ['10.0.0.1/24', 7]",
                  "/at/addresses/0 address.malformed /at/addresses/1 type.wrong" },
                { "'must': 'x', 'addresses': ['10.0.0.1', '127.0.0.1']", "/at/addresses/1 address.loopback" },
                { "'must': 'x', 'addresses': ['0.0.0.0', '224.0.0.1']",
                  "/at/addresses/0 address.unspecified /at/addresses/1 address.multicast" },
                { "'must': 'x', 'addresses': ['255.255.255.255', 'fe80::1']",
                  "/at/addresses/0 address.broadcast /at/addresses/1 address.link_local" },
                { "'must': 'x', 'other': 1", "/at/other key.unknown" },
                { "'must': 'x', 'a/b~c': 1, 'MUST': 2", "/at/a~1b~0c key.unknown /at/MUST key.unknown" },
                { "'text': 3, 'number': 1, 'other': 1", "/at/text type.wrong /at/must key.missing /at/number "
                                                        "number.out_of_range /at/other key.unknown" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *source = memory_format("{%s}", cases[i].members);
                AUTO_FREE char *refused = read_all(source);

                if (strcmp(refused, cases[i].refused) != 0)
                        fail_msg("%s: \"%s\", not \"%s\"", source, refused, cases[i].refused);
        }
}

static void violation_says_what_is_wrong_and_what_is_allowed(void **test)
{
        static const char *const words[] = { "one", "two", "three", NULL };
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *document =
                json_of("{'word': 'four', 'text': 'abcde', 'number': 12, 'addresses': ['127.0.0.9'], 'x': 1}");
        struct json_reader reader;
        struct address address;
        const char *text;
        size_t index;
        uint64_t number;

        (void)test;
        json_reader_start(&reader, document, "", &violations);
        json_take_word(&reader, "word", JSON_OPTIONAL, words, &index);
        json_take_text(&reader, "text", JSON_OPTIONAL, 4, &text);
        json_take_number(&reader, "number", JSON_OPTIONAL, 2, 9, &number);
        json_take_addresses(&reader, "addresses", JSON_OPTIONAL, 1, &address, &index);
        json_reader_finish(&reader);
        json_decref(document);
        assert_int_equal(violations.count, 5);
        assert_string_equal(violations.items[0].detail, "word must be one, two or three");
        assert_string_equal(violations.items[1].detail, "text has 5 bytes, at most 4 are allowed");
        assert_string_equal(violations.items[2].detail, "number must be from 2 to 9");
        assert_string_equal(violations.items[3].detail,
                            "127.0.0.9 is a loopback address; one that other machines can reach is needed");
        assert_string_equal(violations.items[4].detail,
                            "this key is not known; known here: word, text, number and addresses");
}

static void violations_beyond_the_limit_are_counted(void **test)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        (void)test;
        for (int i = 0; i < VIOLATIONS_MAX + 3; i++)
                violation_add(&violations, "/x", "x.y", "number %d", i);
        assert_int_equal(violations.count, VIOLATIONS_MAX);
        assert_int_equal(violations.dropped, 3);
        assert_string_equal(violations.items[VIOLATIONS_MAX - 1].detail, "number 63");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(document_that_is_none_is_refused_with_its_place),
                cmocka_unit_test(document_is_refused_from_level_17_on),
                cmocka_unit_test(members_are_held_to_type_and_range),
                cmocka_unit_test(violation_says_what_is_wrong_and_what_is_allowed),
                cmocka_unit_test(violations_beyond_the_limit_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
