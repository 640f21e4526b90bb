/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/access_list_text.h"

#define ID "1cac9581-2778-4bb5-bb00-2e51824a55da"

static const char plain[] = "gatehouse-access 1\n"
                            "volume data\n"
                            "id " ID "\n"
                            "generation 17\n"
                            "peers 2\n"
                            "10.77.0.11\n"
                            "10.77.0.12\n"
                            "entries 2\n"
                            "/a 1\n"
                            "10.77.0.21\n"
                            "/shared/site 2\n"
                            "10.77.0.9\n"
                            "10.77.0.22\n";
#define PEERS_END \
        (sizeof "gatehouse-access 1\nvolume data\nid " ID "\ngeneration 17\npeers 2\n10.77.0.11\n10.77.0.12\n" - 1)

static struct address address_of(const char *text)
{
        struct address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static void list_add(struct access_list *list, const char *path, const char *address)
{
        struct address parsed = address_of(address);

        access_list_add(list, path, &parsed);
}

/* The list that `plain` says. */
static void file_fill(struct access_file *file)
{
        struct address peers[] = { address_of("10.77.0.12"), address_of("10.77.0.11") };

        strcpy(file->volume, "data");
        strcpy(file->volume_id, ID);
        access_list_init(&file->list, peers, 2);
        file->list.generation = 17;
        list_add(&file->list, "/shared/site", "10.77.0.22");
        list_add(&file->list, "/a", "10.77.0.21");
        list_add(&file->list, "/shared/site", "10.77.0.9");
}

static char *plain_with_end(void)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        struct text text = { 0 };
        struct fault fault = { 0 };

        file_fill(&file);
        assert_int_equal(access_file_print(&file, &text, &fault), 0);
        return text_take(&text);
}

static void file_printed_has_every_line_in_order(void **state)
{
        AUTO_FREE char *text = plain_with_end();

        (void)state;
        assert_memory_equal(text, plain, sizeof plain - 1);
        /* The checksum as Python's zlib.crc32 says it. */
        assert_string_equal(text + sizeof plain - 1, "end d3bd3faa\n");
}

static void file_parsed_says_what_was_printed(void **state)
{
        AUTO_FREE char *text = plain_with_end();
        AUTO_ACCESS_FILE struct access_file wanted = { 0 }, file = { 0 };
        struct fault fault = { 0 };

        (void)state;
        file_fill(&wanted);
        assert_int_equal(access_file_parse(text, strlen(text), &file, &fault), 0);
        assert_string_equal(file.volume, "data");
        assert_string_equal(file.volume_id, ID);
        assert_true(file.list.generation == 17);
        assert_true(access_list_equal(&file.list, &wanted.list));
}

static void file_cut_anywhere_is_refused_and_keeps_whole_peers_only(void **state)
{
        AUTO_FREE char *text = plain_with_end();

        (void)state;
        for (size_t length = 0; length < strlen(text); length++) {
                AUTO_ACCESS_FILE struct access_file file = { 0 };
                struct fault fault = { 0 };

                assert_int_equal(access_file_parse(text, length, &file, &fault), -FAULT_MALFORMED);
                assert_int_equal(file.list.peer_count, length >= PEERS_END ? 2 : 0);
                assert_string_equal(file.volume, length >= PEERS_END ? "data" : "");
                assert_int_equal(file.list.entry_count, 0);
                assert_true(file.list.generation == 0);
        }
}

static void file_with_any_bit_changed_is_refused(void **state)
{
        AUTO_FREE char *text = plain_with_end();

        (void)state;
        for (size_t bit = 0; bit < strlen(text) * 8; bit++) {
                AUTO_ACCESS_FILE struct access_file file = { 0 };
                struct fault fault = { 0 };
                AUTO_FREE char *changed = memory_text(text);
                size_t length = strlen(text);

                changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
                assert_int_equal(access_file_parse(changed, length, &file, &fault), -FAULT_MALFORMED);
                assert_int_equal(file.list.entry_count, 0);
        }
}

