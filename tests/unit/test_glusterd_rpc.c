/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The other side is a thread that answers one call with the bytes that a case gives it.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/gluster_dict.h"
#include "protocols/gluster/glusterd_rpc.h"

#define DEADLINE_MS 5000
#define ID "1cac9581-2778-4bb5-bb00-2e51824a55da"

/* A glusterd for one call. */
struct server {
        char folder[32], path[64];
        int listener;
        pthread_t thread;
        struct text request; /* as received, without the record mark */
        struct text answer;  /* records, with "xid" still to be put in at `xid_at` */
        size_t xid_at;
        bool silent; /* takes the call and waits for the caller to leave */
};

static struct server server;

static void word_add(struct text *text, uint32_t value)
{
        value = htonl(value);
        text_add_bytes(text, &value, sizeof value);
}

static void bytes_add(struct text *text, const void *bytes, size_t length)
{
        word_add(text, (uint32_t)length);
        text_add_bytes(text, bytes, length);
        while (text->length % 4)
                text_add_char(text, '\0');
}

static bool read_all(int fd, void *bytes, size_t length)
{
        char *at = bytes;

        while (length > 0) {
                ssize_t got = read(fd, at, length);

                if (got <= 0)
                        return false;
                at += got;
                length -= (size_t)got;
        }
        return true;
}

static void *server_run(void *context)
{
        AUTO_CLOSE int fd = accept(server.listener, NULL, NULL);
        uint32_t mark;
        char byte;

        (void)context;
        if (fd < 0 || !read_all(fd, &mark, sizeof mark))
                return NULL;
        mark = ntohl(mark) & 0x7FFFFFFF;
        AUTO_FREE char *bytes = memory_new(mark, 1);
        if (!read_all(fd, bytes, mark))
                return NULL;
        text_add_bytes(&server.request, bytes, mark);
        if (server.answer.length >= server.xid_at + 4)
                memcpy(server.answer.data + server.xid_at, bytes, 4);
        if (server.answer.length > 0 && write(fd, server.answer.data, server.answer.length) < 0)
                return NULL;
        if (server.silent)
                while (read(fd, &byte, 1) > 0)
                        ;
        return NULL;
}

static int server_make(void **state)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void)state;
        server = (struct server){ .folder = "/tmp/glusterd.XXXXXX" };
        assert_non_null(mkdtemp(server.folder));
        snprintf(server.path, sizeof server.path, "%s/socket", server.folder);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", server.path);
        server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(server.listener, 1), 0);
        return 0;
}

static int server_drop(void **state)
{
        (void)state;
        close(server.listener);
        unlink(server.path);
        rmdir(server.folder);
        text_fini(&server.request);
        text_fini(&server.answer);
        return 0;
}

/* Puts the accepted answer {result, 0, sentence, dict} into server.answer; sentence NULL: without one. */
static void answer_with(int result, const char *sentence, const struct gluster_dict *dict)
{
        AUTO_TEXT struct text record = { 0 }, pairs = { 0 };

        word_add(&record, 0); /* xid */
        word_add(&record, 1); /* REPLY */
        word_add(&record, 0); /* accepted */
        word_add(&record, 0); /* no verifier */
        word_add(&record, 0);
        word_add(&record, 0); /* SUCCESS */
        word_add(&record, (uint32_t)result);
        word_add(&record, 0);
        if (sentence)
                bytes_add(&record, sentence, strlen(sentence));
        if (dict)
                gluster_dict_render(dict, &pairs);
        bytes_add(&record, text_get(&pairs), pairs.length);
        word_add(&server.answer, 0x80000000u | (uint32_t)record.length);
        server.xid_at = server.answer.length;
        text_add_bytes(&server.answer, text_get(&record), record.length);
}

static int connect_and_start(void)
{
        struct fault fault = { 0 };
        int fd = glusterd_open(server.path, &fault);

        assert_true(fd >= 0);
        assert_int_equal(pthread_create(&server.thread, NULL, server_run, NULL), 0);
        return fd;
}

static void finish(int fd)
{
        close(fd);
        pthread_join(server.thread, NULL);
}

#define OWN_ID "6f0c2c1e-0000-4000-8000-000000000001"
#define PEER_ID "6f0c2c1e-0000-4000-8000-000000000002"

