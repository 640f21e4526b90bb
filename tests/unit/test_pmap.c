/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/pmap.h"

static int alive;

struct number {
        struct shared shared;
        int value;
};

static void number_free(void *object)
{
        alive--;
        free(object);
}

static void number_put(struct pmap *map, const char *key, int value)
{
        struct number *number = NEW(struct number);

        shared_init(number, number_free);
        number->value = value;
        alive++;
        pmap_put(map, key, strlen(key), number);
        shared_put(number);
}

static int number_find(struct pmap map, const char *key)
{
        const struct number *number = pmap_find(map, key, strlen(key));

        return number ? number->value : -1;
}

/* Deterministic numbers: a linear congruential generator (Knuth's MMIX constants). */
static uint32_t random_next(uint64_t *state)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*state >> 33);
}

static void pmap_random_changes_agree_with_an_array(void **test)
{
        enum { KEYS = 300, ROUNDS = 20000 };
        int model[KEYS];
        size_t count = 0;
        struct pmap map = { 0 };
        uint64_t state = 42;

        (void)test;
        for (int i = 0; i < KEYS; i++)
                model[i] = -1;
        for (int round = 0; round < ROUNDS; round++) {
                int slot = (int)(random_next(&state) % KEYS);
                char key[16];

                snprintf(key, sizeof key, "key-%d", slot);
                if (random_next(&state) % 3 == 0) {
                        assert_int_equal(pmap_remove(&map, key, strlen(key)), model[slot] >= 0);
                        count -= model[slot] >= 0;
                        model[slot] = -1;
                } else {
                        count += model[slot] < 0;
                        model[slot] = round;
                        number_put(&map, key, round);
                }
                assert_int_equal(number_find(map, key), model[slot]);
                assert_int_equal(pmap_count(map), count);
        }
        pmap_fini(&map);
        assert_int_equal(alive, 0);
}

static void pmap_older_version_stays_as_it_was(void **test)
{
        struct pmap map = { 0 }, older;

        (void)test;
        number_put(&map, "a", 1);
        number_put(&map, "b", 2);
        older = pmap_dup(map);
        number_put(&map, "a", 3);
        pmap_remove(&map, "b", 1);
        assert_int_equal(number_find(older, "a"), 1);
        assert_int_equal(number_find(older, "b"), 2);
        assert_int_equal(number_find(map, "a"), 3);
        assert_int_equal(number_find(map, "b"), -1);
        pmap_fini(&map);
        pmap_fini(&older);
        assert_int_equal(alive, 0);
}

/* Some versions are kept for a while, others dropped, so that parts of a map are its own and parts are not. */
static void pmap_many_versions_stay_as_they_were(void **test)
{
        enum { KEYS = 60, VERSIONS = 5, ROUNDS = 20000 };
        struct {
                struct pmap map;
                int model[KEYS];
        } now = { 0 }, kept[VERSIONS] = { 0 };
        uint64_t state = 7;

        (void)test;
        memset(now.model, -1, sizeof now.model);
        for (int round = 0; round < ROUNDS; round++) {
                int slot = (int)(random_next(&state) % KEYS),
                    version = (int)(random_next(&state) % (4 * VERSIONS));
                char key[16];

                snprintf(key, sizeof key, "key-%d", slot);
                now.model[slot] = random_next(&state) % 3 == 0 ? -1 : round;
                if (now.model[slot] < 0)
                        pmap_remove(&now.map, key, strlen(key));
                else
                        number_put(&now.map, key, round);
                if (version >= VERSIONS)
                        continue;
                for (int i = 0; i < KEYS && kept[version].map.root; i++) {
                        snprintf(key, sizeof key, "key-%d", i);
                        assert_int_equal(number_find(kept[version].map, key), kept[version].model[i]);
                }
                pmap_fini(&kept[version].map);
                kept[version] = now;
                kept[version].map = pmap_dup(now.map);
        }
        for (int version = 0; version < VERSIONS; version++)
                pmap_fini(&kept[version].map);
        pmap_fini(&now.map);
        assert_int_equal(alive, 0);
}