/* Each is the file with `from` replaced by `to`; the checksum is not even looked at. */
static void file_not_of_this_form_is_refused(void **state)
{
        static const struct {
                const char *from, *to;
                unsigned line;
        } cases[] = {
                { "access 1", "access 2", 1 },
                { "volume data", "volume da/ta", 2 },
                { "volume data", "volume ", 2 },
                { "id " ID, "id x", 3 },
                { "generation 17", "generation 017", 4 },
                { "generation 17", "generation -1", 4 },
                { "generation 17", "generation 18446744073709551616", 4 },
                { "peers 2", "peers 161", 5 },
                { "peers 2", "peers 3", 8 },
                { "10.77.0.11\n10.77.0.12", "10.77.0.12\n10.77.0.11", 7 },
                { "10.77.0.11\n10.77.0.12", "10.77.0.12\n10.77.0.12", 7 },
                { "10.77.0.12", "10.77.0.012", 7 },
                { "10.77.0.12", "fd00::1", 7 },
                { "10.77.0.12", "::ffff:10.77.0.12", 7 },
                { "10.77.0.12", "*", 7 },
                { "10.77.0.12", "10.77.0.0/24", 7 },
                { "entries 2", "entries 40001", 8 },
                { "/a 1", "/a 0", 9 },
                { "/a 1", "/ 1", 9 },
                { "/a 1", "/a/ 1", 9 },
                { "/a 1", "/a/../b 1", 9 },
                { "/a 1", "/a`id` 1", 9 },
                { "/a 1", "/a(10.0.0.1),/b 1", 9 },
                { "/a 1", "/.gatehouse-canary-17 1", 9 },
                { "/a 1", "/z 1", 11 },
                { "/shared/site 2", "/a 2", 11 },
                { "10.77.0.21", "10.77.0.21 ", 10 },
                { "10.77.0.21", "10.77.0.21\r", 10 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *text = plain_with_end();
                AUTO_ACCESS_FILE struct access_file file = { 0 };
                struct fault fault = { 0 };
                const char *at = strstr(text, cases[i].from);
                char line[32];

                assert_non_null(at);
                AUTO_FREE char *changed =
                        memory_format("%.*s%s%s", (int)(at - text), text, cases[i].to, at + strlen(cases[i].from));
                assert_int_equal(access_file_parse(changed, strlen(changed), &file, &fault), -FAULT_MALFORMED);
                snprintf(line, sizeof line, "line %u ", cases[i].line);
                if (!strstr(fault.text, line))
                        fail_msg("%s: %s", cases[i].to, fault.text);
        }
}

static void file_followed_by_more_is_refused(void **state)
{
        AUTO_FREE char *text = plain_with_end();
        AUTO_FREE char *longer = memory_format("%s\n", text);
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(access_file_parse(longer, strlen(longer), &file, &fault), -FAULT_MALFORMED);
}

static void path_that_a_list_cannot_hold_is_not_plain(void **state)
{
        static const struct {
                const char *path;
                bool plain;
        } cases[] = {
                { "/a", true },
                { "/A-b_c.d/0/...", true },
                { "/a/.gatehouse", true },
                { "/.glusterfs2", true },
                { "", false },
                { "/", false },
                { "a", false },
                { "/a/", false },
                { "//a", false },
                { "/a//b", false },
                { "/./a", false },
                { "/a/..", false },
                { "/a b", false },
                { "/a\nb", false },
                { "/a,b", false },
                { "/a|b", false },
                { "/a)", false },
                { "/`id`", false },
                { "/$(id)", false },
                { "/\xC3\xA9", false },
                { "/.gatehouse-canary-1", false },
                { "/.gatehouse/a", false },
                { "/.glusterfs", false },
                { "/.glusterfs/00", false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (access_path_is_plain(cases[i].path) != cases[i].plain)
                        fail_msg("%s", cases[i].path);
}

static void component_of_256_bytes_is_not_plain(void **state)
{
        char path[260];

        (void)state;
        memset(path, 'a', sizeof path);
        path[0] = '/';
        path[256] = '\0';
        assert_true(access_path_is_plain(path));
        path[256] = 'a';
        path[257] = '\0';
        assert_false(access_path_is_plain(path));
}

static void list_that_cannot_be_said_is_not_printed(void **state)
{
        static const char *const paths[] = { "/a b", "/a`id`", "/a/", "/.gatehouse-canary-17" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                AUTO_ACCESS_FILE struct access_file file = { 0 };
                AUTO_TEXT struct text text = { 0 };
                struct fault fault = { 0 };

                file_fill(&file);
                list_add(&file.list, paths[i], "10.77.0.21");
                assert_int_equal(access_file_print(&file, &text, &fault), -FAULT_INVALID);
                assert_int_equal(text.length, 0);
        }
}

/* A list with `count` addresses in one directory. */
static void file_fill_many(struct access_file *file, unsigned count)
{
        strcpy(file->volume, "data");
        file->list.generation = 1;
        for (unsigned i = 0; i < count; i++) {
                struct address address = { ADDRESS_V4,
                                           { 200, (uint8_t)(100 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i } };

                access_list_add(&file->list, "/shared", &address);
        }
}

static void list_of_40000_addresses_goes_there_and_back(void **state)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 }, again = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)state;
        file_fill_many(&file, ACCESS_ADDRESSES_MAX);
        assert_int_equal(access_file_print(&file, &text, &fault), 0);
        assert_true(text.length < ACCESS_TEXT_MAX);
        assert_int_equal(access_file_parse(text_get(&text), text.length, &again, &fault), 0);
        assert_true(access_list_equal(&file.list, &again.list));
}

static void list_of_more_than_40000_addresses_is_too_large(void **state)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)state;
        file_fill_many(&file, ACCESS_ADDRESSES_MAX + 1);
        assert_int_equal(access_file_print(&file, &text, &fault), -FAULT_TOO_LARGE);
}