static void dict_of_volume(struct gluster_dict *dict)
{
        static const char *const pairs[][2] = {
                { "count", "1" },
                { "volume0.name", "data" },
                { "volume0.status", "1" },
                { "volume0.volume_id", ID },
                { "volume0.brick_count", "2" },
                { "volume0.brick1", "10.98.0.11:/run/bricks/1/data" },
                { "volume0.brick2", "n2:/b" },
                { "volume0.brick1.uuid", OWN_ID },
                { "volume0.brick2.uuid", PEER_ID },
                { "volume0.option.user.gatehouse-generation", "17" },
                { "volume0.option.auth.allow", "*" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                gluster_dict_add(dict, pairs[i][0], pairs[i][1]);
}

static int get(struct glusterd_volume *seen, struct fault *fault)
{
        int fd = connect_and_start();
        int failed = glusterd_volume_get(fd, "data", DEADLINE_MS, seen, fault);

        finish(fd);
        return failed;
}

static void volume_is_read_with_bricks_and_options(void **state)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        struct fault fault = { 0 };

        (void)state;
        dict_of_volume(&dict);
        answer_with(0, "", &dict);
        assert_int_equal(get(&seen, &fault), 0);
        assert_true(seen.exists && seen.started);
        assert_string_equal(seen.id, ID);
        assert_int_equal(seen.brick_count, 2);
        assert_string_equal(seen.bricks[0].host, "10.98.0.11");
        assert_string_equal(seen.bricks[0].path, "/run/bricks/1/data");
        assert_string_equal(seen.bricks[0].node, OWN_ID);
        assert_string_equal(seen.bricks[1].node, PEER_ID);
        assert_string_equal(seen.bricks[1].host, "n2");
        assert_string_equal(seen.bricks[1].path, "/b");
        assert_string_equal(glusterd_volume_option(&seen, "user.gatehouse-generation"), "17");
        assert_string_equal(glusterd_volume_option(&seen, "auth.allow"), "*");
        assert_null(glusterd_volume_option(&seen, "auth.reject"));
}

static void call_of_glusterds_own_is_passed_over(void **state)
{
        static const uint32_t words[] = { 0x80000000u | 24, 99, 0, 2, 52743234, 1, 1 };
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        struct fault fault = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                word_add(&server.answer, words[i]);
        dict_of_volume(&dict);
        answer_with(0, "", &dict);
        assert_int_equal(get(&seen, &fault), 0);
        assert_true(seen.exists);
}

static void volume_that_is_not_there_is_an_answer(void **state)
{
        static const struct {
                int result;
                const char *sentence;
        } cases[] = { { -1, "Volume does not exist" }, { 0, "" } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
                AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
                struct fault fault = { 0 };

                gluster_dict_add(&dict, "count", "0");
                text_clear(&server.answer);
                answer_with(cases[i].result, cases[i].sentence, &dict);
                assert_int_equal(get(&seen, &fault), 0);
                assert_false(seen.exists);
        }
}

/* Each is the dictionary of a volume with one pair said otherwise before it. */
static void volume_with_something_missing_is_refused(void **state)
{
        static const char *const wrong[][2] = {
                { "volume0.brick_count", "3" },          { "volume0.brick_count", "100001" },
                { "volume0.brick_count", "-1" },         { "volume0.brick_count", "2x" },
                { "volume0.brick_count", "4294967298" }, { "volume0.brick2", "no path" },
                { "volume0.volume_id", "short" },        { "volume0.status", "" },
                { "volume0.brick2.uuid", "short" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
                AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
                struct fault fault = { 0 };

                gluster_dict_add(&dict, wrong[i][0], wrong[i][1]);
                dict_of_volume(&dict);
                text_clear(&server.answer);
                answer_with(0, "", &dict);
                if (get(&seen, &fault) != -FAULT_INTERNAL)
                        fail_msg("%s = %s", wrong[i][0], wrong[i][1]);
        }
}

static void refusal_is_a_conflict_when_another_transaction_runs(void **state)
{
        static const struct {
                const char *sentence;
                int answer;
        } cases[] = {
                { "Another transaction is in progress for data. Please try again after some time.",
                  -FAULT_CONFLICT },
                { "Another transaction is in progress. Please try again after some time.", -FAULT_CONFLICT },
                { "Locking failed on 10.98.0.12. Please check log file for details.", -FAULT_CONFLICT },
                { "option : no.such does not exist", -FAULT_INVALID },
                { "", -FAULT_INVALID },
        };
        static const struct glusterd_option option = { "user.x", "1" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fault fault = { 0 };

                text_clear(&server.answer);
                answer_with(-1, cases[i].sentence, NULL);
                int fd = connect_and_start();
                assert_int_equal(glusterd_volume_set(fd, "data", &option, 1, DEADLINE_MS, &fault),
                                 cases[i].answer);
                finish(fd);
                assert_non_null(strstr(fault.text, cases[i].sentence));
        }
}

static void options_are_sent_in_one_dictionary(void **state)
{
        static const struct glusterd_option options[] = { { "a.b", "on" }, { "c.d", "/(10.98.0.11)" } };
        struct fault fault = { 0 };

        (void)state;
        answer_with(0, "", NULL);
        int fd = connect_and_start();
        assert_int_equal(glusterd_volume_set(fd, "data", options, 2, DEADLINE_MS, &fault), 0);
        finish(fd);
        /* Ten words of header, the length of the dictionary, the dictionary. */
        const char *dict = server.request.data + 44;
        size_t length = server.request.length - 44;
        assert_string_equal(gluster_dict_find(dict, length, "volname"), "data");
        assert_string_equal(gluster_dict_find(dict, length, "key1"), "a.b");
        assert_string_equal(gluster_dict_find(dict, length, "value1"), "on");
        assert_string_equal(gluster_dict_find(dict, length, "key2"), "c.d");
        assert_string_equal(gluster_dict_find(dict, length, "value2"), "/(10.98.0.11)");
        assert_string_equal(gluster_dict_find(dict, length, "count"), "4");
}

static void value_that_would_crash_glusterd_is_not_sent(void **state)
{
        AUTO_FREE char *value = memory_new(1, GLUSTERD_VALUE_MAX + 1);
        struct glusterd_option option = { "auth.allow", value };
        struct fault fault = { 0 };

        (void)state;
        memset(value, 'x', GLUSTERD_VALUE_MAX);
        int fd = connect_and_start();
        assert_int_equal(glusterd_volume_set(fd, "data", &option, 1, DEADLINE_MS, &fault), -FAULT_INVALID);
        finish(fd);
        assert_int_equal(server.request.length, 0);
}

static void port_is_that_of_a_brick_that_is_online(void **state)
{
        static const char *const pairs[][2] = {
                { "brick-index-max", "2" },   { "brick0.hostname", "n1" },
                { "brick0.path", "/a" },      { "brick0.port", "49152" },
                { "brick0.status", "1" },     { "brick1.hostname", "n1" },
                { "brick1.path", "/b" },      { "brick1.port", "49153" },
                { "brick1.status", "0" },     { "brick2.hostname", "Self-heal Daemon" },
                { "brick2.path", "uuid" },    { "brick2.port", "0" },
                { "brick2.status", "1" },     { "other-count", "2" },
                { "brick3.peerid", OWN_ID },  { "brick3.hostname", "Self-heal Daemon" },
                { "brick3.status", "1" },     { "brick4.hostname", "Self-heal Daemon" },
                { "brick4.peerid", PEER_ID }, { "brick4.status", "0" },
        };
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        struct fault fault = { 0 };

        (void)state;
        seen.brick_count = 2;
        seen.bricks = memory_new(2, sizeof *seen.bricks);
        seen.bricks[0] = (struct glusterd_brick){ .host = memory_text("n1"), .path = memory_text("/a") };
        seen.bricks[1] = (struct glusterd_brick){ .host = memory_text("n1"), .path = memory_text("/b") };
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                gluster_dict_add(&dict, pairs[i][0], pairs[i][1]);
        answer_with(0, "", &dict);
        int fd = connect_and_start();
        assert_int_equal(glusterd_volume_ports(fd, "data", DEADLINE_MS, &seen, &fault), 0);
        finish(fd);
        assert_int_equal(seen.bricks[0].port, 49152);
        assert_int_equal(seen.bricks[1].port, 0);
        assert_int_equal(seen.heal_daemon_count, 2);
        assert_string_equal(seen.heal_daemons[0].node, OWN_ID);
        assert_true(seen.heal_daemons[0].online);
        assert_string_equal(seen.heal_daemons[1].node, PEER_ID);
        assert_false(seen.heal_daemons[1].online);
}

/* Bricks n1:/a and n1:/b, as glusterd_volume_get leaves them; what is answered next is `pairs`. */
static int ask_about_two(const char *const (*pairs)[2], size_t count, struct glusterd_volume *seen,
                         int (*ask)(int, const char *, int, struct glusterd_volume *, struct fault *))
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        struct fault fault = { 0 };

        seen->brick_count = 2;
        seen->bricks = memory_new(2, sizeof *seen->bricks);
        seen->bricks[0] = (struct glusterd_brick){ .host = memory_text("n1"), .path = memory_text("/a") };
        seen->bricks[1] = (struct glusterd_brick){ .host = memory_text("n1"), .path = memory_text("/b") };
        for (size_t i = 0; i < count; i++)
                gluster_dict_add(&dict, pairs[i][0], pairs[i][1]);
        answer_with(0, "", &dict);
        int fd = connect_and_start();
        int failed = ask(fd, "data", DEADLINE_MS, seen, &fault);
        finish(fd);
        return failed;
}

static void entries_that_need_heal_are_counted_or_not_known(void **state)
{
        static const char *const told[][2] = { { "count", "2" },       { "0-hostname", "n1" }, { "0-path", "/a" },
                                               { "0-hardlinks", "0" }, { "1-hostname", "n1" }, { "1-path", "/b" },
                                               { "1-hardlinks", "12" } };
        static const char *const silent[][2] = {
                { "count", "2" },          { "0-hostname", "n1" },
                { "0-path", "/a" },        { "0-status", "Transport endpoint is not connected" },
                { "1-hostname", "n1" },    { "1-path", "/b" },
                { "1-shd-status", "off" }, { "1-hardlinks", "0" }
        };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 }, unseen = { 0 };

        (void)state;
        assert_int_equal(ask_about_two(told, ARRAY_SIZE(told), &seen, glusterd_volume_heals), 0);
        assert_true(seen.bricks[0].counted && seen.bricks[0].heals == 0);
        assert_true(seen.bricks[1].counted && seen.bricks[1].heals == 12);
        assert_int_equal(ask_about_two(silent, ARRAY_SIZE(silent), &unseen, glusterd_volume_heals), 0);
        assert_false(unseen.bricks[0].counted);
        assert_false(unseen.bricks[1].counted);
}

