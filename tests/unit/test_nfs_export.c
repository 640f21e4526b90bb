/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/nfs_export.h"
#include "world_for_test.h"

/* "10.0.0.1 rw,fd00::1 rw" */
static char *clients_text(const struct nfs_export *export)
{
        struct text text = { 0 };
        char address[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < export->client_count; i++)
                text_addf(&text, "%s%s %s", i ? "," : "", address_format(&export->clients[i].address, address),
                          export_access_word(export->clients[i].access));
        return text_take(&text);
}

/* One export, its storage and three nodes with their grants by NFS; to be spoilt by a test. */
struct scene {
        struct export *export;
        struct storage *storage;
        struct node *nodes[3];
        struct grant items[3];
        struct grant_list list;
};

static void scene_init(struct scene *scene)
{
        *scene = (struct scene){ .export = world_export("ex-1", 300), .storage = world_storage() };
        scene->nodes[0] = world_node("10", "cp", "10.0.0.12 fd00::2");
        scene->nodes[1] = world_node("11", "cp", "10.0.0.2 10.0.0.2");
        scene->nodes[2] = world_node("12", "cp", "9.0.0.1");
        for (size_t i = 0; i < ARRAY_SIZE(scene->items); i++)
                scene->items[i] = (struct grant){
                        .export = scene->export,
                        .storage = scene->storage,
                        .node = scene->nodes[i],
                        .verdict = ACCESS_ADMITTED,
                        .choice = { .protocol = PROTOCOL_IS_NFS, .rule = RULE_EXPORT_NFS },
                };
        scene->list = (struct grant_list){ .items = scene->items, .count = ARRAY_SIZE(scene->items) };
}

static void scene_fini(struct scene *scene)
{
        shared_put(scene->export);
        shared_put(scene->storage);
        for (size_t i = 0; i < ARRAY_SIZE(scene->nodes); i++)
                shared_put(scene->nodes[i]);
}

static void nfs_export_of_a_cluster_names_volume_and_clients_in_order(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        scene.export->squash = SQUASH_ROOT;
        scene.export->anonymous_uid = 33;
        scene.export->anonymous_gid = 34;
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        assert_int_equal(wanted->number, 300);
        assert_int_equal(wanted->file_system_id, 7);
        assert_int_equal(wanted->backing, NFS_BACKING_GLUSTER);
        assert_string_equal(wanted->path, "/shared/site");
        assert_string_equal(wanted->pseudo, "/exports/ex-1");
        assert_string_equal(wanted->volume, "data");
        assert_true(address_equal(&wanted->volume_server, &scene.storage->addresses[0]));
        assert_int_equal(wanted->squash, SQUASH_ROOT);
        assert_int_equal(wanted->anonymous_uid, 33);
        assert_int_equal(wanted->anonymous_gid, 34);
        AUTO_FREE char *clients = clients_text(wanted);
        assert_string_equal(clients, "9.0.0.1 rw,10.0.0.2 rw,10.0.0.12 rw,fd00::2 rw");
        scene_fini(&scene);
}

static void nfs_export_asks_an_ipv4_server_for_the_volume(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        scene.storage->address_count = world_addresses("fd77::1 10.77.0.9", scene.storage->addresses);
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        assert_true(address_equal(&wanted->volume_server, &scene.storage->addresses[1]));
        scene.storage->address_count = 1;
        AUTO_NFS_EXPORT struct nfs_export *other = nfs_export_wanted(&scene.list);
        assert_true(address_equal(&other->volume_server, &scene.storage->addresses[0]));
        scene_fini(&scene);
}

static void nfs_export_of_a_single_storage_is_a_local_folder(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        scene.storage->kind = STORAGE_SINGLE;
        world_set(&scene.storage->volume, NULL);
        world_set(&scene.storage->mount_root, "/srv/disk");
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        assert_int_equal(wanted->backing, NFS_BACKING_VFS);
        assert_string_equal(wanted->path, "/srv/disk/shared/site");
        assert_null(wanted->volume);
        assert_int_equal(wanted->volume_server.family, ADDRESS_NONE);
        world_set(&scene.export->path, "/");
        AUTO_NFS_EXPORT struct nfs_export *root = nfs_export_wanted(&scene.list);
        assert_string_equal(root->path, "/srv/disk");
        scene_fini(&scene);
}

