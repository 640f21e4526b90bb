/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * contract_gluster_volume [real NODE]: what every `struct gluster_volume` answers. Without arguments the fake is
 * asked; `real` means the glusterd of the gluster_node that this runs in, with a volume `data` of three bricks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/contract/world_of_volume.h"

#define PATIENCE_MS 20000

/* --- Asking ------------------------------------------------------------------------------------------------- */

static int observe(const char *name, struct volume_seen *seen, struct fault *fault)
{
        *seen = (struct volume_seen){ 0 };
        return world.volume.observe(world.volume.context, name, seen, fault);
}

static void list_make(struct access_list *list, uint64_t generation, const char *path)
{
        struct address client = { ADDRESS_V4, { 10, 98, 0, 21 } };

        access_list_init(list, &world.node, 1);
        list->generation = generation;
        access_list_add(list, path, &client);
}

static int install(const char *name, uint64_t generation, const char *path, struct fault *fault)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };

        list_make(&list, generation, path);
        return world.volume.install(world.volume.context, name, &list, fault);
}

static enum known canary(const struct volume_brick *brick, uint64_t generation)
{
        enum known held = KNOWN_UNKNOWN;
        struct fault fault = { 0 };

        if (world.volume.canary(world.volume.context, VOLUME, brick, generation, &held, &fault))
                fail_msg("canary: %s", fault.text);
        return held;
}

/* What is seen of the volume, which must be there, once all bricks run. */
static void observe_running(struct volume_seen *seen)
{
        int64_t until = clock_monotonic_ms(clock_system()) + PATIENCE_MS;

        for (;;) {
                struct fault fault = { 0 };
                size_t running = 0;
                int failed = observe(VOLUME, seen, &fault);

                for (size_t i = 0; i < seen->brick_count; i++)
                        running += seen->bricks[i].port != 0;
                if (!failed && running == FAKE_BRICKS)
                        return;
                volume_seen_fini(seen);
                if (clock_monotonic_ms(clock_system()) > until)
                        fail_msg("%zu bricks run: %s", running, fault.text);
                pause_a_little();
        }
}

static uint64_t next_generation(void)
{
        struct volume_seen seen;
        uint64_t generation;

        observe_running(&seen);
        generation = seen.generation + 1;
        volume_seen_fini(&seen);
        return generation;
}

/* Waits until every brick says `wanted` of a generation. */
static void expect_bricks(uint64_t generation, enum known wanted)
{
        int64_t until = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
        struct volume_seen seen;

        observe_running(&seen);
        for (size_t i = 0; i < seen.brick_count;) {
                enum known held = canary(&seen.bricks[i], generation);

                if (held == wanted)
                        i++;
                else if (clock_monotonic_ms(clock_system()) > until)
                        fail_msg("brick %zu says %d of generation %llu", i, held, (unsigned long long)generation);
                else
                        pause_a_little();
        }
        volume_seen_fini(&seen);
}

static void install_next(uint64_t *generation)
{
        struct fault fault = { 0 };

        *generation = next_generation();
        if (install(VOLUME, *generation, "/shared/site", &fault))
                fail_msg("install: %s", fault.text);
}

/* --- What holds --------------------------------------------------------------------------------------------- */

static void unknown_volume_is_seen_as_absent(void **state)
{
        struct volume_seen seen;
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(observe("nosuch", &seen, &fault), 0);
        assert_int_equal(seen.known, KNOWN_ABSENT);
        assert_int_equal(seen.brick_count, 0);
        volume_seen_fini(&seen);
}

static void volume_is_seen_with_its_bricks(void **state)
{
        struct volume_seen seen;

        (void)state;
        observe_running(&seen);
        assert_int_equal(seen.known, KNOWN_PRESENT);
        assert_true(seen.started);
        assert_true(seen.filter_in_place);
        assert_int_equal(seen.pool_members, 1);
        assert_true(seen.op_version >= 100000 && seen.op_version < 1000000);
        assert_int_equal(seen.brick_count, FAKE_BRICKS);
        for (size_t i = 0; i < seen.brick_count; i++) {
                assert_true(address_equal(&seen.bricks[i].address, &world.node));
                assert_int_equal(seen.bricks[i].path[0], '/');
        }
        volume_seen_fini(&seen);
}

static void volume_is_secured_as_often_as_one_likes(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        for (int i = 0; i < 2; i++)
                if (world.volume.secure(world.volume.context, VOLUME, &world.node, 1, &fault))
                        fail_msg("secure: %s", fault.text);
}

static void volume_is_not_secured_for_nobody(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(world.volume.secure(world.volume.context, VOLUME, NULL, 0, &fault), -FAULT_INVALID);
}

