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
#include "domain/grant.h"
#include "world_for_test.h"

/* "shop" with nodes 9 and 10 in cp, 11 (alpine) in cache; "files". */
static struct snapshot *world_new(void)
{
        struct snapshot *snapshot = snapshot_new();
        struct node *alpine = world_node("11", "cache", "10.77.0.31");
        void *objects[] = { world_environment(), world_storage(), world_node("9", "cp", "10.77.0.21"),
                            world_node("10", "cp", "10.77.0.22 fd77::22"), alpine };

        world_set(&alpine->os_id, "alpine");
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
                snapshot_put(snapshot, objects[i]);
                shared_put(objects[i]);
        }
        return snapshot;
}

/* Takes `object`. */
static void put(struct snapshot *snapshot, void *object)
{
        snapshot_put(snapshot, object);
        shared_put(object);
}

/* "9:admitted:gluster 10:..." of the export with this id. */
static char *grants_text(const struct snapshot *snapshot, const char *export_id, int64_t now_ms)
{
        static const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        AUTO_GRANTS struct grant_list list = { 0 };
        struct text text = { 0 };

        grant_derive(snapshot, snapshot_export(snapshot, export_id), &facts, now_ms, &list);
        for (size_t i = 0; i < list.count; i++) {
                const struct grant *grant = &list.items[i];

                assert_ptr_equal(grant->export, snapshot_export(snapshot, export_id));
                text_addf(&text, "%s%s:%s", i ? " " : "", grant->node->document.id, access_word(grant->verdict));
                if (grant->storage && grant->environment)
                        text_addf(&text, ":%s", protocol_word(grant->choice.protocol));
        }
        return text_take(&text);
}

static void check_grants(const struct snapshot *snapshot, const char *export_id, const char *expected)
{
        AUTO_FREE char *text = grants_text(snapshot, export_id, 1000);

        assert_string_equal(text, expected);
}

static void export_except(struct export *export, const char *node_id)
{
        export->except = memory_resize(export->except, export->except_count + 1, sizeof *export->except);
        export->except[export->except_count++] = memory_text(node_id);
}

static struct export *target(struct export *export, enum target_kind kind, const char *name)
{
        export->target = kind;
        world_set(&export->target_name, name);
        return export;
}

static void grants_are_of_the_target_in_order_of_ids(void **test)
{
        static const struct {
                enum target_kind kind;
                const char *name, *except, *expected;
        } rows[] = {
                { TARGET_ALL, NULL, NULL, "10:admitted:gluster 11:admitted:nfs 9:admitted:gluster" },
                { TARGET_ALL, NULL, "11", "10:admitted:gluster 9:admitted:gluster" },
                { TARGET_LAYER, "cp", NULL, "10:admitted:gluster 9:admitted:gluster" },
                { TARGET_LAYER, "cp", "10", "9:admitted:gluster" },
                { TARGET_LAYER, "cache", NULL, "11:admitted:nfs" },
                { TARGET_LAYER, "c", NULL, "" },
                { TARGET_NODE, "9", NULL, "9:admitted:gluster" },
                { TARGET_NODE, "9", "9", "" },
                { TARGET_NODE, "1", NULL, "" },
                { TARGET_NODE, "77", NULL, "" }, /* a node of another environment */
        };
        struct snapshot *snapshot = world_new();
        struct node *stranger = world_node("77", "cp", "10.77.0.77");

        (void)test;
        world_set(&stranger->environment_uid, "e-2");
        put(snapshot, stranger);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct export *export = target(world_export("ex-1", 1), rows[i].kind, rows[i].name);

                if (rows[i].except)
                        export_except(export, rows[i].except);
                put(snapshot, export);
                check_grants(snapshot, "ex-1", rows[i].expected);
        }
        shared_put(snapshot);
}

/* The grants of a node, export by export. */
static void grants_of_a_node_are_those_of_all_exports_that_name_it(void **test)
{
        static const struct {
                const char *node, *expected;
        } rows[] = {
                { "9", "ex-1:admitted:gluster ex-2:mount.conflict:gluster ex-4:mount.conflict:gluster" },
                { "10", "ex-1:admitted:gluster ex-2:mount.conflict:gluster" },
                { "11", "ex-3:admitted:nfs" },
        };
        static const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        AUTO_SHARED struct snapshot *snapshot = world_new();
        struct export *all = target(world_export("ex-1", 1), TARGET_ALL, NULL);

        (void)test;
        export_except(all, "11");
        put(snapshot, all);
        put(snapshot, target(world_export("ex-2", 2), TARGET_LAYER, "cp"));
        put(snapshot, target(world_export("ex-3", 3), TARGET_LAYER, "cache"));
        put(snapshot, target(world_export("ex-4", 4), TARGET_NODE, "9"));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_GRANTS struct grant_list list = { 0 };
                AUTO_TEXT struct text text = { 0 };

                grant_derive_node(snapshot, snapshot_node(snapshot, rows[i].node), &facts, 1000, &list);
                for (size_t k = 0; k < list.count; k++)
                        text_addf(&text, "%s%s:%s:%s", k ? " " : "", list.items[k].export->document.id,
                                  access_word(list.items[k].verdict),
                                  protocol_word(list.items[k].choice.protocol));
                assert_string_equal(text_get(&text), rows[i].expected);
        }
}

