/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each format is read back by a program that is not ours: sh, getmntent(3), systemd-escape, systemd-analyze.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <mntent.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/mount_instructions.h"
#include "domain/mount_line.h"
#include "domain/path_rules.h"
#include "world_for_test.h"

extern char **environ;

/* Mount paths that path_check_mount accepts and that a careless quoting would not. */
static const char *const hostile_paths[] = {
        "/var/www/site",
        "/srv/two words/x",
        "/srv/ends with blank ",
        "/srv/ blank first",
        "/srv/$HOME/${PATH}/$(id)",
        "/srv/`id`",
        "/srv/it's/''quoted''",
        "/srv/'; touch x; '",
        "/srv/a;b|c&d>e<f(g)h{i}",
        "/srv/100%/%n%%/%f",
        "/srv/#comment/# x",
        "/srv/a,b=c:d",
        "/srv/a,b=c@d",
        "/-rf/--help",
        "/srv/-",
        "/.hidden/..three/a.b",
        "/srv/*?[a-z]/~root/!x",
        "/srv/\xC3\xA9t\xC3\xA9/\xE6\x97\xA5\xE6\x9C\xAC",
        "/srv/no\u00A0break",
        "/srv/tab\xE2\x80\xA8line", /* U+2028, a line separator that is no control character */
        "/a_b/c:d/@e+f",
};

/* An admitted grant of node 10 by NFS, to be spoilt. */
struct scene {
        struct export *export;
        struct storage *storage;
        struct node *node;
        struct grant grant;
};

static void scene_init(struct scene *scene)
{
        *scene = (struct scene){
                .export = world_export("ex-1", 1),
                .storage = world_storage(),
                .node = world_node("10", "cp", "10.77.0.21"),
        };
        scene->grant = (struct grant){
                .export = scene->export,
                .storage = scene->storage,
                .node = scene->node,
                .verdict = ACCESS_ADMITTED,
                .choice = { .protocol = PROTOCOL_IS_NFS, .rule = RULE_EXPORT_NFS },
        };
}

static void scene_fini(struct scene *scene)
{
        shared_put(scene->export);
        shared_put(scene->storage);
        shared_put(scene->node);
}

static void scene_mount(struct scene *scene, const char *mount_path, struct mount_instructions *mount)
{
        world_set(&scene->export->mount_path, mount_path);
        mount_instructions_make(&scene->grant, mount);
}

/* Runs a program and collects what it says on both outputs; its exit code, 127 when it is not there. */
static int run(const char *const *arguments, struct text *output)
{
        posix_spawn_file_actions_t actions;
        char bytes[4096];
        int ends[2], status;
        ssize_t got;
        pid_t pid;

        text_clear(output);
        assert_int_equal(pipe(ends), 0);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        status = posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        while (status == 0 && (got = read(ends[0], bytes, sizeof bytes)) > 0)
                text_add_bytes(output, bytes, (size_t)got);
        close(ends[0]);
        if (status != 0)
                return 127;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void hostile_paths_are_accepted_ones(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };

                path_check_mount(hostile_paths[i], "", &violations);
                assert_false(violations_any(&violations));
        }
}

