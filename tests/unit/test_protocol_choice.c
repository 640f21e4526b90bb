/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/protocol_choice.h"
#include "world_for_test.h"

/* A node that gets Gluster Native by default, to be spoilt. */
struct scene {
        struct export *export;
        struct storage *storage;
        struct environment *environment;
        struct node *node;
        struct protocol_facts facts;
};

static void scene_init(struct scene *scene)
{
        *scene = (struct scene){
                .export = world_export("ex-1", 1),
                .storage = world_storage(),
                .environment = world_environment(),
                .node = world_node("10", "cp", "10.77.0.21 fd77::21"),
                .facts = { .pool_enforced = KNOWN_PRESENT },
        };
}

static void scene_fini(struct scene *scene)
{
        shared_put(scene->export);
        shared_put(scene->storage);
        shared_put(scene->environment);
        shared_put(scene->node);
}

static struct protocol_choice scene_choose(const struct scene *scene)
{
        return protocol_choose(scene->export, scene->storage, scene->environment, scene->node, &scene->facts);
}

static void export_asks_nfs(struct scene *scene)
{
        scene->export->protocol = PROTOCOL_NFS;
}

static void export_asks_gluster(struct scene *scene)
{
        scene->export->protocol = PROTOCOL_GLUSTER;
}

static void storage_is_single(struct scene *scene)
{
        scene->storage->kind = STORAGE_SINGLE;
}

static void pool_is_not_enforced(struct scene *scene)
{
        scene->facts.pool_enforced = KNOWN_ABSENT;
}

static void pool_is_unknown(struct scene *scene)
{
        scene->facts.pool_enforced = KNOWN_UNKNOWN;
}

static void export_is_read_only(struct scene *scene)
{
        scene->export->access = EXPORT_READ_ONLY;
}

static void export_squashes_root(struct scene *scene)
{
        scene->export->squash = SQUASH_ROOT;
}

static void export_squashes_all(struct scene *scene)
{
        scene->export->squash = SQUASH_ALL;
}

static void export_wants_privileged_ports(struct scene *scene)
{
        scene->export->privileged_ports = true;
}

static void path_has_blank(struct scene *scene)
{
        world_set(&scene->export->path, "/my site");
}

static void mount_path_has_blank(struct scene *scene)
{
        world_set(&scene->export->mount_path, "/srv/my site");
}

static void mount_path_has_pattern(struct scene *scene)
{
        world_set(&scene->export->mount_path, "/srv/a*");
}

static void mount_path_has_backslash(struct scene *scene)
{
        world_set(&scene->export->mount_path, "/srv/a\\b");
}

static void mount_path_has_quotes(struct scene *scene)
{
        world_set(&scene->export->mount_path, "/srv/it's;$(x)");
}

static void path_has_backtick(struct scene *scene)
{
        world_set(&scene->export->path, "/`id`");
}

static void path_is_plain(struct scene *scene)
{
        world_set(&scene->export->path, "/A-Z/a.z/0_9");
}

static void path_is_root(struct scene *scene)
{
        world_set(&scene->export->path, "/");
}

static void version_set(struct platform_version *version, uint16_t major, uint16_t minor)
{
        *version = (struct platform_version){ true, major, minor, 0 };
}

static void platform_is_5_9(struct scene *scene)
{
        version_set(&scene->environment->platform_version, 5, 9);
}

static void platform_is_6_0(struct scene *scene)
{
        version_set(&scene->environment->platform_version, 6, 0);
}

static void platform_is_6_1(struct scene *scene)
{
        version_set(&scene->environment->platform_version, 6, 1);
}

static void platform_is_7_0(struct scene *scene)
{
        version_set(&scene->environment->platform_version, 7, 0);
}

static void platform_is_unknown(struct scene *scene)
{
        scene->environment->platform_version.present = false;
}

static void platform_is_6_0_by_default(struct scene *scene)
{
        platform_is_unknown(scene);
        version_set(&scene->facts.default_platform_version, 6, 0);
}

static void platform_is_8_by_default(struct scene *scene)
{
        platform_is_unknown(scene);
        version_set(&scene->facts.default_platform_version, 8, 0);
}

static void platform_own_version_beats_default(struct scene *scene)
{
        version_set(&scene->facts.default_platform_version, 5, 0);
}

static void client_is_alpine(struct scene *scene)
{
        world_set(&scene->node->os_id, "alpine");
}