/* "ex-2 ex-3": by which others node 9 may write to the storage of ex-1. */
static void check_writes(const struct snapshot *snapshot, const char *expected)
{
        static const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        AUTO_GRANTS struct grant_list grants = { 0 };
        AUTO_GRANTS struct grant_list writes = { 0 };
        AUTO_TEXT struct text text = { 0 };

        grant_derive(snapshot, snapshot_export(snapshot, "ex-1"), &facts, 1000, &grants);
        assert_int_equal(grants.count, 1);
        grant_derive_writes(snapshot, &grants.items[0], &facts, 1000, &writes);
        for (size_t i = 0; i < writes.count; i++)
                text_addf(&text, "%s%s", i ? " " : "", writes.items[i].export->document.id);
        assert_string_equal(text_get(&text), expected);
}

static struct export *export_at(const char *id, uint16_t number, enum export_access access, const char *mount)
{
        struct export *export = target(world_export(id, number), TARGET_LAYER, "cp");

        export->access = access;
        world_set(&export->mount_path, mount);
        return export;
}

static void read_only_grant_tells_by_which_others_its_node_may_write(void **test)
{
        AUTO_SHARED struct snapshot *snapshot = world_new();
        struct storage *other = world_storage();
        struct export *elsewhere = export_at("ex-5", 5, EXPORT_READ_WRITE, "/e");
        struct export *off = export_at("ex-6", 6, EXPORT_READ_WRITE, "/f");
        struct export *excepting = export_at("ex-7", 7, EXPORT_READ_WRITE, "/g");

        (void)test;
        other->document.revision = 0;
        document_set_id(&other->document, "other");
        other->document.revision = 1;
        world_set(&other->volume, "other");
        put(snapshot, other);
        put(snapshot, target(export_at("ex-1", 1, EXPORT_READ_ONLY, "/a"), TARGET_NODE, "9"));
        check_writes(snapshot, "");
        put(snapshot, export_at("ex-4", 4, EXPORT_READ_ONLY, "/d"));
        world_set(&elsewhere->storage, "other");
        put(snapshot, elsewhere);
        off->enabled = false;
        put(snapshot, off);
        export_except(excepting, "9");
        put(snapshot, excepting);
        put(snapshot, target(export_at("ex-8", 8, EXPORT_READ_WRITE, "/h"), TARGET_LAYER, "cache"));
        check_writes(snapshot, "");
        put(snapshot, export_at("ex-2", 2, EXPORT_READ_WRITE, "/b"));
        put(snapshot, target(export_at("ex-3", 3, EXPORT_READ_WRITE, "/c"), TARGET_ALL, NULL));
        check_writes(snapshot, "ex-2 ex-3");
        put(snapshot, target(export_at("ex-1", 1, EXPORT_READ_WRITE, "/a"), TARGET_NODE, "9"));
        check_writes(snapshot, "");
}

static void grant_list_holds_its_snapshot(void **test)
{
        static const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        struct snapshot *snapshot = world_new();
        AUTO_GRANTS struct grant_list list = { 0 };

        (void)test;
        put(snapshot, world_export("ex-1", 1));
        grant_derive(snapshot, snapshot_export(snapshot, "ex-1"), &facts, 1000, &list);
        shared_put(snapshot);
        assert_int_equal(list.count, 3);
        assert_string_equal(list.items[2].node->document.id, "9");
}

static void grants_without_storage_or_environment_are_refused(void **test)
{
        struct snapshot *snapshot = world_new();

        (void)test;
        put(snapshot, target(world_export("ex-1", 1), TARGET_NODE, "9"));
        snapshot_remove(snapshot, DOCUMENT_STORAGE, "files");
        check_grants(snapshot, "ex-1", "9:storage.unknown");
        snapshot_remove(snapshot, DOCUMENT_ENVIRONMENT, "shop");
        check_grants(snapshot, "ex-1", "9:environment.unknown");
        shared_put(snapshot);
}

