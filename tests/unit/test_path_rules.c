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
#include "domain/path_rules.h"

/* The codes of all violations, parted by blanks. */
static char *codes_of(const struct violations *violations)
{
        struct text codes = { 0 };

        for (size_t i = 0; i < violations->count; i++)
                text_addf(&codes, "%s%s", i ? " " : "", violations->items[i].code);
        return text_take(&codes);
}

struct path_row {
        const char *path;
        const char *codes;
};

static void check_rows(const struct path_row *rows, size_t count,
                       void (*check)(const char *path, const char *pointer, struct violations *violations))
{
        for (size_t i = 0; i < count; i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };

                check(rows[i].path, "/path", &violations);
                AUTO_FREE char *codes = codes_of(&violations);
                if (strcmp(codes, rows[i].codes) != 0)
                        print_error("path \"%s\"\n", rows[i].path);
                assert_string_equal(codes, rows[i].codes);
                for (size_t k = 0; k < violations.count; k++)
                        assert_string_equal(violations.items[k].pointer, "/path");
        }
}

/* What storage and mount paths have in common. */
static const struct path_row form_rows[] = {
        { "/a", "" },
        { "/a/b.c/d-e_f", "" },
        { "/with blank/$HOME/`id`/'q'/%n/#x/(y)/{z};&|<>*?[]!~^=+,:@", "" },
        { "/-rf/.hidden/..three/a..", "" },
        { "/\xC3\xA9t\xC3\xA9/\xE6\x97\xA5\xE6\x9C\xAC/\xF0\x9F\x90\x9D", "" },
        { "", "path.not_absolute" },
        { "a/b", "path.not_absolute" },
        { "./a", "path.not_absolute" },
        { " /a", "path.not_absolute" },
        { "//", "path.empty_component" },
        { "//a", "path.empty_component" },
        { "/a//b", "path.empty_component" },
        { "/a/", "path.empty_component" },
        { "/.", "path.dot_component" },
        { "/..", "path.dot_component" },
        { "/a/../b", "path.dot_component" },
        { "/a/./b", "path.dot_component" },
        { "/a/..", "path.dot_component" },
        { "/a\nb", "path.control_character" },
        { "/a\x1F", "path.control_character" },
        { "/a\x7F", "path.control_character" },
        { "/a\x01/b\x02", "path.control_character" },
        { "/a\xC2\x80", "path.control_character" },
        { "/a\xC2\x9F", "path.control_character" },
        { "/a\xC2\xA0", "" }, /* U+00A0, a blank but no control */
        { "/\xC3\x85\xC3\x9F", "" },
        { "/a\"b", "path.forbidden_character" },
        { "/a\\b", "path.forbidden_character" },
        { "/\xFF", "path.not_utf8" },
        { "/a\xC3", "path.not_utf8" },
        { "/\xC0\xAF", "path.not_utf8" },         /* overlong slash */
        { "/\xED\xA0\x80", "path.not_utf8" },     /* surrogate */
        { "/\xF4\x90\x80\x80", "path.not_utf8" }, /* past U+10FFFF */
        { "/a//../\"\n\xFF", "path.not_utf8 path.empty_component path.dot_component "
                             "path.control_character path.forbidden_character" },
};

static void path_form_tells_each_violation(void **test)
{
        (void)test;
        check_rows(form_rows, ARRAY_SIZE(form_rows), path_check_storage);
        check_rows(form_rows, ARRAY_SIZE(form_rows), path_check_mount);
}

/* A path of `length` bytes whose components have at most `component` bytes. */
static char *path_of(size_t length, size_t component)
{
        char *path = memory_new(length + 1, 1);

        for (size_t i = 0; i < length; i++)
                path[i] = i % (component + 1) == 0 ? '/' : 'a';
        return path;
}

