/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"

#define MS_OF_9999 253402300799999 /* 9999-12-31T23:59:59.999Z */

static void time_is_printed_as_rfc_3339(void **test)
{
        static const struct {
                int64_t wall_ms;
                const char *text;
        } cases[] = {
                { 0, "1970-01-01T00:00:00.000Z" },
                { 1, "1970-01-01T00:00:00.001Z" },
                { 951782400000, "2000-02-29T00:00:00.000Z" },
                { 1764000000123, "2025-11-24T16:00:00.123Z" },
                { 4102444799999, "2099-12-31T23:59:59.999Z" },
                { MS_OF_9999, "9999-12-31T23:59:59.999Z" },
        };
        char text[CLOCK_TEXT_SIZE];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t wall_ms;

                assert_string_equal(clock_format(cases[i].wall_ms, text), cases[i].text);
                assert_int_equal(clock_parse(text, &wall_ms), 0);
                assert_true(wall_ms == cases[i].wall_ms);
        }
}

static void time_is_parsed_or_refused(void **test)
{
        static const struct {
                const char *text;
                int64_t wall_ms; /* -1 = refused */
        } cases[] = {
                { "1970-01-01T00:00:00Z", 0 },
                { "1970-01-01t00:00:00z", 0 },
                { "1970-01-01T00:00:00.5Z", 500 },
                { "1970-01-01T00:00:00.0019Z", 1 },
                { "1970-01-01T00:00:00.123456789Z", 123 },
                { "1970-01-01T02:00:00+02:00", 0 },
                { "1970-01-01T00:00:00-05:30", 19800000 },
                { "1969-12-31T23:00:00-01:00", -1 },
                { "1970-01-01T00:00:00+00:01", -1 },
                { "9999-12-31T23:59:59.999Z", MS_OF_9999 },
                { "9999-12-31T23:59:59-00:01", -1 }, /* year 10000 */
                { "2000-02-29T00:00:00Z", 951782400000 },
                { "2001-02-29T00:00:00Z", -1 },
                { "2001-04-31T00:00:00Z", -1 },
                { "2016-12-31T23:59:60Z", 1483228800000 }, /* a leap second is the second after it */
                { "2001-13-01T00:00:00Z", -1 },
                { "2001-00-01T00:00:00Z", -1 },
                { "2001-01-01T24:00:00Z", -1 },
                { "2001-01-01T00:60:00Z", -1 },
                { "2001-01-01T00:00:61Z", -1 },
                { "2001-01-01T00:00:00", -1 },
                { "2001-01-01T00:00:00.Z", -1 },
                { "2001-01-01T00:00:00+0200", -1 },
                { "2001-01-01T00:00:00+24:00", -1 },
                { "2001-01-01 00:00:00Z", -1 },
                { "2001-01-01T00:00:00Z ", -1 },
                { " 2001-01-01T00:00:00Z", -1 },
                { "2001-1-01T00:00:00Z", -1 },
                { "1969-01-01T00:00:00Z", -1 },
                { "10000-01-01T00:00:00Z", -1 },
                { "2001-01-01", -1 },
                { "", -1 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t wall_ms = -1;

                if (clock_parse(cases[i].text, &wall_ms) != (cases[i].wall_ms < 0 ? -1 : 0) ||
                    wall_ms != cases[i].wall_ms)
                        fail_msg("%s: %lld", cases[i].text, (long long)wall_ms);
        }
}

static void system_clock_moves_on(void **test)
{
        const struct clock *clock = clock_system();
        int64_t before = clock_monotonic_ms(clock);

        (void)test;
        assert_true(clock_wall_ms(clock) > 1700000000000);
        assert_true(clock_monotonic_ms(clock) >= before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(time_is_printed_as_rfc_3339),
                cmocka_unit_test(time_is_parsed_or_refused),
                cmocka_unit_test(system_clock_moves_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
