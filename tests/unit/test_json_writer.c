/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the writer writes is what jansson would write of the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/document.h"
#include "domain/json_writer.h"

static void assert_written_as(const struct text *text, json_t *wanted)
{
        AUTO_FREE char *theirs = json_dumps(wanted, JSON_COMPACT);
        json_t *again = json_from_written(text);

        assert_string_equal(text_get(text), theirs);
        assert_true(json_equal(again, wanted));
        json_decref(again);
        json_decref(wanted);
}

static void texts_are_escaped_as_the_library_does(void **test)
{
        static const char *const texts[] = {
                "",
                "plain",
                "a \"quoted\" word",
                "back\\slash at the end\\",
                "\b\f\n\r\t",
                "\x01 \x1f \x7f",
                "\"\"\"\"",
                "/a/b/",
                "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                AUTO_TEXT struct text text = { 0 };
                struct json_writer writer = { .text = &text };
                json_t *wanted = json_object();

                json_write_begin(&writer, NULL, '{');
                json_write_text(&writer, "text", texts[i]);
                json_write_label(&writer, texts[i], texts[i]);
                json_write_end(&writer, '}');
                json_object_set_new(wanted, "text", json_string(texts[i]));
                json_object_set_new(wanted, texts[i], json_string(texts[i]));
                assert_written_as(&text, wanted);
        }
}

static void values_of_all_kinds_are_parted(void **test)
{
        AUTO_TEXT struct text text = { 0 };
        struct json_writer writer = { .text = &text };
        const struct document document = { .revision = 18, .created_at_ms = 1764000000123 };
        char *names[] = { (char[]){ "one" }, (char[]){ "two" } };
        json_t *tree = json_pack("[b, n]", 1);

        (void)test;
        json_write_begin(&writer, NULL, '{');
        json_write_text(&writer, "nothing", NULL);
        json_write_number(&writer, "zero", 0);
        json_write_number(&writer, "most", INT64_MAX);
        json_write_begin(&writer, "empty", '{');
        json_write_end(&writer, '}');
        json_write_names(&writer, "names", names, 2);
        json_write_names(&writer, "nobody", names, 0);
        json_write_begin(&writer, "list", '[');
        json_write_bool(&writer, NULL, true);
        json_write_bool(&writer, NULL, false);
        json_write_begin(&writer, NULL, '{');
        json_write_end(&writer, '}');
        json_write_end(&writer, ']');
        json_write_tree(&writer, "tree", tree);
        json_write_document_end(&writer, &document);
        json_write_end(&writer, '}');
        json_decref(tree);
        assert_written_as(&text, json_pack("{s:i, s:I, s:{}, s:[ss], s:[], s:[bb{}], s:[bn], s:i, s:s}", "zero", 0,
                                           "most", (json_int_t)INT64_MAX, "empty", "names", "one", "two", "nobody",
                                           "list", 1, 0, "tree", 1, "revision", 18, "created_at",
                                           "2025-11-24T16:00:00.123Z"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(texts_are_escaped_as_the_library_does),
                cmocka_unit_test(values_of_all_kinds_are_parted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