static void path_lengths_have_limits(void **test)
{
        static const struct {
                size_t length, component;
                const char *codes;
        } rows[] = {
                { 256, 255, "" },
                { 257, 256, "path.component_too_long" },
                { 1023, 255, "" },
                { 1023, 100, "" },
                { 1024, 100, "path.too_long" },
                { 1030, 1029, "path.too_long path.component_too_long" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_FREE char *path = path_of(rows[i].length, rows[i].component);

                check_rows(&(struct path_row){ path, rows[i].codes }, 1, path_check_storage);
                check_rows(&(struct path_row){ path, rows[i].codes }, 1, path_check_mount);
        }
}

static void path_of_storage_keeps_out_of_reserved_names(void **test)
{
        static const struct path_row rows[] = {
                { "/", "" },
                { "/.gatehouse", "path.reserved" },
                { "/.gatehouse-canary-7", "path.reserved" },
                { "/.gatehouse/a", "path.reserved" },
                { "/.glusterfs", "path.reserved" },
                { "/.glusterfs/00", "path.reserved" },
                { "/.glusterfs2", "" },
                { "/a/.glusterfs", "" },
                { "/a/.gatehouse", "" },
                { "/.gatehous", "" },
                { "/proc", "" },
                { "/usr/lib", "" },
        };

        (void)test;
        check_rows(rows, ARRAY_SIZE(rows), path_check_storage);
}

static void path_of_mount_keeps_out_of_the_system(void **test)
{
        static const struct path_row rows[] = {
                { "/", "mount_path.forbidden" },
                { "/proc", "mount_path.forbidden" },
                { "/proc/1", "mount_path.forbidden" },
                { "/process", "" },
                { "/dev/shm", "mount_path.forbidden" },
                { "/sys/fs", "mount_path.forbidden" },
                { "/run/x", "mount_path.forbidden" },
                { "/running", "" },
                { "/bin", "mount_path.forbidden" },
                { "/bin/x", "" },
                { "/lib", "mount_path.forbidden" },
                { "/lib32", "mount_path.forbidden" },
                { "/lib64", "mount_path.forbidden" },
                { "/usr", "mount_path.forbidden" },
                { "/usr/bin", "mount_path.forbidden" },
                { "/usr/sbin", "mount_path.forbidden" },
                { "/usr/lib", "mount_path.forbidden" },
                { "/usr/lib64", "mount_path.forbidden" },
                { "/usr/share/x", "" },
                { "/usr/lib/python3", "" },
                { "/.gatehouse", "" },
                { "/var/www/site", "" },
        };

        (void)test;
        check_rows(rows, ARRAY_SIZE(rows), path_check_mount);
}

static void path_is_within_looks_at_whole_components(void **test)
{
        static const struct {
                const char *inner, *outer;
                bool expected;
        } rows[] = {
                { "/a", "/a", true },       { "/a/b", "/a", true },  { "/a/b/c", "/a/b", true },
                { "/a b/c", "/a b", true }, { "/", "/", true },      { "/a", "/", true },
                { "/ab", "/a", false },     { "/a", "/a/b", false }, { "/", "/a", false },
                { "/b", "/a", false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                assert_int_equal(path_is_within(rows[i].inner, rows[i].outer), rows[i].expected);
}

static void path_is_gluster_expressible_for_the_plain_alphabet_only(void **test)
{
        char path[] = "/a?b";

        (void)test;
        for (int byte = 1; byte < 256; byte++) {
                bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '/' ||
                             byte == '-';

                path[2] = (char)byte;
                assert_int_equal(path_is_gluster_expressible(path), plain);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(path_form_tells_each_violation),
                cmocka_unit_test(path_lengths_have_limits),
                cmocka_unit_test(path_of_storage_keeps_out_of_reserved_names),
                cmocka_unit_test(path_of_mount_keeps_out_of_the_system),
                cmocka_unit_test(path_is_within_looks_at_whole_components),
                cmocka_unit_test(path_is_gluster_expressible_for_the_plain_alphabet_only),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
