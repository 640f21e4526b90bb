/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/access_policy.h"
#include "world_for_test.h"

/* A node that is let in, to be spoilt. */
struct scene {
        struct export *export;
        struct storage *storage;
        struct environment *environment;
        struct node *node;
        bool storage_gone, environment_gone;
        const char *contested, *storage_node; /* an address, or NULL */
        struct inventory *inventory;          /* the source "platform", unless NULL */
        int64_t now_ms;
};

static void scene_init(struct scene *scene)
{
        *scene = (struct scene){
                .export = world_export("ex-1", 1),
                .storage = world_storage(),
                .environment = world_environment(),
                .node = world_node("10", "cp", "10.77.0.21 fd77::21"),
                .now_ms = 1000,
        };
}

static void scene_fini(struct scene *scene)
{
        shared_put(scene->export);
        shared_put(scene->storage);
        shared_put(scene->environment);
        shared_put(scene->node);
        shared_put(scene->inventory);
}

static bool text_is_address(const char *text, const struct address *address)
{
        struct address other;

        if (!text)
                return false;
        other = world_address(text);
        return address_equal(&other, address);
}

static bool is_contested(void *context, const struct address *address)
{
        return text_is_address(((struct scene *)context)->contested, address);
}

static bool is_storage_node(void *context, const struct address *address)
{
        return text_is_address(((struct scene *)context)->storage_node, address);
}

static const struct inventory *inventory_of(void *context, const char *source)
{
        const struct scene *scene = context;

        return scene->inventory && strcmp(scene->inventory->document.id, source) == 0 ? scene->inventory : NULL;
}

static enum access_verdict scene_judge(struct scene *scene)
{
        const struct access_facts facts = { scene->now_ms, is_contested, is_storage_node, inventory_of, scene };

        return access_judge(scene->export, scene->storage_gone ? NULL : scene->storage,
                            scene->environment_gone ? NULL : scene->environment, scene->node, &facts);
}

static void environment_is_gone(struct scene *scene)
{
        scene->environment_gone = true;
}

static void environment_is_another(struct scene *scene)
{
        world_set(&scene->environment->uid, "e-2");
}

static void node_has_moved(struct scene *scene)
{
        world_set(&scene->node->environment_uid, "e-2");
}

static void environment_changed_owner(struct scene *scene)
{
        world_set(&scene->environment->account, "other");
}

static void storage_is_gone(struct scene *scene)
{
        scene->storage_gone = true;
}

static void storage_changed_owner(struct scene *scene)
{
        world_set(&scene->storage->account, "acme2");
}

static void export_is_disabled(struct scene *scene)
{
        scene->export->enabled = false;
}

static void export_expires_now(struct scene *scene)
{
        scene->export->expires_at_ms = scene->now_ms;
}

static void export_expires_soon(struct scene *scene)
{
        scene->export->expires_at_ms = scene->now_ms + 1;
}

static void environment_starts(struct scene *scene)
{
        scene->environment->state = ENVIRONMENT_STARTING;
}

static void environment_sleeps(struct scene *scene)
{
        scene->environment->state = ENVIRONMENT_SLEEPING;
}

static void environment_is_stopped(struct scene *scene)
{
        scene->environment->state = ENVIRONMENT_STOPPED;
}

static void environment_migrates(struct scene *scene)
{
        scene->environment->state = ENVIRONMENT_MIGRATING;
        scene->environment->document.revision = 9;
        scene->environment->state_revision = 5;
        scene->node->document.revision = 5;
}

static void environment_migrates_node_confirmed(struct scene *scene)
{
        environment_migrates(scene);
        scene->node->document.revision = 6;
}

/* Without a revision of the state, its own counts. */
static void environment_migrates_since_its_revision(struct scene *scene)
{
        environment_migrates_node_confirmed(scene);
        scene->environment->state_revision = 0;
        scene->node->document.revision = 9;
}

static void environment_migrates_confirmed_since_its_revision(struct scene *scene)
{
        environment_migrates_since_its_revision(scene);
        scene->node->document.revision = 10;
}

