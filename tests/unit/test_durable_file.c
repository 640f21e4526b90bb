/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"

struct place {
        char path[32];
        int folder;
};

static int place_make(void **test)
{
        struct place *place = NEW(struct place);

        strcpy(place->path, "/tmp/durable.XXXXXX");
        assert_non_null(mkdtemp(place->path));
        place->folder = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(place->folder >= 0);
        *test = place;
        return 0;
}

static int place_remove(void **test)
{
        struct place *place = *test;

        unlinkat(place->folder, "name", 0);
        unlinkat(place->folder, "temporary", 0);
        close(place->folder);
        assert_int_equal(rmdir(place->path), 0);
        free(place);
        return 0;
}

static bool put(const struct place *place, const char *content)
{
        AUTO_TEXT struct text text = { 0 };

        text_add(&text, content);
        return durable_file_put(place->folder, "name", "temporary", &text);
}

static void assert_holds(const struct place *place, const char *expected)
{
        AUTO_CLOSE int fd = openat(place->folder, "name", O_RDONLY | O_CLOEXEC);
        char block[64];
        ssize_t length = read(fd, block, sizeof block);

        assert_int_equal(length, strlen(expected));
        assert_memory_equal(block, expected, strlen(expected));
}

static void file_put_replaces_what_is_there(void **test)
{
        struct place *place = *test;
        struct stat status;

        assert_true(put(place, "one\n"));
        assert_holds(place, "one\n");
        assert_true(put(place, ""));
        assert_holds(place, "");
        assert_int_equal(fstatat(place->folder, "name", &status, 0), 0);
        assert_int_equal(status.st_mode, S_IFREG | 0644);
        assert_int_equal(faccessat(place->folder, "temporary", F_OK, 0), -1);
}

static void file_temporary_of_a_crash_is_used_again(void **test)
{
        struct place *place = *test;
        AUTO_CLOSE int fd = openat(place->folder, "temporary", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_int_equal(write(fd, "a longer half", 13), 13);
        assert_true(put(place, "two\n"));
        assert_holds(place, "two\n");
}

static void file_link_in_the_way_leaves_it_as_it_was(void **test)
{
        struct place *place = *test;

        assert_true(put(place, "one\n"));
        assert_int_equal(symlinkat("name", place->folder, "temporary"), 0);
        assert_false(put(place, "two\n"));
        assert_int_equal(errno, ELOOP);
        assert_holds(place, "one\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(file_put_replaces_what_is_there, place_make, place_remove),
                cmocka_unit_test_setup_teardown(file_temporary_of_a_crash_is_used_again, place_make, place_remove),
                cmocka_unit_test_setup_teardown(file_link_in_the_way_leaves_it_as_it_was, place_make,
                                                place_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
