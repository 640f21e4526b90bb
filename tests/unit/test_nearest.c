/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/nearest.h"

static void nearest_word_is_found_or_none(void **test)
{
        static const char *const words[] = {
                "environment", "event", "export", "grant", "status", "storage", "wait"
        };
        static const struct {
                const char *word;
                size_t length;
                const char *found;
        } rows[] = {
                { "exprot", 0, "export" },   /* two letters have changed places */
                { "exports", 0, "export" },  /* one too many */
                { "exprt", 0, "export" },    /* one too few */
                { "Export", 0, "export" },   /* one changed */
                { "env", 0, "environment" }, /* its beginning */
                { "enviroment", 0, "environment" },
                { "envirnomenst", 0, "environment" },
                { "ev", 0, NULL }, /* a beginning that is too short to mean anything */
                { "list", 0, NULL },
                { "sto", 0, "storage" },
                { "st", 0, NULL },
                { "", 0, NULL },
                { "wit", 0, "wait" },
                { "wait=5", 4, "wait" }, /* as far as it counts */
                { "grantgrantgrantgrantgrantgrantgrantgrantgrant", 0, NULL },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct nearest nearest = { .word = rows[i].word, .length = rows[i].length };

                for (size_t k = 0; k < ARRAY_SIZE(words); k++)
                        nearest_offer(&nearest, words[k]);
                if (rows[i].found && nearest.found)
                        assert_string_equal(nearest.found, rows[i].found);
                else if (rows[i].found != nearest.found)
                        fail_msg("%s: %s is found, not %s", rows[i].word, nearest.found, rows[i].found);
        }
}

static void first_of_two_that_are_as_near_counts(void **test)
{
        struct nearest nearest = { .word = "shaw" };

        (void)test;
        nearest_offer(&nearest, "show");
        nearest_offer(&nearest, "shew");
        assert_string_equal(nearest.found, "show");
        nearest_offer(&nearest, "shaw");
        assert_string_equal(nearest.found, "shaw");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nearest_word_is_found_or_none),
                cmocka_unit_test(first_of_two_that_are_as_near_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
