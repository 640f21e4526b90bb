/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/inventory.h"

static void age_decides_the_state_and_when_it_ends(void **test)
{
        static const struct {
                struct inventory_ages ages;
                int64_t age_ms;
                enum inventory_state state;
                int64_t next_ms;
        } rows[] = {
                { { 0, 0, false }, 1 << 30, INVENTORY_FRESH, -1 },
                { { 100, 1000, false }, 0, INVENTORY_FRESH, 100 },
                { { 100, 1000, false }, 99, INVENTORY_FRESH, 1 },
                { { 100, 1000, false }, 100, INVENTORY_STALE, 900 },
                { { 100, 1000, false }, 999, INVENTORY_STALE, 1 },
                { { 100, 1000, false }, 1000, INVENTORY_EXPIRED, -1 },
                { { 0, 1000, false }, 999, INVENTORY_FRESH, 1 },
                { { 0, 1000, false }, 1000, INVENTORY_EXPIRED, -1 },
                { { 100, 0, false }, 5000, INVENTORY_STALE, -1 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                assert_int_equal(inventory_state_at(&rows[i].ages, rows[i].age_ms), rows[i].state);
                assert_int_equal(inventory_next_ms(&rows[i].ages, rows[i].age_ms), rows[i].next_ms);
        }
}

static void renewed_source_expired_when_it_did(void **test)
{
        struct inventory *first = inventory_new("platform"), *second, *third;

        (void)test;
        first->document.revision = 7;
        first->revision = 42;
        first->state = INVENTORY_EXPIRED;
        second = inventory_renew(first);
        second->document.revision = 9;
        assert_int_equal(inventory_expired_since(second), 7);
        third = inventory_renew(second);
        assert_int_equal(inventory_expired_since(third), 7);
        assert_int_equal(third->revision, 42);
        assert_string_equal(third->document.id, "platform");
        second->state = INVENTORY_FRESH;
        shared_put(third);
        third = inventory_renew(second);
        assert_int_equal(third->expired_revision, 0);
        shared_put(first);
        shared_put(second);
        shared_put(third);
}

static void origin_may_be_set_from_itself(void **test)
{
        struct origin origin = { 0 };

        (void)test;
        origin_set(&origin, "platform", 3);
        origin_set(&origin, origin.source, 4);
        assert_string_equal(origin.source, "platform");
        assert_int_equal(origin.revision, 4);
        origin_set(&origin, NULL, 0);
        assert_null(origin.source);
        origin_fini(&origin);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(age_decides_the_state_and_when_it_ends),
                cmocka_unit_test(renewed_source_expired_when_it_did),
                cmocka_unit_test(origin_may_be_set_from_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
