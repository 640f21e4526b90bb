/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/volume_health.h"

#define BRICKS 6

/* Six bricks in two sets of three, or what `replica` says; each brick in a few characters. */
static void an_operator_is_told_the_worst_that_is_known(void **state)
{
        static const struct {
                unsigned replica;
                const char *bricks[BRICKS]; /* "-" down; "?" does not count; "N" entries; "N!M" M in split-brain;
                                               "N~" not judged yet */
                int nodes_down, daemons_down;
                enum heal_state state;
                int entries, split_brain; /* -1 = not known */
        } cases[] = {
                { 3, { "0", "0", "0", "0", "0", "0" }, 0, 0, HEAL_HEALTHY, 0, 0 },
                { 3, { "2", "2", "0", "0", "1", "0" }, 0, 0, HEAL_HEALING, 3, 0 },
                { 3, { "2", "2", "-", "0", "0", "0" }, 0, 0, HEAL_DEGRADED, 2, 0 },
                { 3, { "0", "0", "0", "0", "0", "0" }, 1, 0, HEAL_DEGRADED, 0, 0 },
                { 3, { "?", "0", "0", "0", "0", "0" }, 0, 1, HEAL_DEGRADED, 0, 0 },
                { 3, { "2!1", "2!2", "-", "0", "1!1", "0" }, 1, 1, HEAL_SPLIT_BRAIN, 3, 3 },
                { 3, { "2~", "2", "0", "0", "0", "0" }, 0, 0, HEAL_HEALING, 2, -1 },
                { 3, { "?", "?", "?", "0", "0", "0" }, 0, 0, HEAL_UNKNOWN, -1, -1 },
                { 3, { "-", "-", "-", "0", "0", "0" }, 0, 0, HEAL_DEGRADED, -1, -1 },
                { 1, { "?", "?", "?", "?", "?", "?" }, 0, 0, HEAL_HEALTHY, -1, -1 },
                { 1, { "?", "-", "?", "?", "?", "?" }, 0, 0, HEAL_DEGRADED, -1, -1 },
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct brick_health bricks[BRICKS] = { 0 };
                struct node_health nodes[2] = {
                        { .connected = cases[i].nodes_down == 0, .self_heal = KNOWN_PRESENT },
                        { .connected = true, .self_heal = cases[i].daemons_down ? KNOWN_ABSENT : KNOWN_UNKNOWN }
                };
                struct volume_health health = { .replica = cases[i].replica,
                                                .bricks = bricks,
                                                .brick_count = BRICKS,
                                                .nodes = nodes,
                                                .node_count = 2 };

                for (size_t j = 0; j < BRICKS; j++) {
                        const char *text = cases[i].bricks[j], *split = strchr(text, '!');

                        bricks[j].online = text[0] != '-';
                        bricks[j].counted = text[0] >= '0' && text[0] <= '9';
                        bricks[j].entries = bricks[j].counted ? (uint64_t)(text[0] - '0') : 0;
                        bricks[j].judged = bricks[j].counted && !strchr(text, '~');
                        bricks[j].split_brain = split ? (uint64_t)(split[1] - '0') : 0;
                }
                struct heal_summary heal = heal_summarize(&health);
                print_message("case %zu\n", i);
                assert_string_equal(heal_state_word(heal.state), heal_state_word(cases[i].state));
                assert_int_equal(heal.entries_known ? (int)heal.entries : -1, cases[i].entries);
                assert_int_equal(heal.split_brain_known ? (int)heal.split_brain : -1, cases[i].split_brain);
                assert_int_equal(heal.nodes_down, cases[i].nodes_down);
                assert_int_equal(heal.daemons_down, cases[i].daemons_down);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(an_operator_is_told_the_worst_that_is_known) };

        return cmocka_run_group_tests_name("volume_health", tests, NULL, NULL);
}
