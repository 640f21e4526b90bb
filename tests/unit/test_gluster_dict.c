/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/gluster_dict.h"

static void dict_is_rendered_as_glusterfs_reads_it(void **test)
{
        static const char expected[] = "\0\0\0\2"
                                       "\0\0\0\3\0\0\0\6one\0first\0"
                                       "\0\0\0\3\0\0\0\3two\00042";
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_TEXT struct text wire = { 0 };

        (void)test;
        gluster_dict_add(&dict, "one", "first");
        gluster_dict_addf(&dict, "two", "%d", 42);
        gluster_dict_render(&dict, &wire);
        assert_int_equal(wire.length, sizeof expected);
        assert_memory_equal(wire.data, expected, sizeof expected);
        assert_string_equal(gluster_dict_find(wire.data, wire.length, "one"), "first");
        assert_string_equal(gluster_dict_find(wire.data, wire.length, "two"), "42");
        assert_null(gluster_dict_find(wire.data, wire.length, "tw"));
        assert_null(gluster_dict_find(wire.data, wire.length, "three"));
}

static void dict_that_is_empty_has_nothing(void **test)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_TEXT struct text wire = { 0 };

        (void)test;
        gluster_dict_render(&dict, &wire);
        assert_int_equal(wire.length, 4);
        assert_null(gluster_dict_find(wire.data, wire.length, "one"));
        assert_null(gluster_dict_find(NULL, 0, "one"));
}

/* Whatever is cut off, what is left is read without a step beyond its end (a copy of exactly that size, so that
 * the sanitizer sees one), and a value is either whole or not there. */
static void dict_that_is_cut_gives_whole_values_or_none(void **test)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_TEXT struct text wire = { 0 };

        (void)test;
        gluster_dict_add(&dict, "one", "first");
        gluster_dict_add(&dict, "two", "second");
        gluster_dict_render(&dict, &wire);
        for (size_t length = 0; length < wire.length; length++) {
                AUTO_FREE char *cut = memory_new(length + 1, 1);

                cut = memory_resize(cut, length ? length : 1, 1);
                memcpy(cut, wire.data, length);
                const char *one = gluster_dict_find(cut, length, "one");
                assert_true(one == NULL || strcmp(one, "first") == 0);
                assert_null(gluster_dict_find(cut, length, "two"));
        }
}

static void dict_with_lengths_that_lie_has_nothing(void **test)
{
        static const struct {
                const char *bytes;
                size_t length;
        } cases[] = {
                { "\377\377\377\377", 4 },                        /* so many pairs, and none */
                { "\0\0\0\1\377\377\377\377\0\0\0\2k\0v\0", 16 }, /* the key's length */
                { "\0\0\0\1\0\0\0\1\377\377\377\377k\0v\0", 16 }, /* the value's */
                { "\0\0\0\1\0\0\0\1\0\0\0\0k\0", 14 },            /* no NUL, so no string */
                { "\0\0\0\1\0\0\0\1\0\0\0\2k\0vv", 16 },          /* the same */
                { "\0\0\0\1\0\0\0\1\0\0\0\4k\0v\0v\0", 18 },      /* a NUL in the middle */
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_null(gluster_dict_find(cases[i].bytes, cases[i].length, "k"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dict_is_rendered_as_glusterfs_reads_it),
                cmocka_unit_test(dict_that_is_empty_has_nothing),
                cmocka_unit_test(dict_that_is_cut_gives_whole_values_or_none),
                cmocka_unit_test(dict_with_lengths_that_lie_has_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