static void grants_on_a_contested_address_are_suspended_for_all_claimants(void **test)
{
        struct snapshot *snapshot = world_new();
        struct node *thief = world_node("77", "cp", "10.77.0.9 10.77.0.22");

        (void)test;
        world_set(&thief->environment_uid, "e-2");
        put(snapshot, thief);
        put(snapshot, target(world_export("ex-1", 1), TARGET_LAYER, "cp"));
        check_grants(snapshot, "ex-1", "10:address.contested:gluster 9:admitted:gluster");
        put(snapshot, world_node("77", "cp", "10.77.0.9")); /* the inventory agrees with itself again */
        check_grants(snapshot, "ex-1", "10:admitted:gluster 77:admitted:gluster 9:admitted:gluster");
        put(snapshot, world_node("77", "cp", "10.77.0.9 10.77.0.9")); /* one node may say it twice */
        check_grants(snapshot, "ex-1", "10:admitted:gluster 77:admitted:gluster 9:admitted:gluster");
        put(snapshot, world_node("77", "cp", "10.77.0.12"));
        check_grants(snapshot, "ex-1", "10:admitted:gluster 77:address.not_client:gluster 9:admitted:gluster");
        shared_put(snapshot);
}

static void grants_follow_the_migration_of_their_environment(void **test)
{
        struct snapshot *snapshot = world_new();
        struct environment *moving = world_environment();
        struct node *confirmed = world_node("10", "cp", "10.77.0.122");

        (void)test;
        moving->state = ENVIRONMENT_MIGRATING;
        moving->document.revision = moving->state_revision = 8;
        confirmed->document.revision = 9;
        put(snapshot, moving);
        put(snapshot, confirmed);
        put(snapshot, target(world_export("ex-1", 1), TARGET_LAYER, "cp"));
        check_grants(snapshot, "ex-1", "10:admitted:gluster 9:environment.migrating:gluster");
        shared_put(snapshot);
}