#define CRAWL(brick, crawl, type, running, count)                      \
        { "statistics_crawl_type-" brick "-" crawl, type },            \
                { "statistics_inprogress-" brick "-" crawl, running }, \
        {                                                              \
                "statistics_sb_cnt-" brick "-" crawl, count            \
        }

/* The newest crawl over an index that has ended tells; not one that runs, nor a full one. */
static void split_brain_is_what_the_last_crawl_could_not_decide(void **state)
{
        static const char *const told[][2] = { { "0-hostname", "n1" },
                                               { "0-path", "/a" },
                                               { "1-hostname", "n1" },
                                               { "1-path", "/b" },
                                               { "statistics-0-count", "4" },
                                               CRAWL("0", "0", "INDEX", "0", "7"),
                                               CRAWL("0", "1", "INDEX", "0", "2"),
                                               CRAWL("0", "2", "INDEX", "1", "1"),
                                               CRAWL("0", "3", "FULL", "0", "9"),
                                               { "statistics-1-count", "1" },
                                               CRAWL("1", "0", "INDEX", "1", "5") };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };

        (void)state;
        assert_int_equal(ask_about_two(told, ARRAY_SIZE(told), &seen, glusterd_volume_split_brains), 0);
        assert_true(seen.bricks[0].judged);
        assert_int_equal(seen.bricks[0].split_brain, 2);
        assert_false(seen.bricks[1].judged);
}