/* In a script where each command prints its words, one a line, and nothing is mounted yet. */
static void commands_reach_the_programs_word_by_word(void **test)
{
        static const char prelude[] = "show() { for word; do printf '%s\\n' \"$word\"; done; }\n"
                                      "mkdir() { show mkdir \"$@\"; }\nchmod() { show chmod \"$@\"; }\n"
                                      "chattr() { show chattr \"$@\"; }\nmount() { show mount \"$@\"; }\n"
                                      "mountpoint() { show mountpoint \"$@\"; return 1; }\n";

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                const char *path = hostile_paths[i];
                AUTO_TEXT struct text script = { 0 }, output = { 0 };
                struct mount_instructions mount;
                struct scene scene;

                scene_init(&scene);
                scene_mount(&scene, path, &mount);
                text_add(&script, prelude);
                for (size_t k = 0; k < mount.command_count; k++) {
                        assert_null(strchr(mount.commands[k], '\n'));
                        text_addf(&script, "%s\n", mount.commands[k]);
                }
                assert_int_equal(run((const char *[]){ "sh", "-n", "-c", text_get(&script), NULL }, &output), 0);
                assert_int_equal(run((const char *[]){ "sh", "-c", text_get(&script), NULL }, &output), 1);
                AUTO_FREE char *expected = memory_format("mkdir\n-p\n%s\n"
                                                         "mountpoint\n-q\n%s\nchattr\n-i\n%s\n"
                                                         "mountpoint\n-q\n%s\nchmod\n0\n%s\n"
                                                         "mountpoint\n-q\n%s\nchattr\n+i\n%s\n"
                                                         "mount\n-t\nnfs4\n-o\nvers=4,hard,_netdev\n"
                                                         "10.77.0.11:/exports/ex-1\n%s\n"
                                                         "mountpoint\n-q\n%s\n",
                                                         path, path, path, path, path, path, path, path, path);
                assert_string_equal(text_get(&output), expected);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

/* The order and the guards, with real programs of the shell: nothing is made unwritable under a mount. */
static void commands_leave_a_mounted_directory_alone(void **test)
{
        static const char prelude[] = "mountpoint() { return 0; }\nmkdir() { :; }\nmount() { :; }\n"
                                      "chmod() { echo chmod; }\nchattr() { echo chattr; }\n";
        AUTO_TEXT struct text script = { 0 }, output = { 0 };
        struct mount_instructions mount;
        struct scene scene;

        (void)test;
        scene_init(&scene);
        scene_mount(&scene, "/srv/x", &mount);
        text_add(&script, prelude);
        for (size_t k = 0; k < mount.command_count; k++)
                text_addf(&script, "%s || exit 9\n", mount.commands[k]);
        assert_int_equal(run((const char *[]){ "sh", "-c", text_get(&script), NULL }, &output), 0);
        assert_string_equal(text_get(&output), "");
        mount_instructions_fini(&mount);
        scene_fini(&scene);
}

static void fstab_line_is_read_back_as_it_was_meant(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                struct mount_instructions mount;
                struct mntent entry;
                struct scene scene;
                char buffer[4096];
                FILE *file = tmpfile();

                assert_non_null(file);
                scene_init(&scene);
                scene_mount(&scene, hostile_paths[i], &mount);
                assert_null(strchr(mount.fstab, '\n'));
                fprintf(file, "%s\n", mount.fstab);
                rewind(file);
                assert_non_null(getmntent_r(file, &entry, buffer, sizeof buffer));
                assert_string_equal(entry.mnt_fsname, mount.source);
                assert_string_equal(entry.mnt_dir, hostile_paths[i]);
                assert_string_equal(entry.mnt_type, mount.type);
                assert_string_equal(entry.mnt_opts, mount.options);
                assert_int_equal(entry.mnt_freq, 0);
                assert_int_equal(entry.mnt_passno, 0);
                assert_null(getmntent_r(file, &entry, buffer, sizeof buffer));
                fclose(file);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

static void unit_name_is_what_systemd_escape_says(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                AUTO_TEXT struct text output = { 0 };
                struct mount_instructions mount;
                struct scene scene;
                int status = run((const char *[]){ "systemd-escape", "--path", "--suffix=mount", "--",
                                                   hostile_paths[i], NULL },
                                 &output);

                if (status == 127) {
                        print_message("# systemd-escape is not installed: unit names were NOT compared\n");
                        return;
                }
                assert_int_equal(status, 0);
                scene_init(&scene);
                scene_mount(&scene, hostile_paths[i], &mount);
                AUTO_FREE char *line = memory_format("%s\n", mount.unit_name);
                assert_string_equal(line, text_get(&output));
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

/* Writes `unit` as folder/name and has systemd-analyze check it. */
static int unit_verify(const char *folder, const char *name, const char *unit, struct text *output)
{
        AUTO_FREE char *path = memory_format("%s/%s", folder, name);
        FILE *file = fopen(path, "w");
        int status;

        assert_non_null(file);
        fputs(unit, file);
        fclose(file);
        status = run((const char *[]){ "systemd-analyze", "verify", "--man=no", path, NULL }, output);
        unlink(path);
        return status;
}

static void unit_is_accepted_by_systemd(void **test)
{
        AUTO_FREE char *folder = memory_text("/tmp/gatehouse-unit-XXXXXX");
        AUTO_TEXT struct text output = { 0 };
        static const char plain[] = "[Mount]\nWhat=10.0.0.1:/x\nWhere=/srv/x\nType=nfs4\n";

        (void)test;
        assert_non_null(mkdtemp(folder));
        if (unit_verify(folder, "srv-x.mount", plain, &output) != 0) {
                print_message("# systemd-analyze does not work here: units were NOT verified\n");
                rmdir(folder);
                return;
        }
        /* It does look at what is tested: the path must be that of the name. */
        assert_int_not_equal(unit_verify(folder, "srv-y.mount", plain, &output), 0);
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                struct mount_instructions mount;
                struct scene scene;

                if (strchr(hostile_paths[i], ':')) /* its command line takes what follows a colon as an alias */
                        continue;
                scene_init(&scene);
                scene_mount(&scene, hostile_paths[i], &mount);
                if (unit_verify(folder, mount.unit_name, mount.unit, &output) != 0)
                        print_error("%s\n%s\n%s", mount.unit_name, mount.unit, text_get(&output));
                assert_int_equal(unit_verify(folder, mount.unit_name, mount.unit, &output), 0);
                assert_string_equal(text_get(&output), "");
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
        rmdir(folder);
}

static void unit_doubles_percent_signs_and_tells_trailing_blanks_by_name(void **test)
{
        static const struct {
                const char *path, *expected;
        } rows[] = {
                { "/srv/x", "\nWhere=/srv/x\n" },
                { "/srv/100%/%n", "\nWhere=/srv/100%%/%%n\n" },
                { "/srv/a 'b'", "\nWhere=/srv/a 'b'\n" },
                { "/srv/%x ", "\nWhere=%f\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct mount_instructions mount;
                struct scene scene;

                scene_init(&scene);
                scene_mount(&scene, rows[i].path, &mount);
                assert_non_null(strstr(mount.unit, rows[i].expected));
                assert_non_null(strstr(mount.unit, "\nWhat=10.77.0.11:/exports/ex-1\n"));
                assert_non_null(strstr(mount.unit, "\nType=nfs4\nOptions=vers=4,hard,_netdev\n"));
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

static void unit_is_left_out_when_its_name_gets_too_long(void **test)
{
        static const struct {
                size_t length;
                bool expected;
        } rows[] = { { 250, true }, { 251, false }, { 1000, false } }; /* "/" goes, ".mount" comes: 255 */

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_FREE char *path = memory_new(rows[i].length + 1, 1);
                struct mount_instructions mount;
                struct scene scene;

                memset(path, 'a', rows[i].length);
                for (size_t k = 0; k < rows[i].length; k += 200)
                        path[k] = '/';
                scene_init(&scene);
                scene_mount(&scene, path, &mount);
                assert_int_equal(mount.unit_name != NULL, rows[i].expected);
                assert_int_equal(mount.unit != NULL, rows[i].expected);
                assert_int_equal(mount.command_count, 6);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

struct source_row {
        enum protocol protocol;
        enum mount_style style;
        enum export_access access;
        const char *node, *storage; /* addresses */
        const char *type, *source, *options;
};

static const struct source_row source_rows[] = {
        { PROTOCOL_IS_NFS, MOUNT_HARD, EXPORT_READ_WRITE, "10.77.0.21", "10.77.0.11 10.77.0.12", "nfs4",
          "10.77.0.11:/exports/ex-1", "vers=4,hard,_netdev" },
        { PROTOCOL_IS_NFS, MOUNT_SOFT, EXPORT_READ_WRITE, "10.77.0.21", "10.77.0.11", "nfs4",
          "10.77.0.11:/exports/ex-1", "nolock,soft,timeo=30,retrans=2,_netdev" },
        { PROTOCOL_IS_NFS, MOUNT_HARD, EXPORT_READ_ONLY, "10.77.0.21", "10.77.0.11", "nfs4",
          "10.77.0.11:/exports/ex-1", "vers=4,hard,_netdev,ro" },
        { PROTOCOL_IS_NFS, MOUNT_SOFT, EXPORT_READ_ONLY, "10.77.0.21", "10.77.0.11", "nfs4",
          "10.77.0.11:/exports/ex-1", "nolock,soft,timeo=30,retrans=2,_netdev,ro" },
        { PROTOCOL_IS_NFS, MOUNT_HARD, EXPORT_READ_WRITE, "fd77::21", "10.77.0.11 fd77::11", "nfs4",
          "[fd77::11]:/exports/ex-1", "vers=4,hard,_netdev" },
        { PROTOCOL_IS_NFS, MOUNT_HARD, EXPORT_READ_WRITE, "fd77::21 10.77.0.21", "10.77.0.11 fd77::11", "nfs4",
          "10.77.0.11:/exports/ex-1", "vers=4,hard,_netdev" },
        { PROTOCOL_IS_NFS, MOUNT_HARD, EXPORT_READ_WRITE, "fd77::21", "10.77.0.11", "nfs4",
          "10.77.0.11:/exports/ex-1", "vers=4,hard,_netdev" },
        { PROTOCOL_IS_GLUSTER, MOUNT_HARD, EXPORT_READ_WRITE, "10.77.0.21", "10.77.0.11", "glusterfs",
          "10.77.0.11:/data/shared/site", "_netdev" },
        { PROTOCOL_IS_GLUSTER, MOUNT_SOFT, EXPORT_READ_WRITE, "10.77.0.21", "10.77.0.11 10.77.0.12 10.77.0.13",
          "glusterfs", "10.77.0.11:/data/shared/site", "_netdev,backup-volfile-servers=10.77.0.12:10.77.0.13" },
        { PROTOCOL_IS_GLUSTER, MOUNT_HARD, EXPORT_READ_WRITE, "10.77.0.21 fd77::21",
          "fd77::11 10.77.0.12 fd77::13 10.77.0.14", "glusterfs", "10.77.0.12:/data/shared/site",
          "_netdev,backup-volfile-servers=10.77.0.14" },
        { PROTOCOL_IS_GLUSTER, MOUNT_HARD, EXPORT_READ_ONLY, "10.77.0.21", "10.77.0.11", "glusterfs",
          "10.77.0.11:/data/shared/site", "_netdev,ro" },
};

static void source_and_options_follow_protocol_style_access_and_addresses(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(source_rows); i++) {
                const struct source_row *row = &source_rows[i];
                struct mount_instructions mount;
                struct scene scene;

                scene_init(&scene);
                scene.export->mount_style = row->style;
                scene.export->access = row->access;
                scene.node->address_count = world_addresses(row->node, scene.node->addresses);
                scene.storage->address_count = world_addresses(row->storage, scene.storage->addresses);
                scene.grant.choice.protocol = row->protocol;
                scene_mount(&scene, "/var/www/site", &mount);
                assert_string_equal(mount.type, row->type);
                assert_string_equal(mount.source, row->source);
                assert_string_equal(mount.options, row->options);
                AUTO_FREE char *line =
                        memory_format("%s /var/www/site %s %s 0 0", row->source, row->type, row->options);
                assert_string_equal(mount.fstab, line);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

static void servers_are_all_that_serve_the_grant(void **test)
{
        static const struct {
                enum protocol protocol;
                enum storage_kind kind;
                const char *node, *storage, *servers;
        } rows[] = {
                { PROTOCOL_IS_NFS, STORAGE_CLUSTER, "10.77.0.21", "10.77.0.11 10.77.0.12", "10.77.0.11" },
                { PROTOCOL_IS_NFS, STORAGE_SINGLE, "10.77.0.21 fd77::21", "10.77.0.11 fd77::11",
                  "10.77.0.11 fd77::11" },
                { PROTOCOL_IS_NFS, STORAGE_SINGLE, "fd77::21", "10.77.0.11 fd77::11", "fd77::11" },
                { PROTOCOL_IS_GLUSTER, STORAGE_CLUSTER, "10.77.0.21", "fd77::11 10.77.0.12 10.77.0.13",
                  "10.77.0.12 10.77.0.13" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text servers = { 0 };
                struct mount_instructions mount;
                struct scene scene;

                scene_init(&scene);
                scene.storage->kind = rows[i].kind;
                scene.node->address_count = world_addresses(rows[i].node, scene.node->addresses);
                scene.storage->address_count = world_addresses(rows[i].storage, scene.storage->addresses);
                scene.grant.choice.protocol = rows[i].protocol;
                scene_mount(&scene, "/m", &mount);
                for (size_t k = 0; k < mount.server_count; k++)
                        text_addf(&servers, "%s%s", k > 0 ? " " : "", mount.servers[k]);
                assert_string_equal(text_get(&servers), rows[i].servers);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

/* What a client's shell makes of the path of a line. */
static void line_is_read_back_by_a_shell(void **test)
{
        static const char script[] =
                "read -r g e s p a t v r o path rest <<'X'\n%s\nX\n"
                "case $path in *[!A-Za-z0-9._/:,=\\\\-]*) exit 3;; esac\nprintf %%b. \"$path\"";

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(hostile_paths); i++) {
                AUTO_FREE char *expected = memory_format("%s.", hostile_paths[i]);
                AUTO_TEXT struct text line = { 0 }, output = { 0 };
                struct scene scene;

                scene_init(&scene);
                world_set(&scene.export->mount_path, hostile_paths[i]);
                mount_line_add(&line, &scene.grant, GRANT_ACTIVE, NULL, "");
                AUTO_FREE char *here = memory_format(script, text_get(&line));
                const char *const shell[] = { "sh", "-c", here, NULL };
                assert_int_equal(run(shell, &output), 0);
                assert_string_equal(text_get(&output), expected);
                scene_fini(&scene);
        }
}

static void line_has_all_fields_whoever_is_admitted(void **test)
{
        static const struct {
                enum access_verdict verdict;
                bool has_storage;
                const char *cause_code, *cause, *expected;
        } rows[] = {
                { ACCESS_ADMITTED, true, NULL, "",
                  "grant ex-1 active nfs rw nfs4 10.77.0.11 /exports/ex-1 vers=4,hard,_netdev /srv/a\\0040b "
                  "export.nfs "
                  "the\\0040export\\0040asks\\0040for\\0040NFS\n" },
                { ACCESS_ADMITTED, true, "unavailable", "it's off",
                  "grant ex-1 active nfs rw nfs4 10.77.0.11 /exports/ex-1 vers=4,hard,_netdev /srv/a\\0040b "
                  "unavailable "
                  "it\\0047s\\0040off\n" },
                { ACCESS_ENVIRONMENT_SLEEPING, true, "environment.sleeping", "it sleeps",
                  "grant ex-1 active nfs rw - - - - /srv/a\\0040b environment.sleeping it\\0040sleeps\n" },
                { ACCESS_ENVIRONMENT_SLEEPING, false, NULL, "",
                  "grant ex-1 active - rw - - - - /srv/a\\0040b - -\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_SHARED struct environment *environment = world_environment();
                AUTO_TEXT struct text line = { 0 };
                struct scene scene;

                scene_init(&scene);
                world_set(&scene.export->mount_path, "/srv/a b");
                scene.grant.verdict = rows[i].verdict;
                scene.grant.environment = environment;
                scene.grant.storage = rows[i].has_storage ? scene.storage : NULL;
                mount_line_add(&line, &scene.grant, GRANT_ACTIVE, rows[i].cause_code, rows[i].cause);
                assert_string_equal(text_get(&line), rows[i].expected);
                scene_fini(&scene);
        }
}

static void members_of_the_pool_are_no_servers_of_nfs(void **test)
{
        static const struct {
                enum protocol protocol;
                const char *node, *members, *source;
        } rows[] = {
                { PROTOCOL_IS_NFS, "10.77.0.21", "10.77.0.12 10.77.0.11", "10.77.0.13:/exports/ex-1" },
                { PROTOCOL_IS_NFS, "10.77.0.21", "10.77.0.12", "10.77.0.11:/exports/ex-1" },
                { PROTOCOL_IS_NFS, "fd77::21", "10.77.0.11", "10.77.0.12:/exports/ex-1" },
                { PROTOCOL_IS_GLUSTER, "10.77.0.21", "10.77.0.11 10.77.0.12", "10.77.0.11:/data/shared/site" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct mount_instructions mount;
                struct address members[4];
                struct scene scene;

                scene_init(&scene);
                scene.node->address_count = world_addresses(rows[i].node, scene.node->addresses);
                scene.storage->address_count =
                        world_addresses("10.77.0.11 10.77.0.12 10.77.0.13", scene.storage->addresses);
                scene.grant.choice.protocol = rows[i].protocol;
                scene.grant.members = members;
                scene.grant.member_count = world_addresses(rows[i].members, members);
                scene_mount(&scene, "/var/www/site", &mount);
                assert_string_equal(mount.source, rows[i].source);
                mount_instructions_fini(&mount);
                scene_fini(&scene);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hostile_paths_are_accepted_ones),
                cmocka_unit_test(commands_reach_the_programs_word_by_word),
                cmocka_unit_test(commands_leave_a_mounted_directory_alone),
                cmocka_unit_test(fstab_line_is_read_back_as_it_was_meant),
                cmocka_unit_test(unit_name_is_what_systemd_escape_says),
                cmocka_unit_test(unit_is_accepted_by_systemd),
                cmocka_unit_test(unit_doubles_percent_signs_and_tells_trailing_blanks_by_name),
                cmocka_unit_test(unit_is_left_out_when_its_name_gets_too_long),
                cmocka_unit_test(source_and_options_follow_protocol_style_access_and_addresses),
                cmocka_unit_test(members_of_the_pool_are_no_servers_of_nfs),
                cmocka_unit_test(servers_are_all_that_serve_the_grant),
                cmocka_unit_test(line_is_read_back_by_a_shell),
                cmocka_unit_test(line_has_all_fields_whoever_is_admitted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
