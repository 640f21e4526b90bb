/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/pool_key.h"
#include "base/memory.h"

static char folder[] = "/tmp/test-pool-key.XXXXXX", *path;

static int folder_make(void **state)
{
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        path = memory_format("%s/key", folder);
        return 0;
}

static int folder_drop(void **state)
{
        (void)state;
        unlink(path);
        rmdir(folder);
        free(path);
        return 0;
}

static void key_is_read_back_as_it_was_made(void **state)
{
        struct pool_key first, second;
        struct fault fault = { 0 };
        struct stat status;

        (void)state;
        assert_int_equal(pool_key_make(path, (uid_t)-1, &fault), 0);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(pool_key_read(path, &first, &fault), 0);
        assert_int_equal(pool_key_make(path, (uid_t)-1, &fault), -FAULT_CONFLICT);
        unlink(path);
        assert_int_equal(pool_key_make(path, (uid_t)-1, &fault), 0);
        assert_int_equal(pool_key_read(path, &second, &fault), 0);
        assert_memory_not_equal(&first, &second, sizeof first);
}

static void key_that_others_can_read_is_refused(void **state)
{
        static const mode_t modes[] = { 0640, 0604, 0620, 0777 };
        struct pool_key key;
        struct fault fault = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                assert_int_equal(chmod(path, modes[i]), 0);
                assert_int_equal(pool_key_read(path, &key, &fault), -FAULT_FORBIDDEN);
        }
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(pool_key_read(path, &key, &fault), 0);
}

static void what_is_no_key_is_refused(void **state)
{
        static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        static const struct {
                const char *format;
                int answer;
        } cases[] = {
                { "gatehouse-pool-key 1 %s\n", 0 },
                { "gatehouse-pool-key 1 %s", -FAULT_INVALID },
                { "gatehouse-pool-key 1 %s\n\n", -FAULT_INVALID },
                { "gatehouse-pool-key 2 %s\n", -FAULT_INVALID },
                { "gatehouse-pool-key 1 %.62sg0\n", -FAULT_INVALID },
                { "gatehouse-pool-key 1 %.62s\n", -FAULT_INVALID },
                { "%s\n", -FAULT_INVALID },
                { "%.0s", -FAULT_INVALID },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                FILE *file = fopen(path, "w");
                struct pool_key key;
                struct fault fault = { 0 };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                fprintf(file, cases[i].format, digits);
#pragma GCC diagnostic pop
                fclose(file);
                assert_int_equal(pool_key_read(path, &key, &fault), cases[i].answer);
        }
}

static void missing_key_is_unavailable(void **state)
{
        struct pool_key key;
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(pool_key_read("/nonexistent/key", &key, &fault), -FAULT_UNAVAILABLE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(key_is_read_back_as_it_was_made),
                cmocka_unit_test(key_that_others_can_read_is_refused),
                cmocka_unit_test(what_is_no_key_is_refused),
                cmocka_unit_test(missing_key_is_unavailable),
        };

        return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