static void text_of_more_than_40000_addresses_is_refused(void **state)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)state;
        text_add(&text, "gatehouse-access 1\nvolume data\nid -\ngeneration 1\npeers 0\nentries 2\n");
        for (unsigned entry = 0; entry < 2; entry++) {
                text_addf(&text, "/%u %u\n", entry, ACCESS_ADDRESSES_MAX / 2 + 1);
                for (unsigned i = 0; i < ACCESS_ADDRESSES_MAX / 2 + 1; i++)
                        text_addf(&text, "172.16.%u.%u\n", i >> 8, i & 255);
        }
        assert_int_equal(access_file_parse(text_get(&text), text.length, &file, &fault), -FAULT_MALFORMED);
        assert_non_null(strstr(fault.text, "limit of addresses"));
}

static void value_has_one_entry_for_each_directory(void **state)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text value = { 0 };

        (void)state;
        file_fill(&file);
        access_value_print(&file.list, &value);
        assert_string_equal(text_get(&value),
                            "/(10.77.0.11|10.77.0.12),/.gatehouse-canary-17(10.77.0.11|10.77.0.12),"
                            "/a(10.77.0.21),/shared/site(10.77.0.9|10.77.0.22)");
}

static void value_without_peers_admits_nobody_to_the_root(void **state)
{
        AUTO_TEXT struct text value = { 0 };

        (void)state;
        access_value_print_peers(NULL, 0, &value);
        assert_string_equal(text_get(&value), "/(0.0.0.0)");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(file_printed_has_every_line_in_order),
                cmocka_unit_test(file_parsed_says_what_was_printed),
                cmocka_unit_test(file_cut_anywhere_is_refused_and_keeps_whole_peers_only),
                cmocka_unit_test(file_with_any_bit_changed_is_refused),
                cmocka_unit_test(file_not_of_this_form_is_refused),
                cmocka_unit_test(file_followed_by_more_is_refused),
                cmocka_unit_test(path_that_a_list_cannot_hold_is_not_plain),
                cmocka_unit_test(component_of_256_bytes_is_not_plain),
                cmocka_unit_test(list_that_cannot_be_said_is_not_printed),
                cmocka_unit_test(list_of_40000_addresses_goes_there_and_back),
                cmocka_unit_test(list_of_more_than_40000_addresses_is_too_large),
                cmocka_unit_test(text_of_more_than_40000_addresses_is_refused),
                cmocka_unit_test(value_has_one_entry_for_each_directory),
                cmocka_unit_test(value_without_peers_admits_nobody_to_the_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