static void client_image_is_alpine(struct scene *scene)
{
        world_set(&scene->node->image, "nginx:1.27-alpine");
}

static void client_is_narrowed(struct scene *scene)
{
        scene->node->nfs_only = true;
}

static const char *const stacks[] = { "jelastic/", "nginx:", NULL };

static void client_is_unknown(struct scene *scene)
{
        world_set(&scene->node->os_id, NULL);
}

static void client_has_empty_os(struct scene *scene)
{
        world_set(&scene->node->os_id, "");
}

static void client_has_another_stack(struct scene *scene)
{
        client_is_unknown(scene);
        world_set(&scene->node->image, "mynginx:1.27");
        scene->facts.known_stacks = stacks;
}

static void client_has_image_without_known_stacks(struct scene *scene)
{
        client_is_unknown(scene);
        world_set(&scene->node->image, "nginx:1.27");
}

static void client_has_known_stack(struct scene *scene)
{
        client_is_unknown(scene);
        world_set(&scene->node->image, "Jelastic/nginxphp:1.26");
        scene->facts.known_stacks = stacks;
}

static void client_has_ipv6_only(struct scene *scene)
{
        scene->node->address_count = world_addresses("fd77::21 fd77::22", scene->node->addresses);
}

static void client_has_ipv6_first(struct scene *scene)
{
        scene->node->address_count = world_addresses("fd77::21 10.77.0.21", scene->node->addresses);
}

/* No address is not an IPv6 address; access_policy.c has a word on that. */
static void client_has_no_address(struct scene *scene)
{
        scene->node->address_count = 0;
}

static void storage_defaults_to_nfs(struct scene *scene)
{
        scene->export->protocol = PROTOCOL_AUTO;
        scene->storage->default_protocol = PROTOCOL_NFS;
}

static void storage_defaults_to_gluster(struct scene *scene)
{
        scene->export->protocol = PROTOCOL_AUTO;
        scene->storage->default_protocol = PROTOCOL_GLUSTER;
}

static void export_asks_gluster_against_default(struct scene *scene)
{
        storage_defaults_to_nfs(scene);
        export_asks_gluster(scene);
}

static void nothing(struct scene *scene)
{
        (void)scene;
}

