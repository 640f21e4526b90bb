/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/volume_state.h"

#define NOW_MS 5000

enum news { END, GROWS, CHANGES, IS_IN_DOUBT, IS_LOOKED_AT };

/* What has happened to a volume that nothing was to be done for. */
static void happen(struct volume_state *volume, enum news news)
{
        if (news == GROWS)
                volume_state_grow(volume);
        else if (news == CHANGES)
                volume_state_touch(volume);
        else if (news == IS_IN_DOUBT)
                volume_state_doubt(volume);
        else if (news == IS_LOOKED_AT)
                volume->dirty = volume->gathers = false;
}

/* New shares wait for company; nothing else waits, and nothing waits with them. */
static void only_what_is_new_waits(void **test)
{
        static const struct {
                enum news news[4];
                size_t awaited;
                bool waits;
        } cases[] = {
                { { GROWS }, 1, true },
                { { GROWS, GROWS }, 20, true },
                { { GROWS }, 0, false }, /* every directory is there */
                { { END }, 1, false },
                { { CHANGES }, 1, false },
                { { IS_IN_DOUBT }, 1, false },
                { { GROWS, CHANGES }, 1, false },
                { { CHANGES, GROWS }, 1, false },
                { { IS_IN_DOUBT, GROWS }, 1, false },
                { { GROWS, IS_IN_DOUBT, GROWS }, 1, false },
                { { CHANGES, IS_LOOKED_AT, GROWS }, 1, true },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct volume_state volume = { .awaited = cases[i].awaited };

                for (size_t j = 0; j < ARRAY_SIZE(cases[i].news); j++)
                        happen(&volume, cases[i].news[j]);
                if (volume_state_gathers_until(&volume, NOW_MS) !=
                    (cases[i].waits ? NOW_MS + VOLUME_GATHER_MS : 0))
                        fail_msg("case %zu", i);
        }
}

static void it_waits_no_longer_than_a_generation_costs(void **test)
{
        struct volume_state volume = { .awaited = 1 };

        (void)test;
        volume_state_grow(&volume);
        assert_int_equal(volume_state_gathers_until(&volume, NOW_MS), NOW_MS + VOLUME_GATHER_MS);
        volume_state_grow(&volume);
        assert_int_equal(volume_state_gathers_until(&volume, NOW_MS + 60), NOW_MS + VOLUME_GATHER_MS);
        assert_int_equal(volume_state_gathers_until(&volume, NOW_MS + VOLUME_GATHER_MS), 0);
        assert_int_equal(volume_state_gathers_until(&volume, NOW_MS + VOLUME_GATHER_MS + 1), 0);
        volume_state_touch(&volume);
        assert_int_equal(volume_state_gathers_until(&volume, NOW_MS + 1), 0);
        assert_int_equal(volume.gathering_ms, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_is_new_waits),
                cmocka_unit_test(it_waits_no_longer_than_a_generation_costs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
