/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/path_crew.h"

#define PATHS 20
#define LONG_MS 60000

/* Paths that are seen to by counting them, but for those that hang until `held` is false. */
struct paths {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool hangs[PATHS];
        bool held;
        unsigned seen[PATHS], begun, ended;
};

static void *paths_begin(void *context)
{
        struct paths *paths = context;

        pthread_mutex_lock(&paths->lock);
        paths->begun++;
        pthread_mutex_unlock(&paths->lock);
        return paths;
}

static void paths_see_to(void *context, void *mine, size_t index)
{
        struct paths *paths = context;

        assert_ptr_equal(mine, context);
        pthread_mutex_lock(&paths->lock);
        while (paths->hangs[index] && paths->held)
                pthread_cond_wait(&paths->changed, &paths->lock);
        paths->seen[index]++;
        pthread_mutex_unlock(&paths->lock);
}

static void paths_end(void *mine)
{
        struct paths *paths = mine;

        pthread_mutex_lock(&paths->lock);
        paths->ended++;
        pthread_cond_broadcast(&paths->changed);
        pthread_mutex_unlock(&paths->lock);
}

/* Lets go what hangs, and waits for every thread. */
static void paths_let_go(struct paths *paths)
{
        pthread_mutex_lock(&paths->lock);
        paths->held = false;
        pthread_cond_broadcast(&paths->changed);
        while (paths->ended < paths->begun)
                pthread_cond_wait(&paths->changed, &paths->lock);
        pthread_mutex_unlock(&paths->lock);
}

static bool run(struct paths *paths, size_t count, int64_t within_ms, bool *done)
{
        const struct crew_task task = { paths_begin, paths_see_to, paths_end, paths };

        return crew_run(&task, count, clock_monotonic_ms(clock_system()) + within_ms, done);
}

#define PATHS_NONE                                                                                   \
        {                                                                                            \
                .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .held = true \
        }

static void each_is_seen_to_once(void **test)
{
        static const size_t counts[] = { 1, 2, CREW_MOST, CREW_MOST + 1, PATHS };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                struct paths paths = PATHS_NONE;
                bool done[PATHS] = { false };

                assert_true(run(&paths, counts[i], LONG_MS, done));
                for (size_t path = 0; path < PATHS; path++) {
                        assert_int_equal(done[path], path < counts[i]);
                        assert_int_equal(paths.seen[path], path < counts[i]);
                }
                assert_true(paths.begun <= CREW_MOST && paths.begun <= counts[i]);
                assert_int_equal(paths.ended, paths.begun);
        }
}

/* Long before the time is over, for the others have been answered. */
static void those_that_hang_are_left_behind_alone(void **test)
{
        static struct paths paths = PATHS_NONE; /* threads keep it */
        bool done[PATHS] = { false };

        (void)test;
        paths.hangs[0] = paths.hangs[7] = true;
        assert_false(run(&paths, PATHS, LONG_MS, done));
        for (size_t path = 0; path < PATHS; path++)
                assert_int_equal(done[path], !paths.hangs[path]);
        paths_let_go(&paths);
}

static void nothing_more_is_begun_when_it_is_over(void **test)
{
        static struct paths paths = PATHS_NONE;
        bool done[PATHS] = { false };

        (void)test;
        for (size_t path = 0; path < CREW_MOST; path++)
                paths.hangs[path] = true;
        assert_false(run(&paths, PATHS, 50, done));
        for (size_t path = 0; path < PATHS; path++)
                assert_false(done[path]);
        paths_let_go(&paths);
        for (size_t path = 0; path < PATHS; path++)
                assert_int_equal(paths.seen[path], path < CREW_MOST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_is_seen_to_once),
                cmocka_unit_test(those_that_hang_are_left_behind_alone),
                cmocka_unit_test(nothing_more_is_begun_when_it_is_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
