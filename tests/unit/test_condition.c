/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

static int64_t moment_ms(struct timespec moment)
{
        return (int64_t)moment.tv_sec * 1000 + moment.tv_nsec / 1000000;
}

static void moment_is_so_far_ahead_on_the_monotonic_clock(void **state)
{
        static const int64_t waits_ms[] = { 0, 1, 999, 1000, 1001, 59999, INT64_C(86400000) };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(waits_ms); i++) {
                int64_t before_ms = clock_monotonic_ms(clock_system());
                struct timespec moment = condition_moment(waits_ms[i]);
                int64_t after_ms = clock_monotonic_ms(clock_system());

                assert_in_range(moment_ms(moment), before_ms + waits_ms[i], after_ms + waits_ms[i] + 1);
                assert_in_range(moment.tv_nsec, 0, 999999999);
        }
        assert_true(moment_ms(condition_moment(-5000)) + 1 >= clock_monotonic_ms(clock_system()) - 1000);
}

static void wait_is_over_when_its_moment_is(void **state)
{
        pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        struct timespec soon = condition_moment(20);
        pthread_cond_t condition;

        (void)state;
        condition_init(&condition);
        pthread_mutex_lock(&lock);
        while (pthread_cond_timedwait(&condition, &lock, &soon) != ETIMEDOUT)
                ;
        pthread_mutex_unlock(&lock);
        assert_true(clock_monotonic_ms(clock_system()) >= moment_ms(soon));
        pthread_cond_destroy(&condition);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(moment_is_so_far_ahead_on_the_monotonic_clock),
                cmocka_unit_test(wait_is_over_when_its_moment_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
