/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which brick is started again next: never one while another is not well, never where clients would notice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/brick_plan.h"

#define BRICKS 6

/* A brick in a word: o = older, n = newer, ? = not known; d = down, h = needs heal, u = does not tell, c = lacks
 * clients; r = of another node. */
static void brick_make(const char *word, size_t i, struct brick_condition *brick)
{
        static char paths[BRICKS][8];

        snprintf(paths[i], sizeof paths[i], "/b%zu", i);
        *brick = (struct brick_condition){
                .brick = { .path = paths[i], .local = !strchr(word, 'r'), .port = strchr(word, 'd') ? 0 : 49152 },
                .older = strchr(word, 'o')   ? KNOWN_PRESENT
                         : strchr(word, '?') ? KNOWN_UNKNOWN
                                             : KNOWN_ABSENT,
                .healed = strchr(word, 'u')   ? KNOWN_UNKNOWN
                          : strchr(word, 'h') ? KNOWN_ABSENT
                                              : KNOWN_PRESENT,
                .heals = strchr(word, 'h') ? 7 : 0,
                .clients_missing = strchr(word, 'c') ? 2 : 0
        };
}

static const struct plan_case {
        const char *bricks[BRICKS];
        unsigned replica;
        const char *begun;
        enum brick_step step;
        size_t brick;
        const char *why; /* is in the sentence */
} cases[] = {
        { { "n", "n", "n" }, 3, NULL, BRICK_NONE, 0, "" },
        { { "o", "o", "o" }, 3, NULL, BRICK_RESTART, 0, "" },
        { { "n", "o", "o" }, 3, NULL, BRICK_RESTART, 1, "" },
        /* Not while anything is amiss, of whatever brick. */
        { { "o", "od", "o" }, 3, NULL, BRICK_WAIT, 0, "/b1 is down" },
        { { "nd", "o", "o" }, 3, NULL, BRICK_WAIT, 1, "/b0 is down" },
        { { "o", "rd", "r" }, 3, NULL, BRICK_WAIT, 0, "/b1 is down" },
        { { "n", "oh", "o" }, 3, NULL, BRICK_WAIT, 1, "/b1 counts 7" },
        { { "n", "o", "rh" }, 3, NULL, BRICK_WAIT, 1, "/b2 counts 7" },
        { { "n", "o", "u" }, 3, NULL, BRICK_WAIT, 1, "/b2 does not tell" },
        { { "nc", "o", "o" }, 3, NULL, BRICK_WAIT, 1, "/b0 lacks 2" },
        { { "o", "n", "n", "n", "n", "nd" }, 3, NULL, BRICK_WAIT, 0, "/b5 is down" },
        /* Only this node's. */
        { { "r", "ro", "r" }, 3, NULL, BRICK_NONE, 0, "" },
        { { "r", "r", "o" }, 3, NULL, BRICK_RESTART, 2, "" },
        /* Never where clients would notice; whatever else is amiss. */
        { { "o" }, 1, NULL, BRICK_NEVER, 0, "fewer than 3" },
        { { "o", "o" }, 2, NULL, BRICK_NEVER, 0, "fewer than 3" },
        { { "n", "od", "o" }, 1, NULL, BRICK_NEVER, 1, "fewer than 3" },
        /* Without replicas nothing tells of heal, and it need not. */
        { { "ou" }, 1, NULL, BRICK_NEVER, 0, "fewer than 3" },
        /* Not when it cannot be told; but that of one keeps none of the others. */
        { { "?", "n", "n" }, 3, NULL, BRICK_UNKNOWN, 0, "cannot be told" },
        { { "?", "o", "n" }, 3, NULL, BRICK_RESTART, 1, "" },
        { { "r?", "n", "n" }, 3, NULL, BRICK_NONE, 0, "" },
        /* One that was ended is started first, and all is well before the next. */
        { { "nd", "o", "o" }, 3, "/b0", BRICK_RESTART, 0, "was ended" },
        { { "nd", "n", "n" }, 3, "/b0", BRICK_RESTART, 0, "was ended" },
        { { "n?d", "n", "n" }, 3, "/b0", BRICK_WAIT, 0, "/b0 is down" },
        { { "nh", "n", "n" }, 3, "/b0", BRICK_WAIT, 0, "/b0 counts 7" },
        { { "n", "nh", "n" }, 3, "/b0", BRICK_WAIT, 0, "/b1 counts 7" },
        { { "nc", "n", "n" }, 3, "/b0", BRICK_WAIT, 0, "/b0 lacks 2" },
        { { "od", "o", "o" }, 3, "/b0", BRICK_WAIT, 0, "/b0 is down" }, /* glusterd says so, its process not */
        { { "n", "o", "o" }, 3, "/b0", BRICK_RESTART, 1, "" },
        { { "nd", "o", "rd" }, 3, "/b2", BRICK_WAIT, 1, "/b0 is down" }, /* another node's of this path */
};

