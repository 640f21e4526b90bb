/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/contest.h"
#include "world_for_test.h"

/* "a=10.77.0.21 fd77::21;b=10.77.0.31": the nodes there are. */
static struct snapshot *snapshot_of(const char *text)
{
        AUTO_FREE char *copy = memory_text(text);
        struct snapshot *snapshot = snapshot_new();
        char *rest = NULL;

        for (char *word = strtok_r(copy, ";", &rest); word; word = strtok_r(NULL, ";", &rest)) {
                char *addresses = strchr(word, '=');
                AUTO_SHARED struct node *node = NULL;

                *addresses++ = '\0';
                node = world_node(word, "cp", addresses);
                snapshot_put(snapshot, &node->document);
        }
        return snapshot;
}

static void contest_print(void *context, const struct address *address, bool contested, const char *claimants)
{
        char text[ADDRESS_TEXT_SIZE];

        text_addf(context, "%s%s%s ", contested ? "+" : "-", address_format(address, text), claimants);
}

static void contests_begin_and_end_with_the_change(void **test)
{
        static const struct {
                const char *before, *after, *changed, *told;
        } rows[] = {
                { "a=10.0.0.1", "a=10.0.0.1;b=10.0.0.2", "b", "" },
                { "a=10.0.0.1", "a=10.0.0.1;b=10.0.0.1", "b", "+10.0.0.1{\"nodes\":[\"a\",\"b\"]} " },
                { "a=10.0.0.1;b=10.0.0.1", "a=10.0.0.1", "b", "-10.0.0.1{\"nodes\":[\"a\"]} " },
                { "a=10.0.0.1;b=10.0.0.1", "a=10.0.0.1;b=10.0.0.2", "b", "-10.0.0.1{\"nodes\":[\"a\"]} " },
                { "a=10.0.0.1;b=10.0.0.1", "a=10.0.0.1;b=10.0.0.1 10.0.0.2", "b", "" },
                { "a=10.0.0.1;b=10.0.0.1", "a=10.0.0.1;b=10.0.0.1;c=10.0.0.1", "c", "" },
                { "a=10.0.0.1;b=10.0.0.1;c=10.0.0.2", "a=10.0.0.1;b=10.0.0.2;c=10.0.0.2", "b",
                  "-10.0.0.1{\"nodes\":[\"a\"]} +10.0.0.2{\"nodes\":[\"b\",\"c\"]} " },
                { "a=fd77::1", "a=fd77::1;b=fd77::1", "b", "+fd77::1{\"nodes\":[\"a\",\"b\"]} " },
                { "a=10.0.0.1;b=10.0.0.1", "", "a", "-10.0.0.1{\"nodes\":[]} " },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_SHARED struct snapshot *before = snapshot_of(rows[i].before);
                AUTO_SHARED struct snapshot *after = snapshot_of(rows[i].after);
                AUTO_TEXT struct text told = { 0 };

                contest_walk(before, after, rows[i].changed, contest_print, &told);
                assert_string_equal(text_get(&told), rows[i].told);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(contests_begin_and_end_with_the_change),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
