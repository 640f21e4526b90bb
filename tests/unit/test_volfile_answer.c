/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/gluster/volfile_answer.h"

#define VOLFILE "volume data\n    type meta\nend-volume\n"

static struct volume_brick bricks[] = { { .path = (char[]){ "/bricks/1" }, .port = 49152 },
                                        { .path = (char[]){ "/bricks/2" }, .port = 0 } };
static const struct volfile_served served = { .volume = (char[]){ "data" },
                                              .text = (char[]){ VOLFILE },
                                              .length = sizeof VOLFILE - 1,
                                              .bricks = bricks,
                                              .brick_count = 2 };

static void put(struct text *out, uint32_t word)
{
        word = htonl(word);
        text_add_bytes(out, &word, sizeof word);
}

static void put_opaque(struct text *out, const void *bytes, size_t length)
{
        put(out, (uint32_t)length);
        text_add_bytes(out, bytes, length);
        text_add_bytes(out, "\0\0\0", -length % 4);
}

static uint32_t word_at(const struct text *text, size_t at)
{
        uint32_t word;

        assert_true((at + 1) * sizeof word <= text->length);
        memcpy(&word, text->data + at * sizeof word, sizeof word);
        return ntohl(word);
}

/* A call of transaction 7 with `credentials` bytes of credentials. */
static void put_call(struct text *out, uint32_t program, uint32_t version, uint32_t number, size_t credentials)
{
        AUTO_FREE char *bytes = memory_new(1, credentials + 1);
        const uint32_t head[] = { 7, 0, 2, program, version, number };

        for (size_t i = 0; i < ARRAY_SIZE(head); i++)
                put(out, head[i]);
        put(out, credentials ? 390039 : 0);
        put_opaque(out, bytes, credentials);
        put(out, 0);
        put(out, 0);
}

static void put_getspec(struct text *out, const char *key, size_t length)
{
        put(out, 0);
        put_opaque(out, key, length);
        put_opaque(out, "\0\0\0", 4);
}

/* Answers; the reply must be whole, and to transaction 7. Returns the accept_stat. */
static uint32_t answer(const struct text *call, struct text *reply, enum volfile_verdict *verdict)
{
        text_clear(reply);
        *verdict = volfile_answer(&served, call->data, call->length, reply);
        assert_int_not_equal(*verdict, VOLFILE_HANG_UP);
        assert_int_equal(word_at(reply, 0), 0x80000000u | (reply->length - 4));
        assert_int_equal(word_at(reply, 1), 7);
        assert_int_equal(word_at(reply, 2), 1); /* REPLY */
        assert_int_equal(word_at(reply, 3), 0); /* MSG_ACCEPTED */
        return word_at(reply, 6);
}