/* The platform has told of environment and node, and has expired by commit 8. */
static void inventory_has_expired(struct scene *scene)
{
        shared_put(scene->inventory);
        scene->inventory = inventory_new("platform");
        scene->inventory->state = INVENTORY_EXPIRED;
        scene->inventory->document.revision = 9;
        scene->inventory->expired_revision = 8;
        origin_set(&scene->environment->origin, "platform", 1);
        origin_set(&scene->node->origin, "platform", 1);
}

static void inventory_suspends(struct scene *scene)
{
        inventory_has_expired(scene);
        scene->inventory->suspends = true;
}

static void node_is_newer(struct scene *scene)
{
        inventory_has_expired(scene);
        scene->node->document.revision = 20;
        scene->environment->document.revision = 1;
        scene->environment->state_revision = 0;
}

static void environment_is_newer(struct scene *scene)
{
        inventory_has_expired(scene);
        scene->environment->document.revision = 9;
}

static void export_is_newer(struct scene *scene)
{
        inventory_has_expired(scene);
        scene->export->document.revision = 9;
}

static void export_is_narrowed(struct scene *scene)
{
        export_is_newer(scene);
        scene->export->widened_revision = 8;
}

static void export_is_widened(struct scene *scene)
{
        export_is_newer(scene);
        scene->export->widened_revision = 9;
}

static void node_by_hand_in_an_expired_environment(struct scene *scene)
{
        node_is_newer(scene);
        origin_set(&scene->node->origin, NULL, 0);
}

static void expired_node_in_an_environment_by_hand(struct scene *scene)
{
        node_is_newer(scene);
        origin_set(&scene->environment->origin, NULL, 0);
}

static void another_source_has_expired(struct scene *scene)
{
        node_is_newer(scene);
        origin_set(&scene->environment->origin, "panel", 1);
        origin_set(&scene->node->origin, "panel", 1);
}

static void inventory_is_stale(struct scene *scene)
{
        node_is_newer(scene);
        scene->inventory->state = INVENTORY_STALE;
}

static void node_without_address(struct scene *scene)
{
        scene->node->address_count = 0;
}

static void address_is_contested(struct scene *scene)
{
        scene->contested = "10.77.0.21";
}

static void second_address_is_contested(struct scene *scene)
{
        scene->contested = "fd77::21";
}

static void other_address_is_contested(struct scene *scene)
{
        scene->contested = "10.77.0.22";
}

static void address_is_a_storage_node(struct scene *scene)
{
        scene->storage_node = "fd77::21";
}

static void other_address_is_a_storage_node(struct scene *scene)
{
        scene->storage_node = "fd77::22";
}

static void address_is_loopback(struct scene *scene)
{
        scene->node->address_count = world_addresses("10.77.0.21 fd77::21 127.0.0.1", scene->node->addresses);
}

static void address_is_multicast(struct scene *scene)
{
        scene->node->address_count = world_addresses("10.77.0.21 fd77::21 ff02::1", scene->node->addresses);
}

static void address_is_unspecified(struct scene *scene)
{
        scene->node->address_count = world_addresses("0.0.0.0 10.77.0.21 fd77::21", scene->node->addresses);
}

static void nothing(struct scene *scene)
{
        (void)scene;
}

