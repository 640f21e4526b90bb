/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "store/migrate.h"

struct runs {
        unsigned count;
        unsigned fail_at; /* 0 = never */
        char last[64];    /* the user_version that the last script sets */
};

static int script_note(void *context, const char *script, struct fault *fault)
{
        struct runs *runs = context;
        const char *version = strstr(script, "PRAGMA user_version = ");

        if (++runs->count == runs->fail_at)
                return fault_set(fault, FAULT_EXHAUSTED, "migrate: told to fail");
        /* One transaction each, so that a crash leaves a whole version. */
        assert_memory_equal(script, "BEGIN IMMEDIATE;", 16);
        assert_string_equal(script + strlen(script) - 7, "COMMIT;");
        assert_non_null(version);
        snprintf(runs->last, sizeof runs->last, "%.*s", (int)strcspn(version, ";"), version);
        return 0;
}

static void migrate_runs_the_steps_that_are_missing(void **state)
{
        (void)state;
        for (uint64_t have = 0; have <= MIGRATE_VERSION; have++) {
                struct runs runs = { 0 };
                char last[64];

                assert_int_equal(migrate_run(have, script_note, &runs, NULL), 0);
                assert_int_equal(runs.count, MIGRATE_VERSION - have);
                snprintf(last, sizeof last, "PRAGMA user_version = %d", MIGRATE_VERSION);
                assert_string_equal(runs.last, have < MIGRATE_VERSION ? last : "");
        }
}

static void migrate_refuses_what_is_newer(void **state)
{
        static const uint64_t versions[] = { MIGRATE_VERSION + 1, INT32_MAX, (uint64_t)-1 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
                struct runs runs = { 0 };
                struct fault fault = { 0 };

                assert_int_equal(migrate_run(versions[i], script_note, &runs, &fault), -FAULT_MALFORMED);
                assert_int_equal(runs.count, 0);
                assert_non_null(strstr(fault.text, "newer Gatehouse"));
        }
}

static void migrate_ends_with_the_step_that_fails(void **state)
{
        struct runs runs = { .fail_at = 1 };

        (void)state;
        assert_int_equal(migrate_run(0, script_note, &runs, NULL), -FAULT_EXHAUSTED);
        assert_int_equal(runs.count, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(migrate_runs_the_steps_that_are_missing),
                cmocka_unit_test(migrate_refuses_what_is_newer),
                cmocka_unit_test(migrate_ends_with_the_step_that_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