static void key_of_the_volume_alone_gets_the_volfile(void **state)
{
        static const struct {
                const char *key;
                size_t length;
                bool is_served;
        } rows[] = {
                { "data", 4, true },
                { "/data", 5, true },
                { "//data", 6, false },
                { "", 0, false },
                { "/", 1, false },
                { "data2", 5, false },
                { "dat", 3, false },
                { "data\0x", 6, false },
                { "shd/data", 8, false },
                { "gfproxyd/data", 13, false },
                { "data.gfproxyd", 13, false },
                { "trusted-data", 12, false },
                { "data.10.0.0.1.bricks-1", 22, false },
                { "/data/dir", 9, false },
                { "../data", 7, false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text call = { 0 }, reply = { 0 };
                enum volfile_verdict verdict;

                put_call(&call, 14398633, 2, 2, 0);
                put_getspec(&call, rows[i].key, rows[i].length);
                assert_int_equal(answer(&call, &reply, &verdict), 0);
                assert_int_equal(verdict, rows[i].is_served ? VOLFILE_FETCHED : VOLFILE_ANSWERED);
                assert_int_equal((int32_t)word_at(&reply, 7), rows[i].is_served ? (int)served.length : -1);
                assert_int_equal(word_at(&reply, 8), rows[i].is_served ? 0 : 2); /* ENOENT */
                assert_int_equal(word_at(&reply, 9), rows[i].is_served ? served.length : 0);
                if (rows[i].is_served)
                        assert_memory_equal(reply.data + 40, VOLFILE, sizeof VOLFILE - 1);
                assert_int_equal(reply.length, 40 + (rows[i].is_served ? (sizeof VOLFILE + 2) / 4 * 4 : 0) + 4);
        }
}

static void without_a_volume_nothing_is_found(void **state)
{
        const struct volfile_served none = { 0 };
        AUTO_TEXT struct text call = { 0 }, reply = { 0 };

        (void)state;
        put_call(&call, 14398633, 2, 2, 0);
        put_getspec(&call, "", 0);
        assert_int_equal(volfile_answer(&none, call.data, call.length, &reply), VOLFILE_ANSWERED);
        assert_int_equal((int32_t)word_at(&reply, 7), -1);
}

static void port_is_told_of_running_bricks_of_the_volume(void **state)
{
        static const struct {
                const char *path;
                int32_t op_ret;
                uint32_t port;
        } rows[] = {
                { "/bricks/1", 0, 49152 }, { "/bricks/2", -1, 0 }, { "/bricks/3", -1, 0 },
                { "/bricks/1/", -1, 0 },   { "", -1, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text call = { 0 }, reply = { 0 };
                enum volfile_verdict verdict;

                put_call(&call, 34123456, 1, 1, 0);
                put_opaque(&call, rows[i].path, strlen(rows[i].path));
                assert_int_equal(answer(&call, &reply, &verdict), 0);
                assert_int_equal(verdict, VOLFILE_ANSWERED);
                assert_int_equal((int32_t)word_at(&reply, 7), rows[i].op_ret);
                assert_int_equal(word_at(&reply, 10), rows[i].port);
                assert_int_equal(reply.length, 44);
        }
}

static void dump_lists_these_programs(void **state)
{
        static const uint32_t numbers[] = { 14398633, 34123456, 123451501 };
        AUTO_TEXT struct text call = { 0 }, reply = { 0 };
        enum volfile_verdict verdict;
        size_t at = 11; /* after gfs_id, op_ret and op_errno */

        (void)state;
        put_call(&call, 123451501, 1, 1, 0);
        put(&call, 0);
        put(&call, 5);
        assert_int_equal(answer(&call, &reply, &verdict), 0);
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                assert_int_equal(word_at(&reply, at), 1);
                at += 2 + (word_at(&reply, at + 1) + 3) / 4;
                assert_int_equal(word_at(&reply, at + 1), numbers[i]);
                at += 4;
        }
        assert_int_equal(word_at(&reply, at), 0);
        assert_int_equal(reply.length, (at + 1) * 4);
}

static void what_no_mount_needs_is_refused(void **state)
{
        enum { PROG_UNAVAIL_SAID = 1, PROG_MISMATCH_SAID, PROC_UNAVAIL_SAID, GARBAGE_SAID };
        static const struct {
                const char *what;
                uint32_t program, version, number, said;
        } rows[] = {
                { "command line", 1238463, 2, 5, PROG_UNAVAIL_SAID },
                { "management", 1238433, 2, 1, PROG_UNAVAIL_SAID },
                { "management v3", 1238433, 3, 1, PROG_UNAVAIL_SAID },
                { "friend", 1238437, 2, 1, PROG_UNAVAIL_SAID },
                { "management handshake", 1239873, 1, 1, PROG_UNAVAIL_SAID },
                { "file operations", 1298437, 400, 1, PROG_UNAVAIL_SAID },
                { "the portmapper", 100000, 2, 4, PROG_UNAVAIL_SAID },
                { "program 0", 0, 0, 0, PROG_UNAVAIL_SAID },
                { "handshake version 1", 14398633, 1, 2, PROG_MISMATCH_SAID },
                { "setvolume", 14398633, 2, 1, PROC_UNAVAIL_SAID },
                { "event notify", 14398633, 2, 5, PROC_UNAVAIL_SAID },
                { "volume info", 14398633, 2, 6, PROC_UNAVAIL_SAID },
                { "sign in a brick", 34123456, 1, 5, PROC_UNAVAIL_SAID },
                { "brick by port", 34123456, 1, 2, PROC_UNAVAIL_SAID },
                { "the largest number", 34123456, 1, UINT32_MAX, PROC_UNAVAIL_SAID },
                { "getspec without arguments", 14398633, 2, 2, GARBAGE_SAID },
                { "port without arguments", 34123456, 1, 1, GARBAGE_SAID },
                { "dump without arguments", 123451501, 1, 1, GARBAGE_SAID },
                { "null", 14398633, 2, 0, 0 },
                { "ping", 14398633, 2, 3, 0 },
                { "dump's ping", 123451501, 1, 2, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text call = { 0 }, reply = { 0 };
                enum volfile_verdict verdict;

                put_call(&call, rows[i].program, rows[i].version, rows[i].number, 0);
                if (answer(&call, &reply, &verdict) != rows[i].said)
                        fail_msg("%s: answered %u, not %u", rows[i].what, word_at(&reply, 6), rows[i].said);
                assert_int_equal(verdict, VOLFILE_ANSWERED);
                if (rows[i].said != 0 && rows[i].said != PROG_MISMATCH_SAID)
                        assert_int_equal(reply.length, 28);
        }
}

static void other_version_of_rpc_is_denied(void **state)
{
        AUTO_TEXT struct text call = { 0 }, reply = { 0 };

        (void)state;
        put_call(&call, 14398633, 2, 3, 0);
        call.data[11] = 3;
        assert_int_equal(volfile_answer(&served, call.data, call.length, &reply), VOLFILE_ANSWERED);
        assert_int_equal(word_at(&reply, 3), 1); /* MSG_DENIED */
        assert_int_equal(reply.length, 28);
}

static void credentials_up_to_the_limit_pass(void **state)
{
        static const struct {
                size_t length;
                bool passes;
        } rows[] = { { 1, true }, { 401, true }, { 2048, true }, { 2049, false } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text call = { 0 }, reply = { 0 };

                put_call(&call, 14398633, 2, 3, rows[i].length);
                assert_int_equal(volfile_answer(&served, call.data, call.length, &reply),
                                 rows[i].passes ? VOLFILE_ANSWERED : VOLFILE_HANG_UP);
        }
}

static void what_is_cut_or_no_call_is_hung_up_on(void **state)
{
        AUTO_TEXT struct text call = { 0 }, reply = { 0 };
        AUTO_FREE char *large = memory_new(1, VOLFILE_REQUEST_MAX + 1);

        (void)state;
        put_call(&call, 14398633, 2, 3, 12);
        for (size_t length = 0; length < call.length; length++) {
                /* A copy of that length, so that a sanitizer sees a read past it. */
                AUTO_FREE char *exact = memory_new(1, length ? length : 1);

                memcpy(exact, call.data, length);
                assert_int_equal(volfile_answer(&served, exact, length, &reply), VOLFILE_HANG_UP);
        }
        memcpy(large, call.data, call.length);
        assert_int_equal(volfile_answer(&served, large, VOLFILE_REQUEST_MAX + 1, &reply), VOLFILE_HANG_UP);
        call.data[7] = 1; /* a reply, as if it were to a push */
        assert_int_equal(volfile_answer(&served, call.data, call.length, &reply), VOLFILE_HANG_UP);
        assert_int_equal(reply.length, 0);
}

static void name_longer_than_its_record_is_garbage(void **state)
{
        static const uint32_t lengths[] = { 5, 4097, 0x7fffffff, 0xffffffff };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
                AUTO_TEXT struct text call = { 0 }, reply = { 0 };
                enum volfile_verdict verdict;

                put_call(&call, 34123456, 1, 1, 0);
                put(&call, lengths[i]);
                text_add(&call, "data");
                assert_int_equal(answer(&call, &reply, &verdict), 4);
        }
}

static void only_harmless_volfiles_are_served(void **state)
{
        static const struct {
                const char *volume, *text;
                size_t length; /* 0: all */
                int failed;
        } rows[] = {
                { "data", VOLFILE, 0, 0 },
                { "../data", VOLFILE, 0, -FAULT_INVALID },
                { "", VOLFILE, 0, -FAULT_INVALID },
                { NULL, VOLFILE, 0, -FAULT_INVALID },
                { "data", "", 0, -FAULT_INVALID },
                { "data", "volume a\n", 10, -FAULT_INVALID }, /* its NUL with it */
                { "data", "volume `a`\n", 0, -FAULT_INVALID },
                { "data", "volume a\n    option username u\n", 0, -FAULT_INVALID },
                { "data", "volume a\n    option password p\n", 0, -FAULT_INVALID },
        };
        struct volfile_served large = { (char[]){ "data" }, memory_new(1, VOLFILE_SERVED_MAX + 1),
                                        VOLFILE_SERVED_MAX, NULL, 0 };
        struct fault fault;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct volfile_served row = { (char *)(uintptr_t)rows[i].volume, (char *)(uintptr_t)rows[i].text,
                                              rows[i].length ? rows[i].length : strlen(rows[i].text), NULL, 0 };

                assert_int_equal(volfile_served_check(&row, &fault), rows[i].failed);
        }
        memset(large.text, '\n', VOLFILE_SERVED_MAX + 1);
        assert_int_equal(volfile_served_check(&large, &fault), 0);
        large.length++;
        assert_int_equal(volfile_served_check(&large, &fault), -FAULT_INVALID);
        free(large.text);
}

static void push_is_a_call_of_fetchspec(void **state)
{
        static const uint32_t words[] = { 0x80000028, 0, 0, 2, 52743234, 1, 1, 0, 0, 0, 0 };
        AUTO_TEXT struct text push = { 0 };

        (void)state;
        volfile_push_render(&push);
        assert_int_equal(push.length, sizeof words);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                assert_int_equal(word_at(&push, i), words[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(key_of_the_volume_alone_gets_the_volfile),
                cmocka_unit_test(without_a_volume_nothing_is_found),
                cmocka_unit_test(port_is_told_of_running_bricks_of_the_volume),
                cmocka_unit_test(dump_lists_these_programs),
                cmocka_unit_test(what_no_mount_needs_is_refused),
                cmocka_unit_test(other_version_of_rpc_is_denied),
                cmocka_unit_test(credentials_up_to_the_limit_pass),
                cmocka_unit_test(what_is_cut_or_no_call_is_hung_up_on),
                cmocka_unit_test(name_longer_than_its_record_is_garbage),
                cmocka_unit_test(only_harmless_volfiles_are_served),
                cmocka_unit_test(push_is_a_call_of_fetchspec),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