static void unknown_volume_is_not_found(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(world.volume.secure(world.volume.context, "nosuch", &world.node, 1, &fault),
                         -FAULT_NOT_FOUND);
        assert_int_equal(install("nosuch", 1, "/shared/site", &fault), -FAULT_NOT_FOUND);
}

static void generation_never_installed_is_held_by_no_brick(void **state)
{
        (void)state;
        expect_bricks(next_generation() + 1000, KNOWN_ABSENT);
}

static void list_installed_is_held_by_every_brick(void **state)
{
        struct volume_seen seen;
        uint64_t generation;

        (void)state;
        install_next(&generation);
        expect_bricks(generation, KNOWN_PRESENT);
        observe_running(&seen);
        assert_true(seen.generation == generation);
        assert_true(seen.filter_in_place);
        volume_seen_fini(&seen);
}

static void list_installed_again_is_well(void **state)
{
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        install_next(&generation);
        if (install(VOLUME, generation, "/shared/site", &fault))
                fail_msg("install: %s", fault.text);
        expect_bricks(generation, KNOWN_PRESENT);
}

static void older_list_is_refused_and_changes_nothing(void **state)
{
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        install_next(&generation);
        install_next(&generation);
        assert_int_equal(install(VOLUME, generation - 1, "/other", &fault), -FAULT_PRECONDITION);
        expect_bricks(generation, KNOWN_PRESENT);
        expect_bricks(generation - 1, KNOWN_ABSENT);
}

static void list_with_a_path_that_it_cannot_hold_is_invalid(void **state)
{
        struct fault fault = { 0 };
        uint64_t generation = next_generation();

        (void)state;
        assert_int_equal(install(VOLUME, generation, "/with`id`", &fault), -FAULT_INVALID);
        assert_true(next_generation() == generation);
}

static void brick_that_is_down_is_seen_and_takes_the_list_when_it_is_back(void **state)
{
        struct volume_seen seen;
        struct fault fault = { 0 };
        uint64_t generation = next_generation();
        int64_t until = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
        bool down = false;

        (void)state;
        world.run_brick(1, false);
        while (!down) {
                assert_int_equal(observe(VOLUME, &seen, &fault), 0);
                assert_int_equal(seen.brick_count, FAKE_BRICKS);
                down = seen.bricks[1].port == 0;
                if (down)
                        assert_int_equal(canary(&seen.bricks[1], generation), KNOWN_UNKNOWN);
                volume_seen_fini(&seen);
                assert_true(clock_monotonic_ms(clock_system()) < until);
        }
        assert_int_equal(install(VOLUME, generation, "/shared/site", &fault), 0);
        world.run_brick(1, true);
        expect_bricks(generation, KNOWN_PRESENT);
}

