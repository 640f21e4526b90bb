/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "auth/throttle.h"
#include "base/memory.h"

#define START_MS 1000000

static unsigned fail_at(struct throttle *throttle, const char *text, int64_t now_ms)
{
        struct address address;

        assert_int_equal(address_parse(text, &address), 0);
        return throttle_failure(throttle, &address, now_ms);
}

static void exhaust(struct throttle *throttle, const char *text)
{
        for (int i = 0; i < THROTTLE_BURST; i++)
                assert_int_equal(fail_at(throttle, text, START_MS), 0);
}

static void burst_is_let_through_and_then_one_an_interval(void **state)
{
        struct throttle *throttle = throttle_new();

        (void)state;
        exhaust(throttle, "192.0.2.1");
        assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS), THROTTLE_INTERVAL_MS / 1000);
        assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS + 1), THROTTLE_INTERVAL_MS / 1000);
        assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS + THROTTLE_INTERVAL_MS - 1), 1);
        /* Whoever waits as told gets one more try, however often he was told. */
        assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS + THROTTLE_INTERVAL_MS), 0);
        assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS + THROTTLE_INTERVAL_MS),
                         THROTTLE_INTERVAL_MS / 1000);
        /* After a silence all is as at first. */
        for (int i = 0; i < THROTTLE_BURST; i++)
                assert_int_equal(fail_at(throttle, "192.0.2.1", START_MS + 20 * THROTTLE_INTERVAL_MS), 0);
        assert_int_not_equal(fail_at(throttle, "192.0.2.1", START_MS + 20 * THROTTLE_INTERVAL_MS), 0);
        throttle_free(throttle);
}

static void network_of_one_customer_is_one_bucket(void **state)
{
        static const struct {
                const char *exhausted, *other;
                bool shared;
        } cases[] = {
                { "192.0.2.1", "192.0.2.2", false },         { "2001:db8::1", "2001:db8::ffff:1", true },
                { "2001:db8::1", "2001:db8:0:1::1", false }, { "192.0.2.1", "::ffff:192.0.2.1", true },
                { "192.0.2.1", "c000:201::", false }, /* the same bytes, another family */
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct throttle *throttle = throttle_new();

                exhaust(throttle, cases[i].exhausted);
                if ((fail_at(throttle, cases[i].other, START_MS) > 0) != cases[i].shared)
                        fail_msg("case %zu", i);
                throttle_free(throttle);
        }
}

/* The table does not grow, and whoever fills it gets no more tries for any of his addresses than the burst. */
static void flood_of_addresses_frees_nobody_who_fails_later(void **state)
{
        struct throttle *throttle = throttle_new();
        unsigned passed = 0;

        (void)state;
        for (uint32_t i = 0; i < 100000; i++) {
                char text[ADDRESS_TEXT_SIZE];

                snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
                assert_int_equal(fail_at(throttle, text, START_MS), 0);
        }
        for (int i = 0; i < 2 * THROTTLE_BURST; i++)
                passed += fail_at(throttle, "192.0.2.1", START_MS + 1) == 0;
        assert_int_equal(passed, THROTTLE_BURST);
        throttle_free(throttle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(burst_is_let_through_and_then_one_an_interval),
                cmocka_unit_test(network_of_one_customer_is_one_bucket),
                cmocka_unit_test(flood_of_addresses_frees_nobody_who_fails_later),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
