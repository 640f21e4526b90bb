/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cases of contract_storage_files for a Gluster volume. GLUSTERD_PID and BRICK_PID are in the environment.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/volume_files.h"
#include "tests/contract/world_of_files.h"

static char **arguments;

static void volume_that_is_not_there_is_unavailable(void **state)
{
        struct world *world = *state;
        char *volume = world->storage->volume;
        struct fault fault = { 0 };
        struct path_seen seen;

        world->storage->volume = (char[]){ "nosuch" };
        int failed = world_inspect(world, "/", &seen, &fault);
        world->storage->volume = (char[]){ "../etc" };
        int hostile = world_inspect(world, "/", &seen, NULL);
        world->storage->volume = volume;
        assert_int_equal(failed, -FAULT_UNAVAILABLE);
        assert_non_null(strstr(fault.text, "volume nosuch"));
        assert_int_equal(hostile, -FAULT_INVALID);
        assert_seen(world, "/", PATH_DIRECTORY, "");
}

/* A pool of one worker, which has opened nothing. */
static struct worker_pool *fresh_pool(void)
{
        struct worker_pool_settings settings = { .program = arguments[4], .workers = 1 };
        struct worker_pool *pool = worker_pool_new(&settings, NULL);

        assert_non_null(pool);
        return pool;
}

/* Inspects "/" through `pool`; tells how long that took. */
static int ask(struct worker_pool *pool, int deadline_ms, int64_t *took_ms, struct fault *fault)
{
        const struct storage *storage = the_world.storage;
        struct act_caller caller = worker_pool_acts(pool);
        int64_t start_ms = clock_monotonic_ms(clock_system());
        struct path_item item = { .path = "/" };

        volume_files_inspect(&caller, storage, &item, 1, deadline_ms);
        *took_ms = clock_monotonic_ms(clock_system()) - start_ms;
        *fault = item.fault;
        return -(int)item.fault.code;
}

static pid_t only_pid(struct worker_pool *pool)
{
        pid_t pid = 0;

        assert_int_equal(worker_pool_pids(pool, &pid, 1), 1);
        return pid;
}

static void server_signal(const char *variable, int number)
{
        const char *pid = getenv(variable);

        assert_non_null(pid);
        assert_int_equal(kill(atoi(pid), number), 0);
}

/* The caller gets its answer in time, and the worker lives on to open the volume when that can be done. */
static void glusterd_that_hangs_costs_the_deadline(void **state)
{
        struct worker_pool *pool = fresh_pool();
        struct fault fault = { 0 };
        int64_t took_ms;

        (void)state;
        server_signal("GLUSTERD_PID", SIGSTOP);
        int failed = ask(pool, 700, &took_ms, &fault);
        pid_t worker = only_pid(pool);
        server_signal("GLUSTERD_PID", SIGCONT);
        assert_int_equal(failed, -FAULT_TIMEOUT);
        assert_string_equal(fault.text, "open volume data: its bricks have not answered in time; it goes on");
        assert_true(took_ms >= 500 && took_ms < 2000);
        assert_int_equal(ask(pool, PATIENCE_MS, &took_ms, &fault), 0);
        assert_int_equal(only_pid(pool), worker);
        worker_pool_free(pool);
}

/* Opening waits 10 s for a silent brick, longer than any request may. */
static void volume_opens_while_a_brick_is_silent(void **state)
{
        struct worker_pool *pool = fresh_pool();
        int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
        struct fault fault = { 0 };
        int64_t took_ms;
        int failed;

        (void)state;
        server_signal("BRICK_PID", SIGSTOP);
        do {
                failed = ask(pool, 1000, &took_ms, &fault);
        } while (failed == -FAULT_TIMEOUT && clock_monotonic_ms(clock_system()) < until_ms);
        server_signal("BRICK_PID", SIGCONT);
        if (failed)
                fail_msg("%s", fault.text);
        worker_pool_free(pool);
}

/* A call that is in a brick when that stops cannot be taken back: its worker ends. */
static void call_into_a_brick_that_stops_is_ended(void **state)
{
        struct worker_pool *pool = fresh_pool();
        int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
        struct fault fault = { 0 };
        int64_t took_ms;
        pid_t worker;
        int failed;

        (void)state;
        do { /* the volume is open once most of its bricks are: the one that stops may not be among them yet */
                assert_int_equal(ask(pool, PATIENCE_MS, &took_ms, &fault), 0);
                worker = only_pid(pool);
                server_signal("BRICK_PID", SIGSTOP);
                failed = ask(pool, 500, &took_ms, &fault);
                server_signal("BRICK_PID", SIGCONT);
        } while (failed == 0 && clock_monotonic_ms(clock_system()) < until_ms);
        assert_int_equal(failed, -FAULT_TIMEOUT);
        assert_string_equal(fault.text, "look at /: the bricks have not answered in time");
        assert_true(took_ms >= 300 && took_ms < 2000);
        assert_int_equal(ask(pool, PATIENCE_MS, &took_ms, &fault), 0);
        assert_int_not_equal(only_pid(pool), worker);
        worker_pool_free(pool);
}

/* The first storage node is gone, and this one is named last: asking in that order takes 3 s. */
static void own_glusterd_is_asked_first(void **state)
{
        struct world *world = *state;
        struct worker_pool *pool = fresh_pool();
        struct address here = world->storage->addresses[0];
        struct fault fault = { 0 };
        int64_t took_ms;

        assert_int_equal(address_parse("10.98.0.99", &world->storage->addresses[0]), 0);
        world->storage->addresses[1] = here;
        world->storage->address_count = 2;
        int failed = ask(pool, 2500, &took_ms, &fault);
        world->storage->addresses[0] = here;
        world->storage->address_count = 1;
        worker_pool_free(pool);
        if (failed)
                fail_msg("%s", fault.text);
}

int cases_run_cluster(char **all_arguments)
{
        static const struct CMUnitTest cases[] = {
                CASE(link_swapped_in_during_the_walk_is_never_followed),
                CASE(timings_are_told),
                CASE(volume_that_is_not_there_is_unavailable),
                CASE(own_glusterd_is_asked_first),
                CASE(glusterd_that_hangs_costs_the_deadline),
                CASE(call_into_a_brick_that_stops_is_ended),
                CASE(volume_opens_while_a_brick_is_silent),
        };

        arguments = all_arguments;
        world_open_cluster(&the_world, arguments[1], arguments[2], arguments[3], arguments[4]);
        return cases_run_with_common("cluster", cases, ARRAY_SIZE(cases));
}
