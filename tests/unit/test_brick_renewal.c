/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bricks from before the filter against a volume in memory and a clock that the test sets: they are started again
 * one by one, and what stands in the way is waited for and told of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/brick_renewal.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "world_for_test.h"

#define INTERVAL_MS 60000

static int64_t now_ms;

static int64_t clock_now(void *context)
{
        (void)context;
        return now_ms;
}

static const struct clock test_clock = { .wall_ms = clock_now, .monotonic_ms = clock_now };

struct rig {
        struct fake_gluster_volume fake;
        struct gluster_volume seam;
        struct side_world world;
        struct volume_state *volume;
        struct pmap volumes;
};

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);
        struct storage *storage = world_storage();

        now_ms = 1000000;
        fake_gluster_volume_init(&rig->fake, "data");
        rig->fake.generation = 7;
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                rig->fake.bricks[i].older = true;
                rig->fake.bricks[i].generation = 7;
        }
        rig->seam = fake_gluster_volume_seam(&rig->fake);
        rig->world = (struct side_world){ .status = status_new(&test_clock),
                                          .drift = drift_new(&test_clock, NULL, NULL),
                                          .clock = &test_clock,
                                          .interval_ms = INTERVAL_MS,
                                          .restart_bricks = true };
        rig->volume = volume_state_get(&rig->volumes, storage);
        rig->volume->installed.generation = 7;
        shared_put(storage);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        pmap_fini(&rig->volumes);
        drift_free(rig->world.drift);
        status_free(rig->world.status);
        fake_gluster_volume_fini(&rig->fake);
        free(rig);
        return 0;
}

/* As the side does it for so long: a look whenever one is due. */
static void pass(struct rig *rig, int64_t for_ms)
{
        for (int64_t until_ms = now_ms + for_ms; now_ms <= until_ms; now_ms += 100)
                brick_renewal_turn(&rig->world, &rig->seam, rig->volume);
}

struct wish {
        const char *object, *detail; /* is in it */
        enum difference_action action;
        size_t found;
};

static void wish_look(void *context, const struct drift_view *view)
{
        struct wish *wish = context;

        for (size_t i = 0; i < view->counts[PLACE_GLUSTERD]; i++) {
                const struct difference *item = &view->differences[PLACE_GLUSTERD][i];

                wish->found += item->kind == DIFFERENCE_BRICK_OLDER && item->action == wish->action &&
                               strstr(item->object, wish->object) &&
                               strstr(item->detail ? item->detail : "", wish->detail);
        }
}

static size_t noted(const struct rig *rig, const char *object, enum difference_action action, const char *detail)
{
        struct wish wish = { object, detail, action, 0 };

        drift_show(rig->world.drift, wish_look, &wish);
        return wish.found;
}

static void bricks_are_restarted_one_after_another(void **test)
{
        struct rig *rig = *test;

        pass(rig, 60000);
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                assert_int_equal(rig->fake.bricks[i].restarts, i + 1);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_REPAIRED, ""), FAKE_BRICKS);
        assert_true(rig->volume->renewal.done);
        assert_true(rig->volume->dirty); /* the ports may be others */
}

static void nothing_is_asked_any_more_when_no_brick_is_older(void **test)
{
        struct rig *rig = *test;

        for (size_t i = 0; i < FAKE_BRICKS; i++)
                rig->fake.bricks[i].older = false;
        pass(rig, 600000);
        assert_int_equal(rig->fake.bricks_looks, 1);
        assert_int_equal(rig->fake.restarts, 0);
}

/* The fake refuses what comes too early, and heals one entry with each look that is told to. */
static void each_heals_before_the_next(void **test)
{
        struct rig *rig = *test;

        rig->fake.heals_after = 5;
        pass(rig, 3000);
        assert_int_equal(rig->fake.restarts, 1);
        pass(rig, 60000);
        assert_int_equal(rig->fake.restarts, FAKE_BRICKS);
        assert_true(rig->fake.bricks_looks >= 2 * 5 + FAKE_BRICKS);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_FAILED, ""), 0);
}