static const struct {
        void (*spoil)(struct scene *scene);
        enum protocol_rule rule;
        enum protocol protocol;
} rows[] = {
        { export_asks_nfs, RULE_EXPORT_NFS, PROTOCOL_IS_NFS },
        { storage_is_single, RULE_STORAGE_SINGLE, PROTOCOL_IS_NFS },
        { pool_is_not_enforced, RULE_STORAGE_PEER_UNENFORCED, PROTOCOL_IS_NFS },
        { pool_is_unknown, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { export_is_read_only, RULE_EXPORT_READ_ONLY, PROTOCOL_IS_NFS },
        { export_squashes_root, RULE_EXPORT_SQUASH, PROTOCOL_IS_NFS },
        { export_squashes_all, RULE_EXPORT_SQUASH, PROTOCOL_IS_NFS },
        { export_wants_privileged_ports, RULE_EXPORT_PRIVILEGED_PORTS, PROTOCOL_IS_NFS },
        { path_has_blank, RULE_PATH_NOT_EXPRESSIBLE, PROTOCOL_IS_NFS },
        { path_has_backtick, RULE_PATH_NOT_EXPRESSIBLE, PROTOCOL_IS_NFS },
        { path_is_plain, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { path_is_root, RULE_PATH_ROOT, PROTOCOL_IS_NFS },
        { mount_path_has_blank, RULE_MOUNT_PATH_NOT_MOUNTABLE, PROTOCOL_IS_NFS },
        { mount_path_has_pattern, RULE_MOUNT_PATH_NOT_MOUNTABLE, PROTOCOL_IS_NFS },
        { mount_path_has_backslash, RULE_MOUNT_PATH_NOT_MOUNTABLE, PROTOCOL_IS_NFS },
        { mount_path_has_quotes, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { platform_is_5_9, RULE_PLATFORM_BEFORE_6_1, PROTOCOL_IS_NFS },
        { platform_is_6_0, RULE_PLATFORM_BEFORE_6_1, PROTOCOL_IS_NFS },
        { platform_is_6_0_by_default, RULE_PLATFORM_BEFORE_6_1, PROTOCOL_IS_NFS },
        { platform_is_6_1, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { platform_is_7_0, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { platform_is_8_by_default, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { platform_own_version_beats_default, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { platform_is_unknown, RULE_PLATFORM_UNKNOWN, PROTOCOL_IS_NFS },
        { client_is_alpine, RULE_CLIENT_ALPINE, PROTOCOL_IS_NFS },
        { client_image_is_alpine, RULE_CLIENT_ALPINE, PROTOCOL_IS_NFS },
        { client_is_narrowed, RULE_CLIENT_NARROWED, PROTOCOL_IS_NFS },
        { client_is_unknown, RULE_CLIENT_UNKNOWN, PROTOCOL_IS_NFS },
        { client_has_empty_os, RULE_CLIENT_UNKNOWN, PROTOCOL_IS_NFS },
        { client_has_another_stack, RULE_CLIENT_UNKNOWN, PROTOCOL_IS_NFS },
        { client_has_image_without_known_stacks, RULE_CLIENT_UNKNOWN, PROTOCOL_IS_NFS },
        { client_has_known_stack, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { client_has_ipv6_only, RULE_CLIENT_IPV6_ONLY, PROTOCOL_IS_NFS },
        { client_has_no_address, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { client_has_ipv6_first, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { storage_defaults_to_nfs, RULE_STORAGE_DEFAULT, PROTOCOL_IS_NFS },
        { storage_defaults_to_gluster, RULE_STORAGE_DEFAULT, PROTOCOL_IS_GLUSTER },
        { export_asks_gluster_against_default, RULE_EXPORT_GLUSTER, PROTOCOL_IS_GLUSTER },
        { export_asks_gluster, RULE_EXPORT_GLUSTER, PROTOCOL_IS_GLUSTER },
        { nothing, RULE_DEFAULT, PROTOCOL_IS_GLUSTER },
};

static void protocol_each_row_gives_its_rule(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct protocol_choice choice;
                struct scene scene;

                scene_init(&scene);
                rows[i].spoil(&scene);
                choice = scene_choose(&scene);
                if (choice.rule != rows[i].rule)
                        print_error("row %zu: %s\n", i, protocol_rule_word(choice.rule));
                assert_int_equal(choice.rule, rows[i].rule);
                assert_int_equal(choice.protocol, rows[i].protocol);
                scene_fini(&scene);
        }
}

static void protocol_each_rule_is_reached(void **test)
{
        bool reached[PROTOCOL_RULE_COUNT] = { false };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                reached[rows[i].rule] = true;
        for (size_t i = 0; i < PROTOCOL_RULE_COUNT; i++)
                assert_true(reached[i]);
}

static void protocol_first_rule_that_speaks_wins(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
                        struct scene scene;

                        if (rows[i].rule >= rows[k].rule || rows[k].rule == RULE_DEFAULT)
                                continue;
                        scene_init(&scene);
                        rows[k].spoil(&scene); /* the earlier rule last: both may want the same field */
                        rows[i].spoil(&scene);
                        assert_int_equal(scene_choose(&scene).rule, rows[i].rule);
                        scene_fini(&scene);
                }
}

/* storage.*, export.* and path.* forbid it when written; client.* and platform.* fall back for each grant. */
static void protocol_refusal_when_written_follows_the_table(void **test)
{
        static const bool refuses[PROTOCOL_RULE_COUNT] = {
                [RULE_STORAGE_SINGLE] = true,
                [RULE_STORAGE_PEER_UNENFORCED] = true,
                [RULE_EXPORT_READ_ONLY] = true,
                [RULE_EXPORT_SQUASH] = true,
                [RULE_EXPORT_PRIVILEGED_PORTS] = true,
                [RULE_PATH_NOT_EXPRESSIBLE] = true,
                [RULE_PATH_ROOT] = true,
                [RULE_MOUNT_PATH_NOT_MOUNTABLE] = true,
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                enum protocol_rule rule = PROTOCOL_RULE_COUNT;
                struct scene scene;

                scene_init(&scene);
                rows[i].spoil(&scene);
                scene.export->protocol = PROTOCOL_GLUSTER;
                assert_int_equal(protocol_refuses_gluster(scene.export, scene.storage, &scene.facts, &rule),
                                 refuses[rows[i].rule]);
                assert_int_equal(rule, refuses[rows[i].rule] ? rows[i].rule : PROTOCOL_RULE_COUNT);
                scene_fini(&scene);
        }
}

static void node_is_alpine_by_its_image(void **test)
{
        static const struct {
                const char *image;
                bool expected;
        } images[] = {
                { "nginx:1.27-alpine", true },
                { "node:22-alpine3.20", true },
                { "alpine:3.20", true },
                { "alpine", true },
                { "docker.io/library/alpine", true },
                { "docker.io/library/alpine:latest", true },
                { "docker.io/library/"
                  "alpine@sha256:e7d88de73db3d3fd9b2d63aa7f447a10fd0220b7cbf39803c803f2af9ba256b3",
                  true },
                { "registry:5000/team/app:1.2-alpine-slim", true },
                { "registry:5000/alpine", true },
                { "redis:alpine", true },
                { "php:8.3-fpm-alpine", true },
                { "python:3.12.4_alpine3", true },
                { "eclipse-temurin:21-jre-alpine@sha256:0123", true },
                { "NGINX:1.27-ALPINE", true },
                { "docker.io/Library/Alpine:Edge", true },
                { "golang:alpine3.20", true },
                { "nginx:1.27", false },
                { "nginx", false },
                { "", false },
                { "debian:bookworm-slim", false },
                { "alpine-tools/web:1.0", false },
                { "alpine/git-like:2", false },
                { "alpinelinux/darkhttpd:latest", false },
                { "team/alpine-tools:1.0", false },
                { "registry.example/alpine:5000/web", false },
                { "alpine:5000/team/web:1.0", false },
                { "web:alpinelinux", false },
                { "web:notalpine", false },
                { "web:1.0-alpinist", false },
                { "web:alpine3x", false },
                { "web@sha256:alpine", false },
                { "web:1.0@alpine:alpine", false },
                { "myalpine:1.0", false },
                { "web:", false },
                { "web:--..__", false },
                { "/", false },
        };
        struct node *node = world_node("10", "cp", "10.77.0.21");

        (void)test;
        assert_false(node_is_alpine(node));
        for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
                world_set(&node->image, images[i].image);
                if (node_is_alpine(node) != images[i].expected)
                        print_error("image %s\n", images[i].image);
                assert_int_equal(node_is_alpine(node), images[i].expected);
        }
        shared_put(node);
}

static void node_is_alpine_by_its_os(void **test)
{
        static const struct {
                const char *id, *id_like;
                bool expected;
        } systems[] = {
                { "alpine", NULL, true },
                { "Alpine", NULL, true },
                { "postmarketos", "alpine", true },
                { "wolfi", "chimera  Alpine ", true },
                { NULL, "alpine", true },
                { NULL, NULL, false },
                { "alpinelinux", NULL, false },
                { "alpaquita", "alpine-like", false },
                { "debian", "", false },
                { "debian", " ", false },
                { "ubuntu", "debian", false },
        };
        struct node *node = world_node("10", "cp", "10.77.0.21");

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(systems); i++) {
                world_set(&node->os_id, systems[i].id);
                world_set(&node->os_id_like, systems[i].id_like);
                assert_int_equal(node_is_alpine(node), systems[i].expected);
        }
        shared_put(node);
}

static void protocol_words_are_told_apart(void **test)
{
        (void)test;
        for (enum protocol_rule i = 0; i < PROTOCOL_RULE_COUNT; i++) {
                assert_true(strlen(protocol_rule_sentence(i)) > 0);
                for (enum protocol_rule k = 0; k < i; k++)
                        assert_string_not_equal(protocol_rule_word(i), protocol_rule_word(k));
        }
        assert_string_equal(protocol_rule_word(RULE_CLIENT_ALPINE), "client.alpine");
        assert_string_equal(protocol_word(PROTOCOL_IS_NFS), "nfs");
        assert_string_equal(protocol_word(PROTOCOL_IS_GLUSTER), "gluster");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(protocol_each_row_gives_its_rule),
                cmocka_unit_test(protocol_each_rule_is_reached),
                cmocka_unit_test(protocol_first_rule_that_speaks_wins),
                cmocka_unit_test(protocol_refusal_when_written_follows_the_table),
                cmocka_unit_test(node_is_alpine_by_its_image),
                cmocka_unit_test(node_is_alpine_by_its_os),
                cmocka_unit_test(protocol_words_are_told_apart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
