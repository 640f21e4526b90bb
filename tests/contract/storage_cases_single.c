/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cases of contract_storage_files for a local file system.
 */
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/files/local_files.h"
#include "tests/contract/world_of_files.h"

static char **arguments;

static void mounted(const char *what, const char *where, const char *type, unsigned long flags, const char *data)
{
        if (mount(what, where, type, flags, data))
                fail_msg("mount %s on %s: %s", type ? type : what, where, strerror(errno));
}

static void mount_point_on_the_way_is_not_crossed(void **state)
{
        struct world *world = *state;
        char where[128];

        world_put_directory(world, world_path(world, "/m"), 0, 0, 0755);
        snprintf(where, sizeof where, "%s%s/m", world->view, world->base);
        mounted("tmpfs", where, "tmpfs", 0, NULL);
        mkdir(strcat(where, "/in"), 0755);
        assert_seen(world, world_path(world, "/m/in"), PATH_OTHER, world_path(world, "/m"));
        assert_refused(world, world_path(world, "/m/new"), world_path(world, "/m is not a directory"));
        *strrchr(where, '/') = '\0';
        umount2(where, MNT_DETACH);
        /* The same file system again, by a bind mount. */
        mounted(world->view, where, NULL, MS_BIND, NULL);
        assert_seen(world, world_path(world, "/m"), PATH_OTHER, world_path(world, "/m"));
        umount2(where, MNT_DETACH);
}

static char scratch_texts[8][512];

/* `name` below the scratch directory; made. */
static const char *scratch(const char *name)
{
        static unsigned next;
        char *at = scratch_texts[next++ % 8];

        snprintf(at, sizeof scratch_texts[0], "%s/%s", arguments[2], name);
        mkdir(at, 0755);
        return at;
}

static void assert_unfit(struct world *world, const char *mount_root, const char *sentence)
{
        struct fault fault = { 0 };
        struct path_seen seen;

        if (local_files_check(&world->real.helper, mount_root, PATIENCE_MS, &fault) != -FAULT_INVALID)
                fail_msg("%s is said to be fit", mount_root);
        if (!strstr(fault.text, sentence))
                fail_msg("%s: \"%s\" has no \"%s\"", mount_root, fault.text, sentence);
        /* The acts do not rely on somebody having asked. */
        assert_int_equal(local_files_inspect(&world->real.helper, mount_root, "/", PATIENCE_MS, &seen, NULL),
                         -FAULT_INVALID);
        assert_int_equal(local_files_make_directory(&world->real.helper, mount_root, "/new",
                                                    &(struct directory_wish){ 0, 0, 0755 }, PATIENCE_MS, NULL),
                         -FAULT_INVALID);
}

static void root_that_is_no_file_system_of_its_own_is_refused(void **state)
{
        struct world *world = *state;
        AUTO_FREE char *data =
                memory_format("lowerdir=%s,upperdir=%s,workdir=%s", scratch("l"), scratch("u"), scratch("w"));
        AUTO_FREE char *plain = memory_format("%s/plain", world->view);
        AUTO_FREE char *link = memory_format("%s/link", arguments[2]);

        assert_unfit(world, "/", "has to be an absolute path other than /");
        assert_unfit(world, "data", "has to be an absolute path other than /");
        assert_unfit(world, "/data/../etc", "has to be an absolute path other than /");
        assert_unfit(world, scratch(""), "has to be an absolute path other than /"); /* ends in a slash */
        assert_unfit(world, "/no/such/place", "No such file or directory");
        assert_unfit(world, "/etc/passwd", "Not a directory");
        assert_unfit(world, "/proc", "type proc");
        mounted("overlay", scratch("overlay"), "overlay", 0, data);
        assert_unfit(world, scratch("overlay"), "of type overlay; ext4 or xfs has to be mounted there");
        mounted("tmpfs", scratch("tmpfs"), "tmpfs", 0, NULL);
        assert_unfit(world, scratch("tmpfs"), "type tmpfs");
        assert_int_equal(symlink(world->view, link), 0);
        assert_unfit(world, link, "symbolic link");
        assert_int_equal(mkdir(plain, 0755), 0);
        assert_unfit(world, plain, "it is not a mount point");
        mounted(plain, scratch("part"), NULL, MS_BIND, NULL);
        assert_unfit(world, scratch("part"), "only a part of a larger file system");
        umount2(scratch("part"), MNT_DETACH);
        assert_int_equal(rmdir(plain), 0);
}

/* What was found of a mount is not believed of the next one, to which the kernel gives the same id. */
static void mount_that_takes_the_place_of_another_is_looked_at(void **state)
{
        struct world *world = *state;
        AUTO_FREE char *plain = memory_format("%s/plain", world->view);
        const char *where = scratch("place");
        struct fault fault = { 0 };

        assert_int_equal(mkdir(plain, 0755), 0);
        for (int i = 0; i < 3; i++) {
                mounted(world->view, where, NULL, MS_BIND, NULL);
                if (local_files_check(&world->real.helper, where, PATIENCE_MS, &fault))
                        fail_msg("%s", fault.text);
                assert_int_equal(umount2(where, 0), 0);
                mounted(plain, where, NULL, MS_BIND, NULL);
                assert_unfit(world, where, "only a part of a larger file system");
                assert_int_equal(umount2(where, 0), 0);
        }
        assert_int_equal(rmdir(plain), 0);
}

/* Each capability of a row is needed by something the act has to do; none is there for comfort. */
static void capability_taken_away_is_missed(void **state)
{
        static const uint64_t needed[] = { CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER, CAP_FSETID };
        struct world *world = *state;

        world_put_directory(world, world_path(world, "/theirs"), 1000, 1000, 0700);
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
                const char *path = world_path(world, "/theirs/new");
                struct fault fault = { 0 };

                world->direct.withheld = UINT64_C(1) << needed[i];
                int failed = world_make(world, path, 1000, 1000, 02755, &fault);
                struct fake_file file = world_look(world, path);
                if (!failed && file.mode == 02755)
                        fail_msg("capability %d is not needed", (int)needed[i]);
                world->direct.withheld = 0;
                if (file.kind == PATH_DIRECTORY)
                        world_remove(world, path);
                assert_made(world, path, 1000, 1000, 02755);
                assert_is(world, path, PATH_DIRECTORY, 1000, 1000, 02755);
                world_remove(world, path);
        }
        struct path_seen seen;
        world->direct.withheld = UINT64_C(1) << CAP_DAC_READ_SEARCH;
        assert_int_equal(world_inspect(world, world_path(world, "/theirs/new"), &seen, NULL), -FAULT_UNAVAILABLE);
        world->direct.withheld = 0;
        assert_seen(world, world_path(world, "/theirs/new"), PATH_ABSENT, "");
}

int cases_run_single(char **all_arguments)
{
        static const struct CMUnitTest cases[] = {
                CASE(link_swapped_in_during_the_walk_is_never_followed),
                CASE(mount_point_on_the_way_is_not_crossed),
                CASE(root_that_is_no_file_system_of_its_own_is_refused),
                CASE(mount_that_takes_the_place_of_another_is_looked_at),
                CASE(capability_taken_away_is_missed),
                CASE(timings_are_told),
        };

        arguments = all_arguments;
        world_open_single(&the_world, arguments[1]);
        return cases_run_with_common("single", cases, ARRAY_SIZE(cases));
}