static void clients_of_a_brick_are_addresses_in_order(void **state)
{
        static const char *const told[][2] = {
                { "brick-index-max", "1" },
                { "brick0.hostname", "n1" },
                { "brick0.path", "/a" },
                { "brick0.clientcount", "3" },
                { "brick0.client0.hostname", "10.77.0.21:49151" },
                { "brick0.client1.hostname", "10.77.0.11:1020" },
                { "brick0.client2.hostname", "10.77.0.21:49150" },
                { "brick1.hostname", "n1" },
                { "brick1.path", "/b" },
        };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 }, cut = { 0 };

        (void)state;
        assert_int_equal(ask_about_two(told, ARRAY_SIZE(told), &seen, glusterd_volume_clients), 0);
        assert_int_equal(seen.bricks[0].client_count, 3);
        assert_string_equal(seen.bricks[0].clients[0], "10.77.0.11");
        assert_string_equal(seen.bricks[0].clients[1], "10.77.0.21");
        assert_string_equal(seen.bricks[0].clients[2], "10.77.0.21");
        assert_int_equal(seen.bricks[1].client_count, 0);
        assert_int_equal(ask_about_two(told, 6, &cut, glusterd_volume_clients), -FAULT_INTERNAL);
}

static void pool_is_read_with_this_node(void **state)
{
        static const char *const pairs[][2] = {
                { "count", "2" },
                { "friend1.uuid", PEER_ID },
                { "friend1.hostname", "10.77.0.12" },
                { "friend1.connected", "0" },
                { "friend2.uuid", OWN_ID },
                { "friend2.hostname", "localhost" },
        };
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTERD_POOL struct glusterd_pool pool = { 0 };
        struct fault fault = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                gluster_dict_add(&dict, pairs[i][0], pairs[i][1]);
        answer_with(0, NULL, &dict);
        int fd = connect_and_start();
        assert_int_equal(glusterd_pool_get(fd, DEADLINE_MS, &pool, &fault), 0);
        finish(fd);
        assert_int_equal(pool.count, 2);
        assert_string_equal(pool.nodes[0].id, PEER_ID);
        assert_string_equal(pool.nodes[0].name, "10.77.0.12");
        assert_false(pool.nodes[0].local);
        assert_false(pool.connected[0]);
        assert_true(pool.connected[1]);
        assert_string_equal(glusterd_pool_self(&pool)->id, OWN_ID);
        /* The flag that asks for this node too. */
        assert_memory_equal(server.request.data + 40, "\0\0\0\2", 4);
}

