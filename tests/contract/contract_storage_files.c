/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * contract_storage_files [single MOUNT_ROOT SCRATCH | cluster VIEW SERVER VOLUME WORKER]: what every
 * `struct storage_files` answers. Without arguments the fake is asked. SCRATCH is a directory on another file
 * system, to mount things in; VIEW is the volume, mounted.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/files/directory_wire.h"
#include "tests/contract/world_of_files.h"

static void root_is_a_directory(void **state)
{
        struct world *world = *state;

        assert_seen(world, "/", PATH_DIRECTORY, "");
        assert_made(world, "/", 5, 5, 0700); /* it is there: nothing to do */
}

static void room_is_told(void **state)
{
        struct world *world = *state;
        struct storage_capacity room = { 0 };
        struct fault fault = { 0 };

        if (world->files.capacity(world->files.context, world->storage, PATIENCE_MS, &room, &fault))
                fail_msg("%s", fault.text);
        assert_true(room.bytes_available > 0 && room.bytes_available <= room.bytes_total);
        assert_true(room.inodes_available > 0 && room.inodes_available <= room.inodes_total);
}

static void inspect_tells_what_is_there(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/d"), 0, 0, 0755);
        world_put_directory(world, world_path(world, "/d/closed"), 33, 34, 0000);
        world_put_directory(world, world_path(world, "/d/closed/in"), 33, 34, 0700);
        world_put_file(world, world_path(world, "/d/f"));
        world_put_link(world, world_path(world, "/to-d"), "d");
        world_put_link(world, world_path(world, "/to-nothing"), "nothing");
        world_put_link(world, world_path(world, "/out"), "/");
        static const struct {
                const char *path;
                enum path_kind kind;
                const char *at;
        } cases[] = {
                { "/d", PATH_DIRECTORY, "" },
                { "/d/closed/in", PATH_DIRECTORY, "" },
                { "/d/closed/in/none", PATH_ABSENT, "" },
                { "/none", PATH_ABSENT, "" },
                { "/none/none/none", PATH_ABSENT, "" },
                { "/d/f", PATH_OTHER, "/d/f" },
                { "/d/f/below", PATH_OTHER, "/d/f" },
                { "/to-d", PATH_LINK, "/to-d" },
                { "/to-d/closed", PATH_LINK, "/to-d" },
                { "/to-nothing", PATH_LINK, "/to-nothing" },
                { "/to-nothing/below", PATH_LINK, "/to-nothing" },
                { "/out/etc", PATH_LINK, "/out" },
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_seen(world, world_path(world, cases[i].path), cases[i].kind,
                            cases[i].at[0] ? world_path(world, cases[i].at) : "");
}

static void make_gives_the_last_its_owner_and_parents_to_root(void **state)
{
        struct world *world = *state;

        assert_made(world, world_path(world, "/a/b/c"), 33, 34, 0750);
        assert_is(world, world_path(world, "/a"), PATH_DIRECTORY, 0, 0, 0755);
        assert_is(world, world_path(world, "/a/b"), PATH_DIRECTORY, 0, 0, 0755);
        assert_is(world, world_path(world, "/a/b/c"), PATH_DIRECTORY, 33, 34, 0750);
        assert_seen(world, world_path(world, "/a/b/c"), PATH_DIRECTORY, "");
        /* All twelve bits, in a directory of somebody else that is closed to others. */
        assert_made(world, world_path(world, "/a/b/c/d"), 1000, 1001, 03770);
        assert_is(world, world_path(world, "/a/b/c/d"), PATH_DIRECTORY, 1000, 1001, 03770);
}

static void make_leaves_an_existing_directory_as_it_is(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/there"), 7, 8, 0711);
        for (int i = 0; i < 2; i++) {
                assert_made(world, world_path(world, "/there"), 33, 33, 0755);
                assert_is(world, world_path(world, "/there"), PATH_DIRECTORY, 7, 8, 0711);
        }
        assert_made(world, world_path(world, "/new"), 33, 34, 0750);
        assert_made(world, world_path(world, "/new"), 99, 99, 0700);
        assert_is(world, world_path(world, "/new"), PATH_DIRECTORY, 33, 34, 0750);
}

static void make_finishes_what_was_left_half_made(void **state)
{
        struct world *world = *state;
        struct path_seen seen = { 0 };

        world_put_directory(world, world_path(world, "/half"), 0, 0, DIRECTORY_UNFINISHED_MODE);
        assert_int_equal(world_inspect(world, world_path(world, "/half"), &seen, NULL), 0);
        assert_int_equal(seen.kind, PATH_ABSENT);
        assert_made(world, world_path(world, "/half"), 33, 34, 0750);
        assert_is(world, world_path(world, "/half"), PATH_DIRECTORY, 33, 34, 0750);
}

static void make_refuses_links_and_files_by_name(void **state)
{
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/real"), 0, 0, 0755);
        world_put_link(world, world_path(world, "/link"), "real");
        world_put_link(world, world_path(world, "/dangling"), "nothing");
        world_put_file(world, world_path(world, "/file"));
        static const char *const cases[][2] = {
                { "/link", "/link is a symbolic link" },
                { "/link/new", "/link is a symbolic link" },
                { "/dangling", "/dangling is a symbolic link" },
                { "/dangling/new/er", "/dangling is a symbolic link" },
                { "/file", "/file is not a directory" },
                { "/file/new", "/file is not a directory" },
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_refused(world, world_path(world, cases[i][0]), world_path(world, cases[i][1]));
        assert_is(world, world_path(world, "/real/new"), PATH_ABSENT, 0, 0, 0);
        assert_is(world, world_path(world, "/nothing"), PATH_ABSENT, 0, 0, 0);
}

static void hostile_path_is_refused_and_makes_nothing(void **state)
{
        struct world *world = *state;
        static const char *const cases[] = {
                "",    "relative", "/..", "/../x", "/x/..", "/x/../y", "/./x",  "/x/.",
                "//x", "/x//",     "/x/", "/x//y", "./x",   "../x",    "/x/./", "/x/../..",
        };
        AUTO_FREE char *long_name = memory_format("/%0256d", 0);
        AUTO_FREE char *long_path = memory_format("/%0200d/%0200d/%0200d/%0200d/%0200d/%0200d", 0, 0, 0, 0, 0, 0);
        const char *more[] = { long_name, long_path };

        for (size_t i = 0; i < ARRAY_SIZE(cases) + ARRAY_SIZE(more); i++) {
                const char *path = i < ARRAY_SIZE(cases) ? cases[i] : more[i - ARRAY_SIZE(cases)];
                struct path_seen seen;
                struct fault fault = { 0 };
                int inspected = world_inspect(world, path, &seen, &fault);
                int made = world_make(world, path, 0, 0, 0755, &fault);

                if ((inspected != -FAULT_INVALID && inspected != -FAULT_MALFORMED) || made != inspected)
                        fail_msg("\"%s\": %d %d", path, inspected, made);
        }
        assert_is(world, "/x", PATH_ABSENT, 0, 0, 0);
        assert_is(world, "/y", PATH_ABSENT, 0, 0, 0);
}

static void wish_out_of_range_is_refused(void **state)
{
        struct world *world = *state;
        static const struct {
                uint32_t uid, gid;
                uint16_t mode;
        } cases[] = { { UINT32_MAX, 0, 0755 }, { 0, UINT32_MAX, 0755 }, { 0, 0, 010755 } };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(world_make(world, world_path(world, "/no"), cases[i].uid, cases[i].gid,
                                            cases[i].mode, NULL),
                                 -FAULT_MALFORMED);
        assert_is(world, world_path(world, "/no"), PATH_ABSENT, 0, 0, 0);
}

static void unusual_names_are_only_names(void **state)
{
        struct world *world = *state;
        static const char *const names[] = { "/with space", "/ümläut/日本", "/`touch x`",   "/$(touch x)",
                                             "/a'b;c|d&e",  "/-rf",         "/...",         "/%s%n%d",
                                             "/*?[x]",      "/new\nline",   "/.hidden/..x", "/{a,b}",
                                             "/\xff\xfe/x", "/\\back" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_seen(world, world_path(world, names[i]), PATH_ABSENT, "");
                assert_made(world, world_path(world, names[i]), 33, 34, 0700);
                assert_is(world, world_path(world, names[i]), PATH_DIRECTORY, 33, 34, 0700);
                assert_seen(world, world_path(world, names[i]), PATH_DIRECTORY, "");
        }
}

static void longest_path_is_made(void **state)
{
        struct world *world = *state;
        char path[EXPORT_PATH_MAX + 1];
        size_t length = strlen(world->base);

        memset(path, 'n', sizeof path);
        memcpy(path, world->base, length);
        for (size_t at = length; at < EXPORT_PATH_MAX - 1; at += 200)
                path[at] = '/';
        path[EXPORT_PATH_MAX] = '\0';
        assert_made(world, path, 33, 34, 0700);
        assert_seen(world, path, PATH_DIRECTORY, "");
        assert_is(world, path, PATH_DIRECTORY, 33, 34, 0700);
}

static void change_by_others_is_seen_at_once(void **state)
{
        struct world *world = *state;
        const char *path = world_path(world, "/p/q");

        for (int i = 0; i < 3; i++) {
                assert_made(world, path, 33, 34, 0700);
                assert_seen(world, path, PATH_DIRECTORY, "");
                world_remove(world, path);
                assert_seen(world, path, PATH_ABSENT, "");
                world_put_link(world, path, "/etc");
                assert_seen(world, path, PATH_LINK, path);
                world_remove(world, path);
        }
}

/* Each path of a call gets what it would get alone; two of them may be the same, or in one another. */
static void several_paths_each_have_their_outcome(void **state)
{
        struct world *world = *state;
        static const struct {
                const char *path;
                enum fault_code code; /* of making it */
                enum path_kind seen;  /* before */
        } cases[] = {
                { "/new/one", FAULT_NONE, PATH_ABSENT },     { "/there", FAULT_NONE, PATH_DIRECTORY },
                { "/new/one/x", FAULT_NONE, PATH_ABSENT },   { "/new/one/y", FAULT_NONE, PATH_ABSENT },
                { "/link/x", FAULT_INVALID, PATH_LINK },     { "/new/one/x", FAULT_NONE, PATH_ABSENT },
                { "/file", FAULT_INVALID, PATH_OTHER },      { "/new/two/x", FAULT_NONE, PATH_ABSENT },
                { "/there/in", FAULT_NONE, PATH_DIRECTORY }, { "/there/in/z", FAULT_NONE, PATH_ABSENT },
                { "/half", FAULT_NONE, PATH_ABSENT },        { "/half", FAULT_NONE, PATH_ABSENT },
        };
        struct path_item items[ARRAY_SIZE(cases)] = { 0 };
        char paths[ARRAY_SIZE(cases)][64];

        world_put_directory(world, world_path(world, "/there"), 7, 8, 0711);
        world_put_directory(world, world_path(world, "/there/in"), 7, 8, 0700);
        world_put_directory(world, world_path(world, "/half"), 0, 0, DIRECTORY_UNFINISHED_MODE);
        world_put_link(world, world_path(world, "/link"), "there");
        world_put_file(world, world_path(world, "/file"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                snprintf(paths[i], sizeof paths[i], "%s%s", world->base, cases[i].path);
                items[i] = (struct path_item){ .path = paths[i], .wish = { 33, 34, 0750 } };
        }
        world->files.inspect(world->files.context, world->storage, items, ARRAY_SIZE(items), PATIENCE_MS);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (items[i].fault.code != FAULT_NONE || items[i].seen.kind != cases[i].seen)
                        fail_msg("inspect %s: kind %d, %s", paths[i], items[i].seen.kind, items[i].fault.text);
        world->files.make_directories(world->files.context, world->storage, items, ARRAY_SIZE(items), PATIENCE_MS);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (items[i].fault.code != cases[i].code)
                        fail_msg("make %s: %s", paths[i], items[i].fault.text);
        assert_is(world, world_path(world, "/there"), PATH_DIRECTORY, 7, 8, 0711);
        assert_is(world, world_path(world, "/there/x"), PATH_ABSENT, 0, 0, 0);
        assert_is(world, world_path(world, "/there/in"), PATH_DIRECTORY, 7, 8, 0700);
        assert_is(world, world_path(world, "/there/in/z"), PATH_DIRECTORY, 33, 34, 0750);
        assert_is(world, world_path(world, "/half"), PATH_DIRECTORY, 33, 34, 0750);
        assert_is(world, world_path(world, "/new/one/x"), PATH_DIRECTORY, 33, 34, 0750);
        assert_is(world, world_path(world, "/new/two/x"), PATH_DIRECTORY, 33, 34, 0750);
        assert_is(world, world_path(world, "/new/one"), PATH_DIRECTORY, 33, 34, 0750);
        assert_is(world, world_path(world, "/new"), PATH_DIRECTORY, 0, 0, 0755);
}

struct maker {
        struct world *world;
        const char *path;
        int failed;
        struct fault fault;
};

static void *maker_run(void *context)
{
        struct maker *maker = context;

        maker->failed = world_make(maker->world, maker->path, 33, 34, 0750, &maker->fault);
        return NULL;
}

/* Where maker `index` of a round works: all at one place, but on a volume each at its own. GlusterFS 10.3 was seen
 * to leave a directory that two clients made at the same moment in split brain (EIO from then on); Gatehouse makes
 * all directories in one thread, so that it does not ask for that. */
static void maker_path(const struct world *world, int round, size_t index, char path[64])
{
        if (world->storage->kind == STORAGE_CLUSTER)
                snprintf(path, 64, "%s/%d-%zu/x/y/z", world->base, round, index);
        else
                snprintf(path, 64, "%s/%d/x/y/z", world->base, round);
}

static void makers_at_the_same_time_all_succeed(void **state)
{
        struct world *world = *state;

        for (int round = 0; round < 10; round++) {
                struct maker makers[4];
                pthread_t threads[4];
                char paths[4][64];

                for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
                        maker_path(world, round, i, paths[i]);
                        makers[i] = (struct maker){ .world = world, .path = paths[i] };
                        pthread_create(&threads[i], NULL, maker_run, &makers[i]);
                }
                for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                        pthread_join(threads[i], NULL);
                for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
                        if (makers[i].failed)
                                fail_msg("%s", makers[i].fault.text);
                        assert_is(world, paths[i], PATH_DIRECTORY, 33, 34, 0750);
                }
        }
}

static void storage_is_fit(void **state)
{
        struct world *world = *state;
        struct fault fault = { 0 };

        if (world->files.check_storage(world->files.context, world->storage, PATIENCE_MS, &fault))
                fail_msg("%s", fault.text);
}

static const struct CMUnitTest common_cases[] = {
        CASE(root_is_a_directory),
        CASE(room_is_told),
        CASE(inspect_tells_what_is_there),
        CASE(make_gives_the_last_its_owner_and_parents_to_root),
        CASE(make_leaves_an_existing_directory_as_it_is),
        CASE(make_finishes_what_was_left_half_made),
        CASE(make_refuses_links_and_files_by_name),
        CASE(hostile_path_is_refused_and_makes_nothing),
        CASE(wish_out_of_range_is_refused),
        CASE(unusual_names_are_only_names),
        CASE(longest_path_is_made),
        CASE(change_by_others_is_seen_at_once),
        CASE(makers_at_the_same_time_all_succeed),
        CASE(several_paths_each_have_their_outcome),
        CASE(storage_is_fit),
};

int cases_run_with_common(const char *name, const struct CMUnitTest *more, size_t count)
{
        size_t total = ARRAY_SIZE(common_cases) + count;
        AUTO_FREE struct CMUnitTest *all = memory_new(total, sizeof *all);

        memcpy(all, common_cases, sizeof common_cases);
        if (count > 0)
                memcpy(all + ARRAY_SIZE(common_cases), more, count * sizeof *more);
        return _cmocka_run_group_tests(name, all, total, NULL, NULL);
}

static int cases_run_fake(void)
{
        world_open_fake(&the_world);
        return cases_run_with_common("fake", NULL, 0);
}

int main(int argc, char **argv)
{
        int failed;

        umask(022);
        if (argc == 1)
                failed = cases_run_fake();
        else if (argc == 4 && strcmp(argv[1], "single") == 0)
                failed = cases_run_single(argv + 1);
        else if (argc == 6 && strcmp(argv[1], "cluster") == 0)
                failed = cases_run_cluster(argv + 1);
        else
                return 2;
        world_close(&the_world);
        return failed;
}