/* The first row of a verdict is the one that the order test combines with the others. */
static const struct {
        void (*spoil)(struct scene *scene);
        enum access_verdict expected;
} rows[] = {
        { environment_is_gone, ACCESS_ENVIRONMENT_UNKNOWN },
        { environment_is_another, ACCESS_ENVIRONMENT_UNKNOWN },
        { node_has_moved, ACCESS_ENVIRONMENT_UNKNOWN },
        { environment_changed_owner, ACCESS_ENVIRONMENT_OTHER_ACCOUNT },
        { storage_is_gone, ACCESS_STORAGE_UNKNOWN },
        { storage_changed_owner, ACCESS_STORAGE_OTHER_ACCOUNT },
        { export_is_disabled, ACCESS_EXPORT_DISABLED },
        { export_expires_now, ACCESS_EXPORT_EXPIRED },
        { export_expires_soon, ACCESS_ADMITTED },
        { environment_sleeps, ACCESS_ENVIRONMENT_SLEEPING },
        { environment_is_stopped, ACCESS_ENVIRONMENT_STOPPED },
        { environment_starts, ACCESS_ADMITTED },
        { environment_migrates, ACCESS_ENVIRONMENT_MIGRATING },
        { environment_migrates_since_its_revision, ACCESS_ENVIRONMENT_MIGRATING },
        { environment_migrates_node_confirmed, ACCESS_ADMITTED },
        { environment_migrates_confirmed_since_its_revision, ACCESS_ADMITTED },
        { inventory_suspends, ACCESS_INVENTORY_SUSPENDED },
        { node_is_newer, ACCESS_INVENTORY_EXPIRED },
        { environment_is_newer, ACCESS_INVENTORY_EXPIRED },
        { export_is_newer, ACCESS_INVENTORY_EXPIRED },
        { export_is_widened, ACCESS_INVENTORY_EXPIRED },
        { node_by_hand_in_an_expired_environment, ACCESS_INVENTORY_EXPIRED },
        { expired_node_in_an_environment_by_hand, ACCESS_INVENTORY_EXPIRED },
        { inventory_has_expired, ACCESS_ADMITTED },
        { export_is_narrowed, ACCESS_ADMITTED },
        { another_source_has_expired, ACCESS_ADMITTED },
        { inventory_is_stale, ACCESS_ADMITTED },
        { node_without_address, ACCESS_NODE_NO_ADDRESS },
        { address_is_contested, ACCESS_ADDRESS_CONTESTED },
        { second_address_is_contested, ACCESS_ADDRESS_CONTESTED },
        { other_address_is_contested, ACCESS_ADMITTED },
        { address_is_a_storage_node, ACCESS_ADDRESS_NOT_CLIENT },
        { address_is_loopback, ACCESS_ADDRESS_NOT_CLIENT },
        { address_is_multicast, ACCESS_ADDRESS_NOT_CLIENT },
        { address_is_unspecified, ACCESS_ADDRESS_NOT_CLIENT },
        { other_address_is_a_storage_node, ACCESS_ADMITTED },
        { nothing, ACCESS_ADMITTED },
};

static void access_each_row_gives_its_verdict(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct scene scene;

                scene_init(&scene);
                rows[i].spoil(&scene);
                if (scene_judge(&scene) != rows[i].expected)
                        print_error("row %zu: %s\n", i, access_word(scene_judge(&scene)));
                assert_int_equal(scene_judge(&scene), rows[i].expected);
                scene_fini(&scene);
        }
}

static void access_first_of_two_reasons_is_told(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
                        struct scene scene;

                        if (rows[i].expected == ACCESS_ADMITTED || rows[i].expected >= rows[k].expected)
                                continue;
                        scene_init(&scene);
                        rows[k].spoil(&scene); /* the earlier reason last: both may want the same field */
                        rows[i].spoil(&scene);
                        assert_int_equal(scene_judge(&scene), rows[i].expected);
                        scene_fini(&scene);
                }
}

/* ACCESS_MOUNT_CONFLICT needs the other exports: test_grant.c reaches it. */
static void access_each_verdict_is_reached(void **test)
{
        bool reached[ACCESS_VERDICT_COUNT] = { [ACCESS_MOUNT_CONFLICT] = true };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                reached[rows[i].expected] = true;
        for (size_t i = 0; i < ACCESS_VERDICT_COUNT; i++)
                assert_true(reached[i]);
}

static void access_words_and_sentences_are_told_apart(void **test)
{
        (void)test;
        for (enum access_verdict i = 0; i < ACCESS_VERDICT_COUNT; i++) {
                assert_true(strlen(access_sentence(i)) > 0);
                for (enum access_verdict k = 0; k < i; k++)
                        assert_string_not_equal(access_word(i), access_word(k));
        }
        assert_string_equal(access_word(ACCESS_ADDRESS_CONTESTED), "address.contested");
        assert_true(access_is_suspension(ACCESS_ADDRESS_CONTESTED));
        assert_true(access_is_suspension(ACCESS_ENVIRONMENT_SLEEPING));
        assert_false(access_is_suspension(ACCESS_ENVIRONMENT_OTHER_ACCOUNT));
        assert_false(access_is_suspension(ACCESS_ADMITTED));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(access_each_row_gives_its_verdict),
                cmocka_unit_test(access_first_of_two_reasons_is_told),
                cmocka_unit_test(access_each_verdict_is_reached),
                cmocka_unit_test(access_words_and_sentences_are_told_apart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