static void nfs_export_leaves_out_who_is_not_let_in_by_nfs(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        scene.export->access = EXPORT_READ_ONLY;
        scene.items[0].verdict = ACCESS_ENVIRONMENT_SLEEPING;
        scene.items[1].choice.protocol = PROTOCOL_IS_GLUSTER;
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        AUTO_FREE char *clients = clients_text(wanted);
        assert_string_equal(clients, "9.0.0.1 ro");
        scene.items[2].verdict = ACCESS_MOUNT_CONFLICT;
        assert_null(nfs_export_wanted(&scene.list));
        scene.list.count = 0;
        assert_null(nfs_export_wanted(&scene.list));
        scene_fini(&scene);
}

/* Spoils one member of `export`; false when there are no more. */
static bool export_spoil(struct nfs_export *export, int which)
{
        switch (which) {
        case 0:
                export->number++;
                return true;
        case 1:
                export->file_system_id++;
                return true;
        case 2:
                export->backing = NFS_BACKING_VFS;
                return true;
        case 3:
                world_set(&export->path, "/other");
                return true;
        case 4:
                world_set(&export->pseudo, "/exports/other");
                return true;
        case 5:
                world_set(&export->volume, NULL);
                return true;
        case 6:
                world_set(&export->volume, "other");
                return true;
        case 7:
                export->volume_server.bytes[3]++;
                return true;
        case 8:
                export->squash = SQUASH_ALL;
                return true;
        case 9:
                export->anonymous_uid++;
                return true;
        case 10:
                export->anonymous_gid++;
                return true;
        case 11:
                export->client_count--;
                return true;
        case 12:
                export->clients[1].access = EXPORT_READ_ONLY;
                return true;
        case 13:
                export->clients[1].address.bytes[0]++;
                return true;
        default:
                return false;
        }
}

static void nfs_export_equal_sees_each_difference(void **test)
{
        struct scene scene;
        bool more = true;

        (void)test;
        scene_init(&scene);
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        for (int which = 0; more; which++) {
                AUTO_NFS_EXPORT struct nfs_export *other = nfs_export_wanted(&scene.list);

                assert_true(nfs_export_equal(wanted, other));
                more = export_spoil(other, which);
                assert_int_equal(nfs_export_equal(wanted, other), !more);
                assert_int_equal(nfs_export_equal(other, wanted), !more);
        }
        scene_fini(&scene);
}

static void nfs_export_seen_matches_only_what_was_wanted(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&scene.list);
        for (int which = 0; which < 13; which++) {
                struct nfs_export_seen seen = {
                        .known = which == 1   ? KNOWN_ABSENT
                                 : which == 2 ? KNOWN_UNKNOWN
                                              : KNOWN_PRESENT,
                        .path = memory_text(which == 3 ? "/shared" : wanted->path),
                        .pseudo = memory_text(which == 4 ? "/exports" : wanted->pseudo),
                        .clients = memory_new(wanted->client_count, sizeof *wanted->clients),
                        .client_count = wanted->client_count - (which == 5),
                        .squash = which == 8 ? SQUASH_ALL : wanted->squash,
                        .anonymous_uid = wanted->anonymous_uid + (which == 9),
                        .anonymous_gid = wanted->anonymous_gid + (which == 10),
                        .privileged_ports = wanted->privileged_ports ^ (which == 11),
                        .foreign = which == 6,
                        .refuses_others = which != 12,
                };

                memcpy(seen.clients, wanted->clients, wanted->client_count * sizeof *wanted->clients);
                if (which == 7)
                        seen.clients[0].access = EXPORT_READ_ONLY;
                assert_int_equal(nfs_export_seen_matches(&seen, wanted), which == 0);
                nfs_export_seen_fini(&seen);
        }
        assert_false(nfs_export_seen_matches(&(struct nfs_export_seen){ .known = KNOWN_PRESENT }, wanted));
        scene_fini(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nfs_export_of_a_cluster_names_volume_and_clients_in_order),
                cmocka_unit_test(nfs_export_asks_an_ipv4_server_for_the_volume),
                cmocka_unit_test(nfs_export_of_a_single_storage_is_a_local_folder),
                cmocka_unit_test(nfs_export_leaves_out_who_is_not_let_in_by_nfs),
                cmocka_unit_test(nfs_export_equal_sees_each_difference),
                cmocka_unit_test(nfs_export_seen_matches_only_what_was_wanted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
