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
#include "domain/access_list.h"
#include "world_for_test.h"

/* "/a=10.0.0.1,10.0.0.2;/b=..." */
static char *list_text(const struct access_list *list)
{
        struct text text = { 0 };
        char address[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < list->entry_count; i++) {
                const struct access_entry *entry = &list->entries[i];

                text_addf(&text, "%s%s=", i ? ";" : "", entry->path);
                for (size_t k = 0; k < entry->address_count; k++)
                        text_addf(&text, "%s%s", k ? "," : "", address_format(&entry->addresses[k], address));
        }
        return text_take(&text);
}

static void add(struct access_list *list, const char *path, const char *address)
{
        struct address parsed = world_address(address);

        access_list_add(list, path, &parsed);
}

static bool admits(const struct access_list *list, const char *path, const char *address)
{
        struct address parsed = world_address(address);

        return access_list_admits(list, path, &parsed);
}

static void access_list_is_sorted_without_doubles(void **test)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };

        (void)test;
        add(&list, "/b", "10.0.0.9");
        add(&list, "/a", "10.0.0.10");
        add(&list, "/b", "10.0.0.1");
        add(&list, "/a/b", "10.0.0.3");
        add(&list, "/a", "9.0.0.1");
        add(&list, "/b", "10.0.0.9");
        add(&list, "/a", "10.0.0.10");
        AUTO_FREE char *text = list_text(&list);
        assert_string_equal(text, "/a=9.0.0.1,10.0.0.10;/a/b=10.0.0.3;/b=10.0.0.1,10.0.0.9");
}

static void access_list_does_not_depend_on_the_order_of_adding(void **test)
{
        enum { PATHS = 12, ADDRESSES = 40, ROUNDS = 3000 };
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        AUTO_ACCESS_LIST struct access_list ordered = { 0 };
        bool model[PATHS][ADDRESSES] = { { false } };
        uint64_t state = 7;

        (void)test;
        for (int round = 0; round < ROUNDS; round++) {
                unsigned path = world_random(&state) % PATHS, address = world_random(&state) % ADDRESSES;
                char path_text[16], address_text[ADDRESS_TEXT_SIZE];

                if (path == 3 || address == 5) /* some that are never let in */
                        continue;
                snprintf(path_text, sizeof path_text, "/p%u", path);
                snprintf(address_text, sizeof address_text, "10.0.%u.1", address);
                add(&list, path_text, address_text);
                model[path][address] = true;
        }
        for (unsigned path = 0; path < PATHS; path++)
                for (unsigned address = 0; address < ADDRESSES; address++) {
                        char path_text[16], address_text[ADDRESS_TEXT_SIZE];

                        snprintf(path_text, sizeof path_text, "/p%u", path);
                        snprintf(address_text, sizeof address_text, "10.0.%u.1", address);
                        assert_int_equal(admits(&list, path_text, address_text), model[path][address]);
                        if (model[path][address])
                                add(&ordered, path_text, address_text);
                }
        assert_true(access_list_equal(&list, &ordered));
}

static void access_list_equal_sees_each_difference(void **test)
{
        struct address peers[3];
        AUTO_ACCESS_LIST struct access_list a = { 0 };

        (void)test;
        world_addresses("10.77.0.12 10.77.0.11 10.77.0.11", peers);
        access_list_init(&a, peers, 3);
        assert_int_equal(a.peer_count, 2);
        add(&a, "/a", "10.0.0.1");
        for (int kind = 0; kind < 6; kind++) {
                AUTO_ACCESS_LIST struct access_list b = { 0 };

                access_list_init(&b, peers, kind == 1 ? 1 : 2);
                b.generation = 99;
                if (kind != 2)
                        add(&b, kind == 3 ? "/b" : "/a", kind == 4 ? "10.0.0.2" : "10.0.0.1");
                if (kind == 5)
                        add(&b, "/a", "10.0.0.2");
                assert_int_equal(access_list_equal(&a, &b), kind == 0);
                assert_int_equal(access_list_equal(&b, &a), kind == 0);
        }
}

static void access_list_admits_only_what_was_added(void **test)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };

        (void)test;
        assert_false(admits(&list, "/a", "10.0.0.1"));
        add(&list, "/a/b", "10.0.0.1");
        assert_true(admits(&list, "/a/b", "10.0.0.1"));
        assert_false(admits(&list, "/a", "10.0.0.1"));
        assert_false(admits(&list, "/a/b/c", "10.0.0.1"));
        assert_false(admits(&list, "/a/b", "10.0.0.12"));
        assert_false(admits(&list, "/", "10.0.0.1"));
}

static void line_is_told(void *context, const char *path, const struct address *address, bool appears)
{
        char text[ADDRESS_TEXT_SIZE];

        text_addf(context, "%c%s:%s ", appears ? '+' : '-', path, address_format(address, text));
}

static void access_list_compare_tells_lines_of_one_alone(void **test)
{
        const struct address peers[] = { world_address("10.0.0.1"), world_address("10.0.0.2"),
                                         world_address("10.0.0.3") };
        AUTO_ACCESS_LIST struct access_list was = { 0 }, is = { 0 };
        AUTO_TEXT struct text text = { 0 };

        (void)test;
        access_list_init(&was, peers, 2);
        access_list_init(&is, peers + 1, 2);
        add(&was, "/a", "10.0.0.9");
        add(&was, "/b", "10.0.0.7");
        add(&was, "/b", "10.0.0.9");
        add(&is, "/b", "10.0.0.8");
        add(&is, "/b", "10.0.0.9");
        add(&is, "/c", "10.0.0.9");
        access_list_compare(&was, &is, line_is_told, &text);
        assert_string_equal(text_get(&text), "-/:10.0.0.1 +/:10.0.0.3 -/a:10.0.0.9 -/b:10.0.0.7 +/b:10.0.0.8 "
                                             "+/c:10.0.0.9 ");
        text_clear(&text);
        access_list_compare(&is, &is, line_is_told, &text);
        assert_string_equal(text_get(&text), "");
}

static void access_list_canary_names_its_generation(void **test)
{
        char path[ACCESS_CANARY_SIZE];

        (void)test;
        assert_string_equal(access_list_canary(0, path), "/.gatehouse-canary-0");
        assert_string_equal(access_list_canary(UINT64_MAX, path), "/.gatehouse-canary-18446744073709551615");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(access_list_is_sorted_without_doubles),
                cmocka_unit_test(access_list_does_not_depend_on_the_order_of_adding),
                cmocka_unit_test(access_list_equal_sees_each_difference),
                cmocka_unit_test(access_list_admits_only_what_was_added),
                cmocka_unit_test(access_list_compare_tells_lines_of_one_alone),
                cmocka_unit_test(access_list_canary_names_its_generation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
