/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/lag.h"

static void lag_is_the_age_of_the_oldest_commit_that_waits(void **test)
{
        enum { COMMIT, GLUSTER, NFS };
        /* What happens at which time, with which revision; the lag at that time after it. */
        static const struct {
                int what;
                int64_t at_ms;
                uint64_t revision;
                int64_t lag_ms;
        } steps[] = {
                { COMMIT, 1000, 5, 0 },     { GLUSTER, 1500, 5, 500 }, { COMMIT, 2000, 6, 1000 },
                { NFS, 2500, 5, 500 },      { COMMIT, 3000, 6, 1000 }, /* told twice */
                { COMMIT, 3000, 7, 1000 },  { NFS, 4000, 7, 2000 },    { GLUSTER, 5000, 6, 2000 },
                { GLUSTER, 5000, 5, 2000 }, /* nobody goes back */
                { GLUSTER, 6000, 7, 0 },    { NFS, 6000, 9, 0 },       { GLUSTER, 6500, 8, 0 },
                { COMMIT, 7000, 8, 0 }, /* settled before it was told */
                { COMMIT, 7000, 9, 0 },     { COMMIT, 7500, 10, 500 },
        };
        struct lag lag = { 0 };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
                if (steps[i].what == COMMIT)
                        lag_committed(&lag, steps[i].revision, steps[i].at_ms);
                else
                        lag_settled(&lag, steps[i].what == NFS ? PROTOCOL_IS_NFS : PROTOCOL_IS_GLUSTER,
                                    steps[i].revision);
                assert_int_equal(lag_ms(&lag, steps[i].at_ms), steps[i].lag_ms);
        }
}

static void more_commits_than_there_is_room_for_are_never_told_too_young(void **test)
{
        const uint64_t commits = 3 * LAG_COMMITS_MOST;
        struct lag lag = { 0 };

        (void)test;
        for (uint64_t revision = 1; revision <= commits; revision++)
                lag_committed(&lag, revision, (int64_t)revision);
        for (uint64_t settled = 1; settled < commits; settled++) {
                lag_settled(&lag, PROTOCOL_IS_NFS, settled);
                lag_settled(&lag, PROTOCOL_IS_GLUSTER, settled);
                assert_true(lag_ms(&lag, (int64_t)commits) >= (int64_t)(commits - settled - 1));
        }
        lag_settled(&lag, PROTOCOL_IS_NFS, commits);
        lag_settled(&lag, PROTOCOL_IS_GLUSTER, commits);
        assert_int_equal(lag_ms(&lag, (int64_t)commits), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lag_is_the_age_of_the_oldest_commit_that_waits),
                cmocka_unit_test(more_commits_than_there_is_room_for_are_never_told_too_young),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
