/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "reconcile/drift.h"

struct rig {
        struct drift *drift;
        struct clock clock;
        int64_t now_ms;
        unsigned told;
        struct difference last; /* told */
        struct drift_view view; /* of `shown` alone its looks and counts */
};

static int64_t rig_now_ms(void *context)
{
        return ((struct rig *)context)->now_ms;
}

static void rig_told(void *context, const struct difference *difference)
{
        struct rig *rig = context;

        rig->told++;
        difference_fini(&rig->last);
        difference_copy(&rig->last, difference);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->now_ms = 1700000000000;
        rig->clock = (struct clock){ rig_now_ms, rig_now_ms, rig };
        rig->drift = drift_new(&rig->clock, rig_told, rig);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        drift_free(rig->drift);
        difference_fini(&rig->last);
        free(rig);
        return 0;
}

static void note(struct rig *rig, enum difference_kind kind, unsigned number, enum difference_action action)
{
        struct difference found = { .kind = kind, .action = action, .observed = "a", .desired = "b" };

        snprintf(found.object, sizeof found.object, "export %u", number);
        drift_note(rig->drift, &found);
}

static void view_take(void *context, const struct drift_view *view)
{
        ((struct rig *)context)->view = *view;
}

static size_t count_of(struct rig *rig, enum difference_place place)
{
        drift_show(rig->drift, view_take, rig);
        return rig->view.counts[place];
}

static void a_difference_is_told_once_and_counted(void **test)
{
        struct rig *rig = *test;

        for (int i = 0; i < 1000; i++) { /* two controllers fight over it for more than a quarter of an hour */
                note(rig, DIFFERENCE_EXPORT_CHANGED, 7, DIFFERENCE_REPAIRED);
                rig->now_ms += 1000;
        }
        assert_int_equal(rig->told, 2);
        assert_int_equal(rig->last.count, 601);
        assert_int_equal(count_of(rig, PLACE_GANESHA), 1);
        assert_int_equal(rig->view.differences[PLACE_GANESHA][0].count, 1000);
        assert_int_equal(rig->view.differences[PLACE_GANESHA][0].first_at_ms, 1700000000000);
}

static void what_becomes_of_it_is_told(void **test)
{
        struct rig *rig = *test;

        note(rig, DIFFERENCE_EXPORT_MISSING, 7, DIFFERENCE_FAILED);
        note(rig, DIFFERENCE_EXPORT_MISSING, 7, DIFFERENCE_FAILED);
        assert_int_equal(rig->told, 1);
        note(rig, DIFFERENCE_EXPORT_MISSING, 7, DIFFERENCE_REPAIRED);
        assert_int_equal(rig->told, 2);
        assert_int_equal(rig->last.action, DIFFERENCE_REPAIRED);
        assert_int_equal(rig->last.count, 1);
        for (int i = 0; i < 100; i++)
                note(rig, DIFFERENCE_EXPORT_MISSING, 7, i % 2 ? DIFFERENCE_REPAIRED : DIFFERENCE_FAILED);
        assert_int_equal(rig->told, 4);
}

static void what_stands_counts_once_and_goes_when_it_is_gone(void **test)
{
        struct rig *rig = *test;

        for (int i = 0; i < 5; i++)
                note(rig, DIFFERENCE_EXPORT_EXTRA, 7, DIFFERENCE_REPORTED);
        note(rig, DIFFERENCE_EXPORT_EXTRA, 8, DIFFERENCE_REPAIRED);
        assert_int_equal(count_of(rig, PLACE_GANESHA), 2);
        assert_int_equal(rig->view.differences[PLACE_GANESHA][0].count, 1);
        drift_clear(rig->drift, PLACE_FIREWALL, "export 7");
        assert_int_equal(count_of(rig, PLACE_GANESHA), 2);
        drift_clear(rig->drift, PLACE_GANESHA, "export 7");
        drift_clear(rig->drift, PLACE_GANESHA, "export 8"); /* the last there was of it stays */
        assert_int_equal(count_of(rig, PLACE_GANESHA), 1);
        assert_string_equal(rig->view.differences[PLACE_GANESHA][0].object, "export 8");
}