static void server_that_is_down_is_unavailable_and_loses_nothing(void **state)
{
        struct volume_seen seen;
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        install_next(&generation);
        world.run_server(false);
        assert_int_equal(observe(VOLUME, &seen, &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(install(VOLUME, generation + 1, "/shared/site", &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(world.volume.secure(world.volume.context, VOLUME, &world.node, 1, &fault),
                         -FAULT_UNAVAILABLE);
        world.run_server(true);
        assert_true(next_generation() == generation + 1);
        expect_bricks(generation, KNOWN_PRESENT);
}

/* How many differences of `part` (or of any, DIFFERENCE_KIND_COUNT) there are to the list of that generation. */
static size_t differences(uint64_t generation, const char *path, enum difference_kind part)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        struct volume_differences found = { 0 };
        struct fault fault = { 0 };
        size_t count = 0;

        list_make(&list, generation, path);
        if (world.volume.compare(world.volume.context, VOLUME, &world.node, 1, &list, &found, &fault))
                fail_msg("compare: %s", fault.text);
        for (size_t i = 0; i < found.count; i++) {
                print_message("# %s: %s, not %s\n", found.items[i].object, found.items[i].observed,
                              found.items[i].desired);
                count += part == DIFFERENCE_KIND_COUNT || found.items[i].kind == part;
        }
        volume_differences_fini(&found);
        return count;
}

static void what_others_change_is_found_and_can_be_put_right(void **state)
{
        static const enum difference_kind parts[] = { DIFFERENCE_VOLUME_OPTION, DIFFERENCE_VOLUME_LIST,
                                                      DIFFERENCE_VOLUME_VOLFILE, DIFFERENCE_VOLUME_GENERATION };
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                install_next(&generation);
                assert_int_equal(world.volume.secure(world.volume.context, VOLUME, &world.node, 1, &fault), 0);
                assert_int_equal(differences(generation, "/shared/site", DIFFERENCE_KIND_COUNT), 0);
                world.tamper(parts[i]);
                assert_int_equal(differences(generation, "/shared/site", parts[i]), 1);
        }
        install_next(&generation);
        assert_int_equal(differences(generation, "/shared/site", DIFFERENCE_KIND_COUNT), 0);
        assert_true(differences(generation, "/another", DIFFERENCE_VOLUME_VOLFILE) >= 1);
        assert_int_equal(differences(generation + 1, "/shared/site", DIFFERENCE_VOLUME_GENERATION), 1);
}

/* Whether all bricks are seen to run but for `down` of them, which is brick 1. */
static bool health_is(size_t down)
{
        AUTO_VOLUME_HEALTH struct volume_health seen = { 0 };
        int failed = world.health.look(world.health.context, VOLUME, &seen, NULL);

        assert_true(failed == 0 || failed == -FAULT_CONFLICT);
        return !failed && seen.replica == FAKE_BRICKS && seen.nodes[0].connected && seen.clients_known &&
               heal_summarize(&seen).bricks_down == down && seen.bricks[1].online == (down == 0);
}

static void health_tells_what_runs(void **state)
{
        (void)state;
        for (int down = 0; down < 2; down++) {
                int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS;

                world.run_brick(1, down == 0);
                for (; !health_is((size_t)down); pause_a_little())
                        assert_true(clock_monotonic_ms(clock_system()) < until_ms);
        }
        world.run_brick(1, true);
}

/* --- Bricks from before the filter -------------------------------------------------------------------------- */

static void bricks_look(struct bricks_seen *seen)
{
        struct fault fault = { 0 };

        *seen = (struct bricks_seen){ 0 };
        if (world.volume.bricks_look(world.volume.context, VOLUME, true, seen, &fault))
                fail_msg("look at bricks: %s", fault.text);
}

static size_t count_older(void)
{
        struct bricks_seen seen;
        size_t count = 0;

        bricks_look(&seen);
        assert_int_equal(seen.brick_count, FAKE_BRICKS);
        assert_int_equal(seen.replica, FAKE_BRICKS);
        for (size_t i = 0; i < seen.brick_count; i++) {
                assert_true(seen.bricks[i].brick.local);
                assert_int_not_equal(seen.bricks[i].older, KNOWN_UNKNOWN);
                count += seen.bricks[i].older == KNOWN_PRESENT;
        }
        bricks_seen_fini(&seen);
        return count;
}

static int brick_restart(size_t brick, struct fault *fault)
{
        struct bricks_seen seen;

        bricks_look(&seen);
        int failed =
                world.volume.brick_restart(world.volume.context, VOLUME, seen.bricks[brick].brick.path, fault);
        bricks_seen_fini(&seen);
        return failed;
}

static void brick_that_is_not_older_is_not_restarted(void **state)
{
        struct bricks_seen seen = { 0 };
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        install_next(&generation);
        expect_bricks(generation, KNOWN_PRESENT);
        assert_int_equal(count_older(), 0);
        assert_int_equal(brick_restart(0, &fault), -FAULT_PRECONDITION);
        assert_int_equal(world.volume.brick_restart(world.volume.context, VOLUME, "/nosuch", &fault),
                         -FAULT_NOT_FOUND);
        assert_int_equal(world.volume.brick_restart(world.volume.context, "nosuch", "/bricks/1", &fault),
                         -FAULT_NOT_FOUND);
        assert_int_equal(world.volume.bricks_look(world.volume.context, "nosuch", false, &seen, &fault),
                         -FAULT_NOT_FOUND);
        expect_bricks(generation, KNOWN_PRESENT);
}

static void older_brick_is_restarted_when_no_other_is_down(void **state)
{
        int64_t until = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
        struct fault fault = { 0 };
        uint64_t generation;

        (void)state;
        install_next(&generation);
        expect_bricks(generation, KNOWN_PRESENT);
        world.age_brick(0);
        assert_int_equal(count_older(), 1);
        world.run_brick(1, false);
        assert_int_equal(brick_restart(0, &fault), -FAULT_PRECONDITION);
        assert_int_equal(count_older(), 1);
        world.run_brick(1, true);
        while (brick_restart(0, &fault) != 0) /* the self-heal daemon comes back to the other within 3 s */
                if (fault.code != FAULT_PRECONDITION || clock_monotonic_ms(clock_system()) > until)
                        fail_msg("restart brick: %s", fault.text);
                else
                        pause_a_little();
        assert_int_equal(count_older(), 0);
        assert_int_equal(brick_restart(0, &fault), -FAULT_PRECONDITION);
        expect_bricks(generation, KNOWN_PRESENT);
}

/* --- What the fake can be told to do ------------------------------------------------------------------------ */

static void failure_comes_with_the_call_asked_for(void **state)
{
        static const struct {
                enum fake_failure with;
                int answer;
                bool done;
        } cases[] = {
                { FAKE_BUSY, -FAULT_CONFLICT, false },
                { FAKE_LOST_REPLY, -FAULT_UNAVAILABLE, true },
                { FAKE_GONE, -FAULT_UNAVAILABLE, false },
                { FAKE_HANGS, -FAULT_TIMEOUT, false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fault fault = { 0 };
                uint64_t before = fake.generation;

                fake.fail_with = cases[i].with;
                fake.fail_at = fake.calls + 2;
                assert_int_equal(install(VOLUME, before, "/shared/site", &fault), 0);
                assert_int_equal(install(VOLUME, before + 1, "/shared/site", &fault), cases[i].answer);
                assert_true(fake.generation == before + cases[i].done);
                assert_int_equal(install(VOLUME, before + 1, "/shared/site", &fault), 0);
        }
        fake.fail_at = 0;
}

static void brick_that_is_stuck_does_not_take_a_list(void **state)
{
        struct volume_seen seen;
        struct fault fault = { 0 };
        uint64_t generation = next_generation();

        (void)state;
        fake.bricks[2].stuck = true;
        assert_int_equal(install(VOLUME, generation, "/shared/site", &fault), 0);
        observe_running(&seen);
        assert_int_equal(canary(&seen.bricks[0], generation), KNOWN_PRESENT);
        assert_int_equal(canary(&seen.bricks[2], generation), KNOWN_ABSENT);
        assert_int_equal(canary(&seen.bricks[2], generation - 1), KNOWN_PRESENT);
        volume_seen_fini(&seen);
        fake.bricks[2].stuck = false;
}

static void bricks_that_lag_take_the_list_when_asked_often_enough(void **state)
{
        struct volume_seen seen;
        struct fault fault = { 0 };
        uint64_t generation = next_generation();

        (void)state;
        fake.canary_lag = 3;
        assert_int_equal(install(VOLUME, generation, "/shared/site", &fault), 0);
        observe_running(&seen);
        assert_int_equal(canary(&seen.bricks[0], generation), KNOWN_ABSENT);
        assert_int_equal(canary(&seen.bricks[0], generation), KNOWN_ABSENT);
        assert_int_equal(canary(&seen.bricks[0], generation), KNOWN_PRESENT);
        volume_seen_fini(&seen);
        fake.canary_lag = 0;
}

int main(int argc, char **argv)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(unknown_volume_is_seen_as_absent),
                cmocka_unit_test(volume_is_seen_with_its_bricks),
                cmocka_unit_test(volume_is_secured_as_often_as_one_likes),
                cmocka_unit_test(volume_is_not_secured_for_nobody),
                cmocka_unit_test(unknown_volume_is_not_found),
                cmocka_unit_test(generation_never_installed_is_held_by_no_brick),
                cmocka_unit_test(list_installed_is_held_by_every_brick),
                cmocka_unit_test(list_installed_again_is_well),
                cmocka_unit_test(older_list_is_refused_and_changes_nothing),
                cmocka_unit_test(list_with_a_path_that_it_cannot_hold_is_invalid),
                cmocka_unit_test(brick_that_is_down_is_seen_and_takes_the_list_when_it_is_back),
                cmocka_unit_test(health_tells_what_runs),
                cmocka_unit_test(server_that_is_down_is_unavailable_and_loses_nothing),
                cmocka_unit_test(what_others_change_is_found_and_can_be_put_right),
                cmocka_unit_test(brick_that_is_not_older_is_not_restarted),
                cmocka_unit_test(older_brick_is_restarted_when_no_other_is_down),
                /* The fake alone. */
                cmocka_unit_test(failure_comes_with_the_call_asked_for),
                cmocka_unit_test(brick_that_is_stuck_does_not_take_a_list),
                cmocka_unit_test(bricks_that_lag_take_the_list_when_asked_often_enough),
        };
        static struct CMUnitTest for_both[ARRAY_SIZE(tests) - 3];
        int failed;

        memcpy(for_both, tests, sizeof for_both);
        if (argc == 3 && strcmp(argv[1], "real") == 0) {
                world_of_real(argv[2]);
                return cmocka_run_group_tests(for_both, NULL, NULL);
        }
        world_of_fake();
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        fake_gluster_volume_fini(&fake);
        return failed;
}
