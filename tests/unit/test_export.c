/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/export.h"

static void export_id_is_the_ulid_of_time_and_random_bits(void **test)
{
        /* The time part is that of the ULID specification's example (01ARYZ6S41: 1469918176385 ms); the random
         * parts are its two ends, so the last 16 digits are known without a second implementation. */
        static const struct {
                int64_t wall_ms;
                uint8_t random[10];
                const char *id;
        } cases[] = {
                { 0, { 0 }, "ex-00000000000000000000000000" },
                { 1469918176385, { 0 }, "ex-01aryz6s410000000000000000" },
                { 1469918176385,
                  { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
                  "ex-01aryz6s41zzzzzzzzzzzzzzzz" },
                { 1, { [9] = 1 }, "ex-00000000010000000000000001" },
                { 1, { [0] = 0x08 }, "ex-00000000011000000000000000" },
        };
        char id[EXPORT_ID_SIZE];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_string_equal(export_id_make(cases[i].wall_ms, cases[i].random, id), cases[i].id);
}

static void export_ids_sort_by_time(void **test)
{
        static const uint8_t low[10] = { 0 };
        static const uint8_t high[10] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
        char earlier[EXPORT_ID_SIZE], later[EXPORT_ID_SIZE];

        (void)test;
        for (int64_t ms = 1; ms < INT64_C(1) << 47; ms *= 3) {
                export_id_make(ms, high, earlier);
                export_id_make(ms + 1, low, later);
                assert_true(strcmp(earlier, later) < 0);
        }
}

static const char *layer_of_node(void *context, const char *node_id)
{
        (void)context;
        return strcmp(node_id, "n-cp") == 0 ? "cp" : strcmp(node_id, "n-db") == 0 ? "db" : NULL;
}

static struct export *export_to(const char *uid, enum target_kind target, const char *name)
{
        struct export *export = export_new("ex-1");

        export->environment_uid = memory_text(uid);
        export->target = target;
        export->target_name = memory_text(name);
        return export;
}

static void targets_meet_where_a_node_could_get_both(void **test)
{
        static const struct {
                enum target_kind a;
                const char *a_name;
                enum target_kind b;
                const char *b_name;
                bool meet;
        } cases[] = {
                { TARGET_ALL, NULL, TARGET_ALL, NULL, true },
                { TARGET_ALL, NULL, TARGET_LAYER, "cp", true },
                { TARGET_ALL, NULL, TARGET_NODE, "unknown", true },
                { TARGET_LAYER, "cp", TARGET_LAYER, "cp", true },
                { TARGET_LAYER, "cp", TARGET_LAYER, "db", false },
                { TARGET_LAYER, "cp", TARGET_NODE, "n-cp", true },
                { TARGET_LAYER, "cp", TARGET_NODE, "n-db", false },
                { TARGET_LAYER, "cp", TARGET_NODE, "unknown", false },
                { TARGET_NODE, "n-cp", TARGET_NODE, "n-cp", true },
                { TARGET_NODE, "n-cp", TARGET_NODE, "n-db", false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct export *a = export_to("e-1", cases[i].a, cases[i].a_name);
                struct export *b = export_to("e-1", cases[i].b, cases[i].b_name);
                struct export *elsewhere = export_to("e-2", cases[i].b, cases[i].b_name);

                assert_int_equal(export_targets_meet(a, b, layer_of_node, NULL), cases[i].meet);
                assert_int_equal(export_targets_meet(b, a, layer_of_node, NULL), cases[i].meet);
                assert_false(export_targets_meet(a, elsewhere, layer_of_node, NULL));
                shared_put(a);
                shared_put(b);
                shared_put(elsewhere);
        }
}

static struct export *export_of(enum export_access access, enum export_squash squash, uint32_t anonymous_uid,
                                bool enabled, int64_t expires_at_ms, const char *except)
{
        struct export *export = export_new("ex-1");

        export->access = access;
        export->squash = squash;
        export->anonymous_uid = anonymous_uid;
        export->enabled = enabled;
        export->expires_at_ms = expires_at_ms;
        if (except) {
                export->except = memory_new(1, sizeof *export->except);
                export->except[0] = memory_text(except);
                export->except_count = 1;
        }
        return export;
}

#define PLAIN                                                        \
        {                                                            \
                EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, NULL \
        }

/* At 1000 ms. */
static void export_widens_when_somebody_gets_more(void **test)
{
        struct terms {
                enum export_access access;
                enum export_squash squash;
                uint32_t anonymous_uid;
                bool enabled;
                int64_t expires_at_ms;
                const char *except;
        };
        static const struct {
                struct terms now, next;
                bool widens;
        } rows[] = {
                { PLAIN, { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, NULL }, false },
                { PLAIN, { EXPORT_READ_ONLY, SQUASH_NONE, 65534, true, 0, NULL }, false },
                { PLAIN, { EXPORT_READ_WRITE, SQUASH_ALL, 0, true, 0, NULL }, false },
                { PLAIN, { EXPORT_READ_WRITE, SQUASH_NONE, 65534, false, 0, NULL }, false },
                { PLAIN, { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 5000, NULL }, false },
                { PLAIN, { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, "101" }, false },
                { { EXPORT_READ_ONLY, SQUASH_NONE, 65534, true, 0, NULL }, PLAIN, true },
                { { EXPORT_READ_WRITE, SQUASH_ROOT, 65534, true, 0, NULL }, PLAIN, true },
                { { EXPORT_READ_WRITE, SQUASH_ALL, 65534, true, 0, NULL },
                  { EXPORT_READ_WRITE, SQUASH_ROOT, 65534, true, 0, NULL },
                  true },
                { { EXPORT_READ_WRITE, SQUASH_ALL, 65534, true, 0, NULL },
                  { EXPORT_READ_WRITE, SQUASH_ALL, 0, true, 0, NULL },
                  true },
                { { EXPORT_READ_WRITE, SQUASH_NONE, 65534, false, 0, NULL }, PLAIN, true },
                { { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 1000, NULL }, PLAIN, true },
                { { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 1001, NULL }, PLAIN, false },
                { { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, "101" }, PLAIN, true },
                { { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, "101" },
                  { EXPORT_READ_WRITE, SQUASH_NONE, 65534, true, 0, "102" },
                  true },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const struct terms *a = &rows[i].now, *b = &rows[i].next;
                struct export *now =
                        export_of(a->access, a->squash, a->anonymous_uid, a->enabled, a->expires_at_ms, a->except);
                struct export *next =
                        export_of(b->access, b->squash, b->anonymous_uid, b->enabled, b->expires_at_ms, b->except);

                now->document.revision = 7;
                export_keep_widened_revision(next, now, 1000);
                assert_int_equal(next->widened_revision, rows[i].widens ? 0 : 7);
                now->widened_revision = 3;
                export_keep_widened_revision(next, now, 1000);
                assert_int_equal(next->widened_revision, rows[i].widens ? 0 : 3);
                shared_put(now);
                shared_put(next);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(export_id_is_the_ulid_of_time_and_random_bits),
                cmocka_unit_test(export_ids_sort_by_time),
                cmocka_unit_test(targets_meet_where_a_node_could_get_both),
                cmocka_unit_test(export_widens_when_somebody_gets_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