static void plan_is_as_the_bricks_are(void **state)
{
        (void)state;
        for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
                struct brick_condition bricks[BRICKS];
                AUTO_FREE char *begun = memory_text(cases[c].begun);
                struct bricks_seen seen = { .replica = cases[c].replica, .begun = begun, .bricks = bricks };
                struct brick_plan plan;

                while (seen.brick_count < BRICKS && cases[c].bricks[seen.brick_count]) {
                        brick_make(cases[c].bricks[seen.brick_count], seen.brick_count, &bricks[seen.brick_count]);
                        seen.brick_count++;
                }
                brick_plan_make(&seen, &plan);
                if (plan.step != cases[c].step || plan.brick != cases[c].brick || !strstr(plan.why, cases[c].why))
                        fail_msg("case %zu: step %d of brick %zu: %s", c, plan.step, plan.brick, plan.why);
        }
}

/* cluster.quorum-count, set by hand, may need every brick: a client could not write while one is down. */
static void brick_is_left_where_quorum_needs_it(void **state)
{
        static const struct {
                unsigned replica, quorum;
                enum brick_step step;
        } rows[] = {
                { 3, 0, BRICK_RESTART }, { 3, 2, BRICK_RESTART }, { 3, 3, BRICK_NEVER },
                { 3, 4, BRICK_NEVER },   { 2, 1, BRICK_NEVER },   { 1, 0, BRICK_NEVER },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct brick_condition brick;
                const struct bricks_seen seen = {
                        .replica = rows[i].replica, .quorum = rows[i].quorum, .bricks = &brick, .brick_count = 1
                };
                struct brick_plan plan;

                brick_make("o", 0, &brick);
                brick_plan_make(&seen, &plan);
                assert_int_equal(plan.step, rows[i].step);
        }
}

/* A brick needs heal, is down or lacks clients after each step: whatever happens, no second one is ended. */
static void no_two_bricks_are_ended_at_once(void **state)
{
        static const char amiss[][3] = { "nd", "nh", "nu", "nc" };

        (void)state;
        for (size_t first = 0; first < 3; first++)
                for (size_t what = 0; what < ARRAY_SIZE(amiss); what++)
                        for (int noted = 0; noted < 2; noted++) {
                                struct brick_condition bricks[3];
                                AUTO_FREE char *begun = noted ? memory_format("/b%zu", first) : NULL;
                                struct bricks_seen seen = {
                                        .replica = 3, .begun = begun, .bricks = bricks, .brick_count = 3
                                };
                                struct brick_plan plan;

                                for (size_t i = 0; i < 3; i++)
                                        brick_make(i == first ? amiss[what] : "o", i, &bricks[i]);
                                brick_plan_make(&seen, &plan);
                                assert_true(plan.step == BRICK_WAIT ||
                                            (plan.step == BRICK_RESTART && plan.brick == first && what == 0));
                        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(plan_is_as_the_bricks_are),
                cmocka_unit_test(brick_is_left_where_quorum_needs_it),
                cmocka_unit_test(no_two_bricks_are_ended_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