/* ex-1 is older than ex-2 and both want the same mount path: who has it on which node. */
static void mount_path_belongs_to_the_oldest_admitted_export(void **test)
{
        static const struct {
                enum target_kind older_kind;
                const char *older_name;
                enum target_kind kind;
                const char *name;
                const char *expected;
        } rows[] = {
                { TARGET_ALL, NULL, TARGET_ALL, NULL,
                  "10:mount.conflict:gluster 11:mount.conflict:nfs 9:mount.conflict:gluster" },
                { TARGET_LAYER, "cp", TARGET_ALL, NULL,
                  "10:mount.conflict:gluster 11:admitted:nfs 9:mount.conflict:gluster" },
                { TARGET_NODE, "9", TARGET_ALL, NULL,
                  "10:admitted:gluster 11:admitted:nfs 9:mount.conflict:gluster" },
                { TARGET_ALL, NULL, TARGET_NODE, "10", "10:mount.conflict:gluster" },
                { TARGET_LAYER, "cache", TARGET_LAYER, "cp", "10:admitted:gluster 9:admitted:gluster" },
                { TARGET_NODE, "9", TARGET_NODE, "10", "10:admitted:gluster" },
                { TARGET_NODE, "cp", TARGET_LAYER, "cp", "10:admitted:gluster 9:admitted:gluster" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct snapshot *snapshot = world_new();

                put(snapshot, target(world_export("ex-1", 1), rows[i].older_kind, rows[i].older_name));
                put(snapshot, target(world_export("ex-2", 2), rows[i].kind, rows[i].name));
                check_grants(snapshot, "ex-2", rows[i].expected);
                shared_put(snapshot);
        }
}

static void leave_alone(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        (void)older;
}

static void older_elsewhere(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        world_set(&older->mount_path, "/var/www");
}

static void older_of_another_environment(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        world_set(&older->environment_uid, "e-2");
}

static void older_disabled(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        older->enabled = false;
}

static void older_excepts_the_node(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        export_except(older, "9");
}

static void older_without_storage(struct snapshot *snapshot, struct export *older)
{
        (void)snapshot;
        world_set(&older->storage, "gone");
}

static void older_gives_way_to_the_oldest(struct snapshot *snapshot, struct export *older)
{
        (void)older;
        put(snapshot, world_export("ex-0", 9));
}

static void mount_path_is_free_when_the_older_export_is_not_let_in(void **test)
{
        static const struct {
                void (*change)(struct snapshot *snapshot, struct export *older);
                enum access_verdict expected;
        } rows[] = {
                { leave_alone, ACCESS_MOUNT_CONFLICT },
                { older_elsewhere, ACCESS_ADMITTED },
                { older_of_another_environment, ACCESS_ADMITTED },
                { older_disabled, ACCESS_ADMITTED },
                { older_excepts_the_node, ACCESS_ADMITTED },
                { older_without_storage, ACCESS_ADMITTED },
                { older_gives_way_to_the_oldest, ACCESS_MOUNT_CONFLICT },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                static const char *const expected[ACCESS_VERDICT_COUNT] = {
                        [ACCESS_ADMITTED] = "9:admitted:gluster",
                        [ACCESS_MOUNT_CONFLICT] = "9:mount.conflict:gluster",
                };
                struct snapshot *snapshot = world_new();
                struct export *older = world_export("ex-1", 1);

                rows[i].change(snapshot, older);
                put(snapshot, older);
                put(snapshot, target(world_export("ex-2", 2), TARGET_NODE, "9"));
                check_grants(snapshot, "ex-2", expected[rows[i].expected]);
                shared_put(snapshot);
        }
}

static void expired_export_gives_its_mount_path_back(void **test)
{
        struct snapshot *snapshot = world_new();
        struct export *older = world_export("ex-1", 1);

        (void)test;
        older->expires_at_ms = 5000;
        put(snapshot, older);
        put(snapshot, target(world_export("ex-2", 2), TARGET_NODE, "9"));
        AUTO_FREE char *before = grants_text(snapshot, "ex-2", 4999);
        AUTO_FREE char *after = grants_text(snapshot, "ex-2", 5000);
        assert_string_equal(before, "9:mount.conflict:gluster");
        assert_string_equal(after, "9:admitted:gluster");
        shared_put(snapshot);
}

static void grant_with_two_reasons_tells_that_of_the_node(void **test)
{
        struct snapshot *snapshot = world_new();
        struct export *younger = target(world_export("ex-2", 2), TARGET_NODE, "9");

        (void)test;
        younger->enabled = false;
        put(snapshot, world_export("ex-1", 1));
        put(snapshot, younger);
        check_grants(snapshot, "ex-2", "9:export.disabled:gluster");
        shared_put(snapshot);
}

static void grant_addresses_are_those_its_protocol_can_use(void **test)
{
        struct node *node = world_node("10", "cp", "fd77::22 10.77.0.22 10.77.0.23");
        struct grant grant = { .node = node, .choice = { .protocol = PROTOCOL_IS_NFS, .rule = RULE_EXPORT_NFS } };
        struct address addresses[NODE_ADDRESSES_MAX];

        (void)test;
        assert_int_equal(grant_addresses(&grant, addresses), 3);
        assert_int_equal(addresses[0].family, ADDRESS_V6);
        grant.choice.protocol = PROTOCOL_IS_GLUSTER;
        assert_int_equal(grant_addresses(&grant, addresses), 2);
        assert_true(address_equal(&addresses[0], &node->addresses[1]));
        for (enum access_verdict verdict = ACCESS_ADMITTED + 1; verdict < ACCESS_VERDICT_COUNT; verdict++) {
                grant.verdict = verdict;
                assert_int_equal(grant_addresses(&grant, addresses), 0);
        }
        shared_put(node);
}

static void grant_state_words_are_the_documented_ones(void **test)
{
        (void)test;
        assert_string_equal(grant_state_word(GRANT_PENDING), "pending");
        assert_string_equal(grant_state_word(GRANT_ACTIVE), "active");
        assert_string_equal(grant_state_word(GRANT_SUSPENDED), "suspended");
        assert_string_equal(grant_state_word(GRANT_REFUSED), "refused");
        assert_string_equal(grant_state_word(GRANT_FAILED), "failed");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(grants_are_of_the_target_in_order_of_ids),
                cmocka_unit_test(grants_of_a_node_are_those_of_all_exports_that_name_it),
                cmocka_unit_test(read_only_grant_tells_by_which_others_its_node_may_write),
                cmocka_unit_test(grant_list_holds_its_snapshot),
                cmocka_unit_test(grants_without_storage_or_environment_are_refused),
                cmocka_unit_test(grants_on_a_contested_address_are_suspended_for_all_claimants),
                cmocka_unit_test(grants_follow_the_migration_of_their_environment),
                cmocka_unit_test(mount_path_belongs_to_the_oldest_admitted_export),
                cmocka_unit_test(mount_path_is_free_when_the_older_export_is_not_let_in),
                cmocka_unit_test(expired_export_gives_its_mount_path_back),
                cmocka_unit_test(grant_with_two_reasons_tells_that_of_the_node),
                cmocka_unit_test(grant_addresses_are_those_its_protocol_can_use),
                cmocka_unit_test(grant_state_words_are_the_documented_ones),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