static void brick_that_is_down_is_waited_for_and_told_of_in_the_end(void **test)
{
        struct rig *rig = *test;

        fake_gluster_volume_run(&rig->fake, 2, false);
        pass(rig, RENEWAL_PATIENCE_MS - 5000);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_FAILED, ""), 0);
        pass(rig, 20000);
        assert_int_equal(noted(rig, "/bricks/1/", DIFFERENCE_FAILED, "/bricks/3/data is down"), 1);
        assert_int_equal(rig->fake.restarts, 0);
        fake_gluster_volume_run(&rig->fake, 2, true);
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, 2); /* the third runs anew anyway */
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_FAILED, ""), 0);
}

static void brick_that_does_not_take_the_list_is_waited_for(void **test)
{
        struct rig *rig = *test;

        rig->fake.bricks[1].generation = 6;
        pass(rig, RENEWAL_PATIENCE_MS + INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, 0);
        assert_int_equal(noted(rig, "/bricks/1/", DIFFERENCE_FAILED, "/bricks/2/data does not hold"), 1);
}

static void volume_without_enough_replicas_is_left_and_told_of(void **test)
{
        struct rig *rig = *test;

        rig->fake.replica = 2;
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, 0);
        assert_int_equal(noted(rig, "/bricks/1/", DIFFERENCE_REPORTED, "fewer than 3"), 1);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_REPORTED, ""), FAKE_BRICKS); /* each is named */
}

static void volume_that_needs_all_bricks_for_quorum_is_left_and_told_of(void **test)
{
        struct rig *rig = *test;

        rig->fake.quorum = FAKE_BRICKS;
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, 0);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_REPORTED, "cluster.quorum-count"), FAKE_BRICKS);
        rig->fake.quorum = 2;
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, FAKE_BRICKS);
}

static void operator_can_forbid_it(void **test)
{
        struct rig *rig = *test;

        rig->world.restart_bricks = false;
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.restarts, 0);
        assert_int_equal(noted(rig, "/bricks/1/", DIFFERENCE_REPORTED, "brick_restart = off"), 1);
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                rig->fake.bricks[i].older = false; /* he has done it himself */
        pass(rig, 2 * INTERVAL_MS);
        assert_int_equal(noted(rig, "/bricks/", DIFFERENCE_REPORTED, ""), 0);
        assert_true(rig->volume->renewal.done);
}

static void what_observes_does_nothing(void **test)
{
        struct rig *rig = *test;

        status_set_observes(rig->world.status, true);
        pass(rig, 3 * INTERVAL_MS);
        assert_int_equal(rig->fake.bricks_looks, 0);
}

/* The N-th call fails, whichever it is: every brick is restarted all the same, and none twice. */
static void whatever_call_fails_it_goes_on(void **test)
{
        struct rig *rig = *test;
        static const enum fake_failure failures[] = { FAKE_BUSY, FAKE_LOST_REPLY, FAKE_GONE, FAKE_HANGS };

        for (size_t with = 0; with < ARRAY_SIZE(failures); with++)
                for (unsigned call = 1; call <= 16; call++) {
                        rig_tear_down(test);
                        rig_set_up(test);
                        rig = *test;
                        rig->fake.heals_after = 1;
                        rig->fake.fail_at = call;
                        rig->fake.fail_with = failures[with];
                        pass(rig, 5 * INTERVAL_MS);
                        assert_int_equal(rig->fake.restarts, FAKE_BRICKS);
                        assert_true(rig->volume->renewal.done);
                }
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                RIG_TEST(bricks_are_restarted_one_after_another),
                RIG_TEST(nothing_is_asked_any_more_when_no_brick_is_older),
                RIG_TEST(each_heals_before_the_next),
                RIG_TEST(brick_that_is_down_is_waited_for_and_told_of_in_the_end),
                RIG_TEST(brick_that_does_not_take_the_list_is_waited_for),
                RIG_TEST(volume_without_enough_replicas_is_left_and_told_of),
                RIG_TEST(volume_that_needs_all_bricks_for_quorum_is_left_and_told_of),
                RIG_TEST(operator_can_forbid_it),
                RIG_TEST(what_observes_does_nothing),
                RIG_TEST(whatever_call_fails_it_goes_on),
        };

        log_open("test_brick_renewal", LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