static void ten_thousand_are_bounded(void **test)
{
        struct rig *rig = *test;

        for (unsigned i = 1; i <= 10000; i++)
                note(rig, DIFFERENCE_EXPORT_CHANGED, i, DIFFERENCE_REPORTED);
        assert_int_equal(rig->told, 60);
        assert_int_equal(count_of(rig, PLACE_GANESHA), DRIFT_DIFFERENCES_MAX);
        drift_looked(rig->drift, PLACE_GANESHA, 12, rig->now_ms - 30, NULL);
        assert_int_equal(count_of(rig, PLACE_GANESHA), DRIFT_DIFFERENCES_MAX);
        assert_int_equal(rig->view.looks[PLACE_GANESHA].left_out, 10000 - DRIFT_DIFFERENCES_MAX);
        assert_int_equal(rig->view.looks[PLACE_GANESHA].duration_ms, 30);
        assert_int_equal(rig->view.looks[PLACE_GANESHA].revision, 12);
        assert_false(rig->view.looks[PLACE_GLUSTERD].looked);
        rig->now_ms += 61000; /* those that were not told are, when their turn comes */
        for (unsigned i = 1; i <= 100; i++)
                note(rig, DIFFERENCE_EXPORT_CHANGED, i, DIFFERENCE_REPORTED);
        assert_int_equal(rig->told, 100);
}

static void repaired_ones_make_room_oldest_first(void **test)
{
        struct rig *rig = *test;

        for (unsigned i = 1; i <= DRIFT_DIFFERENCES_MAX; i++, rig->now_ms++)
                note(rig, DIFFERENCE_EXPORT_CHANGED, i, i == 1 ? DIFFERENCE_FAILED : DIFFERENCE_REPAIRED);
        note(rig, DIFFERENCE_EXPORT_CHANGED, 9999, DIFFERENCE_FAILED);
        assert_int_equal(count_of(rig, PLACE_GANESHA), DRIFT_DIFFERENCES_MAX);
        for (size_t i = 0; i < DRIFT_DIFFERENCES_MAX; i++)
                assert_string_not_equal(rig->view.differences[PLACE_GANESHA][i].object, "export 2");
        assert_string_equal(rig->view.differences[PLACE_GANESHA][0].object, "export 1");
}

static void long_texts_are_cut_at_a_character(void **test)
{
        struct rig *rig = *test;
        AUTO_TEXT struct text text = { 0 };
        struct difference found = { .kind = DIFFERENCE_EXPORT_CHANGED, .object = "export 1" };

        for (int i = 0; i < 3000; i++)
                text_add(&text, "é");
        found.observed = text.data;
        drift_note(rig->drift, &found);
        assert_in_range(strlen(rig->last.observed), DIFFERENCE_TEXT_MAX - 8, DIFFERENCE_TEXT_MAX);
        assert_true(text_is_utf8(rig->last.observed, strlen(rig->last.observed)));
}

static void a_keeper_that_is_not_there_forgets(void **test)
{
        struct difference found = { .kind = DIFFERENCE_EXPORT_CHANGED };
        struct rig rig = { 0 };

        (void)test;
        drift_note(NULL, &found);
        drift_clear(NULL, PLACE_GANESHA, "");
        drift_looked(NULL, PLACE_GANESHA, 1, 0, NULL);
        drift_set_unmanaged(NULL, memory_new(1, sizeof(struct unmanaged_export)), 1, 0);
        drift_show(NULL, view_take, &rig);
        assert_int_equal(rig.view.counts[PLACE_GANESHA], 0);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(a_difference_is_told_once_and_counted),
                RIG_TEST(what_becomes_of_it_is_told),
                RIG_TEST(what_stands_counts_once_and_goes_when_it_is_gone),
                RIG_TEST(ten_thousand_are_bounded),
                RIG_TEST(repaired_ones_make_room_oldest_first),
                RIG_TEST(long_texts_are_cut_at_a_character),
                cmocka_unit_test(a_keeper_that_is_not_there_forgets),
        };

        log_open("test_drift", LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