static void pool_without_this_node_is_refused(void **state)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTERD_POOL struct glusterd_pool pool = { 0 };
        struct fault fault = { 0 };

        (void)state;
        gluster_dict_add(&dict, "count", "1");
        gluster_dict_add(&dict, "friend1.uuid", PEER_ID);
        gluster_dict_add(&dict, "friend1.hostname", "10.77.0.12");
        answer_with(0, NULL, &dict);
        int fd = connect_and_start();
        assert_int_equal(glusterd_pool_get(fd, DEADLINE_MS, &pool, &fault), -FAULT_INTERNAL);
        finish(fd);
}

static void nobody_at_the_socket_is_unavailable(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(glusterd_open("/nonexistent/glusterd.socket", &fault), -FAULT_UNAVAILABLE);
}

static void silence_ends_with_the_deadline(void **state)
{
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        struct fault fault = { 0 };

        (void)state;
        server.silent = true;
        int fd = connect_and_start();
        assert_int_equal(glusterd_volume_get(fd, "data", 30, &seen, &fault), -FAULT_TIMEOUT);
        finish(fd);
}

static void hanging_up_is_unavailable(void **state)
{
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        struct fault fault = { 0 };

        (void)state;
        assert_int_equal(get(&seen, &fault), -FAULT_UNAVAILABLE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, server_make, server_drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(volume_is_read_with_bricks_and_options),
                CASE(call_of_glusterds_own_is_passed_over),
                CASE(volume_that_is_not_there_is_an_answer),
                CASE(volume_with_something_missing_is_refused),
                CASE(refusal_is_a_conflict_when_another_transaction_runs),
                CASE(options_are_sent_in_one_dictionary),
                CASE(value_that_would_crash_glusterd_is_not_sent),
                CASE(port_is_that_of_a_brick_that_is_online),
                CASE(entries_that_need_heal_are_counted_or_not_known),
                CASE(split_brain_is_what_the_last_crawl_could_not_decide),
                CASE(clients_of_a_brick_are_addresses_in_order),
                CASE(pool_is_read_with_this_node),
                CASE(pool_without_this_node_is_refused),
                CASE(nobody_at_the_socket_is_unavailable),
                CASE(silence_ends_with_the_deadline),
                CASE(hanging_up_is_unavailable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
