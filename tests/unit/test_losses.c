/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "reconcile/losses.h"
#include "world_for_test.h"

static void put(struct snapshot *draft, void *object)
{
        struct document *document = object;

        document->revision = draft->revision;
        snapshot_put(draft, document);
        shared_put(document);
}

static void export_put(struct snapshot *draft, uint16_t number, const char *mount)
{
        AUTO_FREE char *id = memory_format("ex-%05u", number);
        struct export *export = world_export(id, number);

        world_set(&export->mount_path, mount);
        put(draft, export);
}

static void node_put(struct snapshot *draft, const char *id, const char *layer, const char *addresses,
                     const char *os)
{
        struct node *node = world_node(id, layer, addresses);

        world_set(&node->os_id, os);
        put(draft, node);
}

static void environment_put(struct snapshot *draft, const char *account, enum environment_state state)
{
        struct environment *environment = world_environment();

        world_set(&environment->account, account);
        environment->state = state;
        put(draft, environment);
}

/* Two exports of the layer cp, in which a is; b is elsewhere. */
static struct snapshot *world_make(void)
{
        struct snapshot *world = snapshot_new();

        world->revision = 1;
        put(world, world_storage());
        environment_put(world, "acme", ENVIRONMENT_RUNNING);
        node_put(world, "a", "cp", "10.77.0.21 fd77::21", "alpine");
        export_put(world, 1, "/mnt/1");
        export_put(world, 2, "/mnt/2");
        return world;
}

static void nothing(struct snapshot *draft)
{
        environment_put(draft, "acme", ENVIRONMENT_RUNNING);
}
static void node_goes(struct snapshot *draft)
{
        snapshot_remove(draft, DOCUMENT_NODE, "a");
}
static void node_is_readdressed(struct snapshot *draft)
{
        node_put(draft, "a", "cp", "10.77.0.29 fd77::21", "alpine");
}
static void node_gets_one_more_address(struct snapshot *draft)
{
        node_put(draft, "a", "cp", "10.77.0.21 10.77.0.29 fd77::21", "alpine");
}
static void node_moves(struct snapshot *draft)
{
        struct node *node = world_node("a", "elsewhere", "10.77.0.21 fd77::21");

        world_set(&node->environment_uid, "e-other");
        put(draft, node);
}
static void node_changes_protocol(struct snapshot *draft)
{
        node_put(draft, "a", "cp", "10.77.0.21 fd77::21", "debian");
}
static void address_is_claimed_twice(struct snapshot *draft)
{
        node_put(draft, "z", "cp", "10.77.0.21", "alpine");
}
static void node_comes(struct snapshot *draft)
{
        node_put(draft, "z", "cp", "10.77.0.30", "alpine");
}
static void environment_sleeps(struct snapshot *draft)
{
        environment_put(draft, "acme", ENVIRONMENT_SLEEPING);
}
static void environment_is_handed_over(struct snapshot *draft)
{
        environment_put(draft, "other", ENVIRONMENT_RUNNING);
}
static void export_goes(struct snapshot *draft)
{
        snapshot_remove(draft, DOCUMENT_EXPORT, "ex-00002");
}
static void export_comes(struct snapshot *draft)
{
        export_put(draft, 3, "/mnt/3");
}

static void render(const struct task *task, struct text *text)
{
        char address[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < task->export_count; i++)
                text_addf(text, "%s ", task->exports[i].id);
        text_add(text, "|");
        for (size_t i = 0; i < task->client_count; i++)
                text_addf(text, " %s", address_format(&task->clients[i], address));
}

static bool losses_make(const struct snapshot *before, const struct snapshot *after, struct task *task)
{
        return losses_add(&(struct losses_terms){ .before = before, .after = after, .now_ms = 1000 }, task);
}

static void what_is_lost_is_told_and_nothing_else(void **test)
{
        static const struct {
                const char *name;
                void (*change)(struct snapshot *draft);
                const char *lost; /* NULL: nothing */
        } cases[] = {
                { "nothing", nothing, NULL },
                { "a node goes", node_goes, "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "a node has another address", node_is_readdressed, "ex-00001 ex-00002 | 10.77.0.21" },
                { "a node has one more", node_gets_one_more_address, NULL },
                { "a node moves", node_moves, "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "a node changes over", node_changes_protocol, "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "an address is contested", address_is_claimed_twice, "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "a node comes", node_comes, NULL },
                { "an environment sleeps", environment_sleeps, "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "it is another account's", environment_is_handed_over,
                  "ex-00001 ex-00002 | 10.77.0.21 fd77::21" },
                { "an export goes", export_goes, "ex-00002 | 10.77.0.21 fd77::21" },
                { "an export comes", export_comes, NULL },
        };
        AUTO_SHARED struct snapshot *before = world_make();

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_SHARED struct snapshot *after = snapshot_draft(before);
                AUTO_SHARED struct task *task = task_new("ta-1", TASK_NODE_PUT, "a", NULL, "uid:0");
                AUTO_TEXT struct text text = { 0 };

                after->revision = 2;
                cases[i].change(after);
                bool any = losses_make(before, after, task);
                render(task, &text);
                if (any != (cases[i].lost != NULL) || strcmp(text_get(&text), cases[i].lost ?: "|") != 0)
                        fail_msg("%s: %s", cases[i].name, text_get(&text));
                if (any)
                        assert_string_equal(task->account, "acme");
        }
}

/* A report can take away more than one document holds, and than the writer's thread looks at. */
static void what_is_too_much_is_counted(void **test)
{
        static const struct {
                unsigned exports;
                size_t left_out;
        } cases[] = {
                { TASK_EXPORTS_MOST, 0 },
                { TASK_EXPORTS_MOST + 7, 7 },
                { LOSSES_COMPARED_MOST + 9, LOSSES_COMPARED_MOST + 9 - TASK_EXPORTS_MOST },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_SHARED struct snapshot *before = world_make();
                AUTO_SHARED struct task *task = task_new("ta-1", TASK_INVENTORY_REPORT, "platform", NULL, "inv");

                for (unsigned number = 3; number <= cases[i].exports; number++) {
                        AUTO_FREE char *mount = memory_format("/mnt/%u", number);

                        export_put(before, (uint16_t)number, mount);
                }
                for (unsigned number = 0; number < TASK_CLIENTS_MOST; number++) {
                        AUTO_FREE char *id = memory_format("n%u", number);
                        AUTO_FREE char *address = memory_format("10.78.%u.%u", number / 250, 1 + number % 250);

                        if (i == 0) /* one client is there already, by two addresses */
                                node_put(before, id, "cp", address, "alpine");
                }
                AUTO_SHARED struct snapshot *after = snapshot_draft(before);
                after->revision = 2;
                environment_sleeps(after);
                assert_true(losses_make(before, after, task));
                assert_int_equal(task->export_count, TASK_EXPORTS_MOST);
                assert_int_equal(task->exports_left_out, cases[i].left_out);
                assert_int_equal(task->client_count, i == 0 ? TASK_CLIENTS_MOST : 2);
                assert_int_equal(task->clients_left_out, i == 0 ? 2 : 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_lost_is_told_and_nothing_else),
                cmocka_unit_test(what_is_too_much_is_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