static void pmap_that_nobody_shares_is_changed_in_place(void **test)
{
        struct pmap map = { 0 }, older;
        const struct pmap_node *root;

        (void)test;
        number_put(&map, "a", 1);
        root = map.root;
        number_put(&map, "a", 2);
        assert_ptr_equal(map.root, root);
        older = pmap_dup(map);
        number_put(&map, "a", 3);
        assert_ptr_equal(older.root, root);
        assert_ptr_not_equal(map.root, root);
        pmap_fini(&older);
        root = map.root;
        number_put(&map, "a", 4);
        assert_ptr_equal(map.root, root);
        pmap_fini(&map);
        assert_int_equal(alive, 0);
}

static void pmap_cursor_walks_in_order_from_any_key(void **test)
{
        struct pmap map = { 0 };
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        int expected = 37;

        (void)test;
        for (int i = 0; i < 100; i++) {
                char key[16];

                snprintf(key, sizeof key, "%03d", (i * 37) % 100);
                number_put(&map, key, (i * 37) % 100);
        }
        for (pmap_first(map, "0365", 4, &cursor); pmap_next(&cursor, &entry); expected++)
                assert_int_equal(((struct number *)entry.value)->value, expected);
        assert_int_equal(expected, 100);
        pmap_first(map, "0", 1, &cursor);
        assert_true(pmap_next(&cursor, &entry));
        assert_true(pmap_entry_has_prefix(&entry, "00", 2));
        assert_false(pmap_entry_has_prefix(&entry, "01", 2));
        pmap_fini(&map);
        assert_int_equal(alive, 0);
}

struct changes {
        int added, removed, changed, sum;
};

static void change_count(void *context, const void *key, size_t key_length, void *old_value, void *new_value)
{
        struct changes *changes = context;
        const struct number *older = old_value, *newer = new_value;

        (void)key;
        (void)key_length;
        changes->added += !older;
        changes->removed += !newer;
        changes->changed += older && newer;
        changes->sum += (newer ? newer->value : 0) - (older ? older->value : 0);
}

static void pmap_diff_tells_each_change_once(void **test)
{
        uint64_t state = 7;

        (void)test;
        for (int round = 0; round < 200; round++) {
                struct pmap older = { 0 }, newer;
                struct changes changes = { 0 }, expected = { 0 };

                for (int i = 0; i < 100; i++) {
                        char key[16];

                        snprintf(key, sizeof key, "%d", i);
                        if (random_next(&state) % 2)
                                number_put(&older, key, i);
                }
                newer = pmap_dup(older);
                for (int i = 0; i < 100; i += 1 + (int)(random_next(&state) % 20)) {
                        char key[16];
                        bool there;

                        snprintf(key, sizeof key, "%d", i);
                        there = number_find(older, key) >= 0;
                        if (there && random_next(&state) % 2) {
                                pmap_remove(&newer, key, strlen(key));
                                expected.removed++;
                                expected.sum -= i;
                        } else {
                                number_put(&newer, key, 1000 + i);
                                expected.added += !there;
                                expected.changed += there;
                                expected.sum += there ? 1000 : 1000 + i;
                        }
                }
                pmap_diff(older, newer, change_count, &changes);
                assert_memory_equal(&changes, &expected, sizeof changes);
                pmap_fini(&older);
                pmap_fini(&newer);
        }
        assert_int_equal(alive, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pmap_random_changes_agree_with_an_array),
                cmocka_unit_test(pmap_older_version_stays_as_it_was),
                cmocka_unit_test(pmap_many_versions_stay_as_they_were),
                cmocka_unit_test(pmap_that_nobody_shares_is_changed_in_place),
                cmocka_unit_test(pmap_cursor_walks_in_order_from_any_key),
                cmocka_unit_test(pmap_diff_tells_each_change_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
