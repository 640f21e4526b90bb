/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/client_volfile.h"
#include "protocols/gluster/volfile_answer.h"

/* glusterd's folder with one volume, `data`. */
struct folder {
        char path[64];
        char *volfile;
};

static void folder_make(struct folder *folder)
{
        AUTO_FREE char *volume = NULL, *vols = NULL;

        strcpy(folder->path, "/tmp/client_volfile.XXXXXX");
        assert_non_null(mkdtemp(folder->path));
        vols = memory_format("%s/vols", folder->path);
        volume = memory_format("%s/data", vols);
        assert_int_equal(mkdir(vols, 0700), 0);
        assert_int_equal(mkdir(volume, 0700), 0);
        folder->volfile = memory_format("%s/data.tcp-fuse.vol", volume);
}

static void folder_remove(struct folder *folder)
{
        AUTO_FREE char *volume = memory_format("%s/vols/data", folder->path);
        AUTO_FREE char *vols = memory_format("%s/vols", folder->path);

        unlink(folder->volfile);
        rmdir(volume);
        rmdir(vols);
        rmdir(folder->path);
        free(folder->volfile);
}

static void file_write(const char *path, const char *text, size_t length)
{
        AUTO_FCLOSE FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, length, file), length);
}

static void volfile_is_read_when_it_may_be_served(void **state)
{
#define GRAPH "volume data\n    type debug/io-stats\nend-volume\n"
        static const struct {
                const char *text;
                int failed;
        } rows[] = {
                { GRAPH, 0 },
                { GRAPH "\n", 0 },
                { "volume data-client-0\n    option username 1\nend-volume\n", -FAULT_FORBIDDEN },
                { "volume data-client-0\n    option password 1\nend-volume\n", -FAULT_FORBIDDEN },
                { "volume data\n    option log `id`\nend-volume\n", -FAULT_FORBIDDEN },
                { "", -FAULT_UNAVAILABLE },
                { "\n", -FAULT_UNAVAILABLE },
                { "volume data\n    type debug/io-st", -FAULT_UNAVAILABLE },
                { "volume data\n    type debug/io-stats\nend-volume", -FAULT_UNAVAILABLE },
        };
        struct folder folder;

        (void)state;
        folder_make(&folder);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text text = { 0 };
                struct fault fault = { 0 };

                file_write(folder.volfile, rows[i].text, strlen(rows[i].text));
                assert_int_equal(client_volfile_read(folder.path, "data", &text, &fault), rows[i].failed);
                assert_string_equal(text_get(&text), rows[i].failed ? "" : rows[i].text);
        }
        folder_remove(&folder);
}

static void what_is_no_file_of_the_volume_is_not_read(void **state)
{
        AUTO_FREE char *large = memory_new(1, VOLFILE_SERVED_MAX + 1);
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };
        struct folder folder;

        (void)state;
        folder_make(&folder);
        assert_int_equal(client_volfile_read(folder.path, "data", &text, &fault), -FAULT_NOT_FOUND);
        assert_int_equal(client_volfile_read(folder.path, "other", &text, &fault), -FAULT_NOT_FOUND);
        assert_int_equal(symlink("/etc/passwd", folder.volfile), 0);
        assert_true(client_volfile_read(folder.path, "data", &text, &fault) < 0);
        unlink(folder.volfile);
        assert_int_equal(mkfifo(folder.volfile, 0600), 0);
        assert_int_equal(client_volfile_read(folder.path, "data", &text, &fault), -FAULT_INVALID);
        unlink(folder.volfile);
        memset(large, '\n', VOLFILE_SERVED_MAX + 1);
        file_write(folder.volfile, large, VOLFILE_SERVED_MAX + 1);
        assert_int_equal(client_volfile_read(folder.path, "data", &text, &fault), -FAULT_TOO_LARGE);
        assert_int_equal(text.length, 0);
        folder_remove(&folder);
}

static void act_takes_names_of_volumes_alone(void **state)
{
        static const char *const names[] = { "", "../data", "data/../../x", "a b" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, ACT_GLUSTERD_CLIENT_VOLFILE);
                message_init(&reply, 0);
                message_put_text(&request, names[i]);
                assert_int_equal(client_volfile_run(NULL, &request, &reply, &fault), -FAULT_MALFORMED);
                assert_int_equal(reply.fd, -1);
        }
}

static void sealed_memory_comes_back_and_nothing_else_does(void **state)
{
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };
        AUTO_CLOSE int sealed = sealed_memory_make("test", "abc", 3, &fault);
        AUTO_CLOSE int open_memory = memfd_create("test", MFD_ALLOW_SEALING);
        int ends[2];

        (void)state;
        assert_true(sealed >= 0);
        assert_int_equal(write(sealed, "x", 1), -1);
        for (int i = 1; i <= 2; i++) { /* where it is read does not move */
                assert_int_equal(sealed_memory_read(sealed, 3, &text, &fault), 0);
                assert_int_equal(text.length, 3 * i);
        }
        assert_string_equal(text_get(&text), "abcabc");
        assert_int_equal(sealed_memory_read(sealed, 2, &text, &fault), -FAULT_MALFORMED);
        assert_int_equal(sealed_memory_read(open_memory, 3, &text, &fault), -FAULT_MALFORMED);
        assert_int_equal(sealed_memory_read(-1, 3, &text, &fault), -FAULT_MALFORMED);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(sealed_memory_read(ends[0], 3, &text, &fault), -FAULT_MALFORMED);
        close(ends[0]);
        close(ends[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(volfile_is_read_when_it_may_be_served),
                cmocka_unit_test(what_is_no_file_of_the_volume_is_not_read),
                cmocka_unit_test(act_takes_names_of_volumes_alone),
                cmocka_unit_test(sealed_memory_comes_back_and_nothing_else_does),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
