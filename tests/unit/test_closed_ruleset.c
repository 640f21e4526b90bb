/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/firewall/closed_ruleset.h"

static char folder[64], path[96];

static int setup(void **state)
{
        (void)state;
        strcpy(folder, "/tmp/test_closed_ruleset.XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        snprintf(path, sizeof path, "%s/" CLOSED_RULESET_NAME, folder);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        rmdir(path);
        unlink(path);
        return rmdir(folder);
}

static void put(const char *words)
{
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        text_add(&text, words);
        if (closed_ruleset_write(folder, &text, &fault))
                fail_msg("%s", fault.text);
}

static void assert_read(int code, const char *words)
{
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        if (closed_ruleset_read(path, &text, &fault) != -code)
                fail_msg("read: %s", fault.text);
        if (!code)
                assert_string_equal(text_get(&text), words);
}

static void ruleset_is_read_as_it_was_written(void **state)
{
        struct stat status;

        (void)state;
        put("one\n");
        put("another, longer one\n");
        put("two\n");
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0644);
        if (getuid() != 0)
                skip();
        assert_read(0, "two\n");
}

static void ruleset_that_is_there_already_is_not_written_again(void **state)
{
        struct stat before, after;

        (void)state;
        put("the same\n");
        assert_int_equal(stat(path, &before), 0);
        put("the same\n");
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
        put("the same, nearly\n");
        assert_int_equal(stat(path, &after), 0);
        assert_int_not_equal(before.st_ino, after.st_ino);
}

static void folder_is_made(void **state)
{
        (void)state;
        assert_int_equal(rmdir(folder), 0);
        put("one\n");
        assert_int_equal(access(path, F_OK), 0);
}

static void file_that_others_can_write_is_refused(void **state)
{
        (void)state;
        if (getuid() != 0)
                skip();
        put("one\n");
        assert_int_equal(chmod(path, 0646), 0);
        assert_read(FAULT_FORBIDDEN, NULL);
        assert_int_equal(chmod(path, 0664), 0);
        assert_read(FAULT_FORBIDDEN, NULL);
        assert_int_equal(chmod(path, 0644), 0);
        assert_read(0, "one\n");
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_read(FAULT_FORBIDDEN, NULL);
}

static void what_is_no_ruleset_is_refused(void **state)
{
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)state;
        assert_read(FAULT_NOT_FOUND, NULL);
        if (getuid() != 0)
                skip();
        put("");
        assert_read(FAULT_INVALID, NULL);
        text_add_bytes(&text, "a\0b", 3);
        assert_int_equal(closed_ruleset_write(folder, &text, &fault), 0);
        assert_read(FAULT_INVALID, NULL);
        assert_int_equal(truncate(path, 2 * 1024 * 1024), 0);
        assert_read(FAULT_INVALID, NULL);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/etc/passwd", path), 0);
        assert_read(FAULT_INTERNAL, NULL);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_read(FAULT_INVALID, NULL);
}

static void ruleset_is_removed_and_removing_it_again_is_no_fault(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        put("one\n");
        assert_int_equal(closed_ruleset_remove(folder, &fault), 0);
        assert_read(FAULT_NOT_FOUND, NULL);
        assert_int_equal(closed_ruleset_remove(folder, &fault), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(ruleset_is_read_as_it_was_written, setup, teardown),
                cmocka_unit_test_setup_teardown(ruleset_that_is_there_already_is_not_written_again, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(folder_is_made, setup, teardown),
                cmocka_unit_test_setup_teardown(file_that_others_can_write_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_no_ruleset_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(ruleset_is_removed_and_removing_it_again_is_no_fault, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
