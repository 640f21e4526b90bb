/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/volume_share.h"
#include "world_for_test.h"

/* The share of an export of `path` to one node of these addresses; NULL when no grant is by gluster. */
static struct share *share_of(const char *id, const char *path, const char *addresses, enum protocol_wish wish)
{
        AUTO_SHARED struct snapshot *snapshot = snapshot_new();
        AUTO_GRANTS struct grant_list grants = { 0 };
        const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        AUTO_SHARED struct environment *environment = world_environment();
        AUTO_SHARED struct storage *storage = world_storage();
        AUTO_SHARED struct node *node = world_node("1001", "cp", addresses);
        AUTO_SHARED struct export *export = world_export(id, 1);

        world_set(&export->path, path);
        export->protocol = wish;
        snapshot_put(snapshot, &environment->document);
        snapshot_put(snapshot, &storage->document);
        snapshot_put(snapshot, &node->document);
        snapshot_put(snapshot, &export->document);
        grant_derive(snapshot, export, &facts, 0, &grants);
        return share_new(&grants, 5);
}

static void assert_list(const struct shares *shares, const char *expected)
{
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        struct address peer = world_address("10.77.0.11");
        AUTO_FREE char *text = memory_text("");

        shares_list(shares, &peer, 1, &list);
        assert_int_equal(list.peer_count, 1);
        for (size_t i = 0; i < list.entry_count; i++)
                for (size_t k = 0; k < list.entries[i].address_count; k++) {
                        char address[ADDRESS_TEXT_SIZE];
                        char *longer = memory_format("%s%s=%s ", text, list.entries[i].path,
                                                     address_format(&list.entries[i].addresses[k], address));

                        free(text);
                        text = longer;
                }
        assert_string_equal(text, expected);
}

/* Puts a fresh share; borrowed. */
static struct share *put(struct shares *shares, const char *id, const char *path, const char *addresses)
{
        struct share *share = share_of(id, path, addresses, PROTOCOL_AUTO);

        assert_non_null(share);
        shares_put(shares, share);
        shared_put(share);
        return share;
}

static void share_is_of_ipv4_addresses_of_gluster_grants(void **test)
{
        AUTO_SHARED struct share *share = share_of("ex-1", "/a", "10.77.0.21 fd77::21 10.77.0.22", PROTOCOL_AUTO);

        (void)test;
        assert_non_null(share);
        assert_int_equal(share->address_count, 2);
        assert_int_equal(share->revision, 5);
        assert_false(share->ready);
        assert_null(share_of("ex-1", "/a", "10.77.0.21", PROTOCOL_NFS));
        assert_null(share_of("ex-1", "/a", "fd77::21", PROTOCOL_AUTO));
}

static void list_holds_what_is_ready_or_assumed(void **test)
{
        struct shares shares = { 0 };
        struct address_bag all = { 0 }, ready = { 0 };

        (void)test;
        put(&shares, "ex-1", "/a", "10.77.0.21")->ready = true;
        put(&shares, "ex-2", "/b", "10.77.0.22")->assumed = true;
        put(&shares, "ex-3", "/c", "10.77.0.23");
        put(&shares, "ex-4", "/a", "10.77.0.20")->ready = true;
        assert_list(&shares, "/a=10.77.0.20 /a=10.77.0.21 /b=10.77.0.22 ");
        shares_addresses(&shares, false, &all);
        shares_addresses(&shares, true, &ready);
        assert_int_equal(all.count, 4);
        assert_int_equal(ready.count, 2); /* what is only assumed is not opened to anybody new */
        address_bag_fini(&all);
        address_bag_fini(&ready);
        shares_fini(&shares);
}

static void newer_share_takes_the_place_of_the_older(void **test)
{
        struct shares shares = { 0 };

        (void)test;
        put(&shares, "ex-1", "/a", "10.77.0.21")->ready = true;
        put(&shares, "ex-1", "/a", "10.77.0.22");
        assert_list(&shares, "/a=10.77.0.22 "); /* the directory stayed, and is there */
        put(&shares, "ex-1", "/b", "10.77.0.22");
        assert_list(&shares, "");
        assert_int_equal(pmap_count(shares.by_path), 1);
        put(&shares, "ex-2", "/c", "10.77.0.22")->assumed = true;
        put(&shares, "ex-2", "/c", "10.77.0.23");
        assert_list(&shares, "/c=10.77.0.23 ");
        shares_fini(&shares);
}

static void removed_share_is_leaving_until_it_comes_back(void **test)
{
        struct shares shares = { 0 };

        (void)test;
        put(&shares, "ex-1", "/a", "10.77.0.21")->ready = true;
        assert_true(shares_remove(&shares, "ex-1"));
        assert_false(shares_remove(&shares, "ex-1"));
        assert_list(&shares, "");
        assert_non_null(pmap_find(shares.leaving, "ex-1", 4));
        put(&shares, "ex-1", "/a", "10.77.0.21");
        assert_null(pmap_find(shares.leaving, "ex-1", 4));
        shares_fini(&shares);
}

static void share_is_of_admitted_gluster_grants_alone(void **test)
{
        struct export *export = world_export("ex-1", 1);
        struct storage *storage = world_storage();
        struct node *node = world_node("10", "cp", "fd00::5 10.0.0.5 10.0.0.6");
        struct grant items[] = {
                { .export = export,
                  .storage = storage,
                  .node = node,
                  .verdict = ACCESS_ADMITTED,
                  .choice = { .protocol = PROTOCOL_IS_NFS, .rule = 0 } },
                { .export = export,
                  .storage = storage,
                  .node = node,
                  .verdict = ACCESS_EXPORT_DISABLED,
                  .choice = { .protocol = PROTOCOL_IS_GLUSTER, .rule = 0 } },
                { .export = export,
                  .storage = storage,
                  .node = node,
                  .verdict = ACCESS_ADMITTED,
                  .choice = { .protocol = PROTOCOL_IS_GLUSTER, .rule = 0 } },
        };

        (void)test;
        assert_null(share_new(&(struct grant_list){ .items = items, .count = 2 }, 5));
        struct share *share = share_new(&(struct grant_list){ .items = items, .count = 3 }, 5);
        assert_non_null(share);
        assert_int_equal(share->address_count, 2);
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(share->addresses[i].family, ADDRESS_V4);
        shared_put(share);
        shared_put(export);
        shared_put(storage);
        shared_put(node);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(share_is_of_admitted_gluster_grants_alone),
                cmocka_unit_test(share_is_of_ipv4_addresses_of_gluster_grants),
                cmocka_unit_test(list_holds_what_is_ready_or_assumed),
                cmocka_unit_test(newer_share_takes_the_place_of_the_older),
                cmocka_unit_test(removed_share_is_leaving_until_it_comes_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
