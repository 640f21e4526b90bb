/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The brick probe against a brick that answers what a case says; what real ones answer is the contract's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/gluster_dict.h"
#include "tests/fakes/direct_caller.h"

enum manner {
        ANSWERS,
        ANSWERS_IN_FRAGMENTS,
        CALLS_FIRST,          /* as bricks do with their notifications */
        ANSWERS_OTHERS_FIRST, /* another call's answer comes before */
        REFUSES_THE_CALL,
        CLOSES,
        HANGS,
        SENDS_A_STUB,
        SENDS_WITHOUT_END,
        SENDS_NONSENSE,
};

struct script {
        enum manner manner;
        int op_ret, op_errno;
        const char *error;
        bool introduces_itself; /* sends process-uuid, as to a client that it has let in */
};

struct brick {
        struct script script;
        int listener;
        char request[4096];
        size_t request_length;
};

static void word_add(struct text *out, uint32_t word)
{
        word = htonl(word);
        text_add_bytes(out, &word, sizeof word);
}

static uint32_t request_word(const struct brick *brick, size_t index)
{
        uint32_t word;

        memcpy(&word, brick->request + 4 * index, sizeof word);
        return ntohl(word);
}

static void send_all(int fd, const void *bytes, size_t length)
{
        if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
                abort();
}

static void send_fragment(int fd, const char *bytes, size_t length, bool last)
{
        uint32_t mark = htonl((uint32_t)length | (last ? 0x80000000u : 0));

        send_all(fd, &mark, sizeof mark);
        send_all(fd, bytes, length);
}

/* The accepted reply to the call `xid` (RFC 5531, 9). */
static void answer_render(const struct script *script, uint32_t xid, struct text *out)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_TEXT struct text wire = { 0 };
        static const uint32_t accepted[] = { 1, 0, 0, 0, 0 };

        gluster_dict_add(&dict, "ERROR", script->error);
        if (script->introduces_itself)
                gluster_dict_add(&dict, "process-uuid", "a-brick");
        gluster_dict_render(&dict, &wire);
        word_add(out, xid);
        for (size_t i = 0; i < ARRAY_SIZE(accepted); i++)
                word_add(out, accepted[i]);
        word_add(out, (uint32_t)script->op_ret);
        word_add(out, (uint32_t)script->op_errno);
        word_add(out, (uint32_t)wire.length);
        text_add_bytes(out, wire.data, wire.length);
        text_add_bytes(out, "\0\0\0", (4 - wire.length % 4) % 4);
}

static void wait_for_close(int fd)
{
        char byte;

        while (read(fd, &byte, 1) > 0)
                ;
}

static void brick_answer(struct brick *brick, int fd)
{
        static const char endless[] = "\x7f\xff\xff\xff";
        uint32_t xid = request_word(brick, 1);
        AUTO_TEXT struct text answer = { 0 }, other = { 0 };

        answer_render(&brick->script, xid, &answer);
        answer_render(&(struct script){ .op_ret = -1, .op_errno = EACCES, .error = "" }, xid + 1, &other);
        switch (brick->script.manner) {
        case CALLS_FIRST:
                send_fragment(fd, "\0\0\0\1\0\0\0\0\0\0\0\2\3\44\350\222\0\0\0\1\0\0\0\1", 24, true);
                send_fragment(fd, answer.data, answer.length, true);
                break;
        case ANSWERS_OTHERS_FIRST:
                send_fragment(fd, other.data, other.length, true);
                send_fragment(fd, answer.data, answer.length, true);
                break;
        case ANSWERS_IN_FRAGMENTS:
                for (size_t i = 0; i < answer.length; i += 7)
                        send_fragment(fd, answer.data + i, i + 7 < answer.length ? 7 : answer.length - i,
                                      i + 7 >= answer.length);
                break;
        case ANSWERS:
                send_fragment(fd, answer.data, answer.length, true);
                break;
        case REFUSES_THE_CALL: /* PROG_UNAVAIL */
                text_clear(&answer);
                word_add(&answer, xid);
                for (int i = 0; i < 5; i++)
                        word_add(&answer, i == 0 || i == 4);
                send_fragment(fd, answer.data, answer.length, true);
                break;
        case SENDS_A_STUB:
                send_fragment(fd, answer.data, answer.length - 5, true);
                break;
        case SENDS_WITHOUT_END:
                send_all(fd, endless, 4);
                break;
        case SENDS_NONSENSE:
                send_fragment(fd, "no", 2, true);
                break;
        case HANGS:
        case CLOSES:
                break;
        }
        if (brick->script.manner != CLOSES)
                wait_for_close(fd); /* the probe ends the connection, whatever it was told */
}

static void *brick_run(void *context)
{
        struct brick *brick = context;
        AUTO_CLOSE int fd = accept4(brick->listener, NULL, NULL, SOCK_CLOEXEC);

        while (brick->request_length < 4 || brick->request_length < 4 + (request_word(brick, 0) & 0x7fffffffu)) {
                ssize_t got = read(fd, brick->request + brick->request_length,
                                   sizeof brick->request - brick->request_length);
                if (got <= 0)
                        return NULL;
                brick->request_length += (size_t)got;
        }
        brick_answer(brick, fd);
        return NULL;
}

static uint16_t brick_listen(struct brick *brick)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof at;

        brick->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(brick->listener, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(listen(brick->listener, 1), 0);
        assert_int_equal(getsockname(brick->listener, (struct sockaddr *)&at, &length), 0);
        return ntohs(at.sin_port);
}

static enum known ask(uint16_t port, uint64_t generation, int deadline_ms, struct fault *fault)
{
        struct volume_brick seen = { .path = (char[]){ "/bricks/1/data" }, .port = port };
        struct direct_caller direct = { .table = brick_probe_acts };
        struct act_caller caller = direct_caller_acts(&direct);
        enum known held = KNOWN_UNKNOWN;

        assert_int_equal(address_parse("127.0.0.1", &seen.address), 0);
        assert_int_equal(brick_probe_canary(&caller, "data", &seen, generation, deadline_ms, &held, fault), 0);
        return held;
}

static enum known ask_brick(struct brick *brick, int deadline_ms, struct fault *fault)
{
        uint16_t port = brick_listen(brick);
        pthread_t thread;

        pthread_create(&thread, NULL, brick_run, brick);
        enum known held = ask(port, 42, deadline_ms, fault);
        pthread_join(thread, NULL);
        close(brick->listener);
        return held;
}

static void answer_of_a_brick_is_its_verdict(void **test)
{
        static const struct {
                struct script script;
                enum known held;
                const char *why;
        } cases[] = {
                { { ANSWERS, -1, ENOENT, "subdirectory is not found", true }, KNOWN_PRESENT, "" },
                { { ANSWERS, 0, 0, "Success", true }, KNOWN_PRESENT, "" },
                { { ANSWERS_IN_FRAGMENTS, -1, ENOENT, "", true }, KNOWN_PRESENT, "" },
                { { CALLS_FIRST, -1, ENOENT, "", true }, KNOWN_PRESENT, "" },
                { { ANSWERS_OTHERS_FIRST, -1, ENOENT, "", true }, KNOWN_PRESENT, "" },
                { { ANSWERS, -1, EACCES, "Authentication failed", false }, KNOWN_ABSENT, "" },
                { { ANSWERS, -1, ENOENT, "Brick not found", false },
                  KNOWN_UNKNOWN,
                  "it says \"Brick not found\"" },
                { { ANSWERS, -1, EAGAIN, "not ready", false }, KNOWN_UNKNOWN, "it says \"not ready\"" },
                { { REFUSES_THE_CALL, 0, 0, "", false }, KNOWN_UNKNOWN, "refused (RFC 5531: 0, 1)" },
                { { CLOSES, 0, 0, "", false }, KNOWN_UNKNOWN, "closed the connection" },
                { { SENDS_A_STUB, -1, ENOENT, "", true }, KNOWN_UNKNOWN, "malformed" },
                { { SENDS_WITHOUT_END, 0, 0, "", false }, KNOWN_UNKNOWN, "over 16777216 bytes" },
                { { SENDS_NONSENSE, 0, 0, "", false }, KNOWN_UNKNOWN, "malformed" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct brick brick = { .script = cases[i].script };
                struct fault fault = { 0 };

                enum known held = ask_brick(&brick, 5000, &fault);
                if (held != cases[i].held || !strstr(fault.text, cases[i].why) ||
                    (fault.text[0] != '\0') != (held == KNOWN_UNKNOWN))
                        fail_msg("case %zu: %d \"%s\"", i, held, fault.text);
        }
}

static void brick_that_hangs_costs_the_deadline(void **test)
{
        struct brick brick = { .script = { .manner = HANGS, .error = "" } };
        struct fault fault = { 0 };
        int64_t start_ms = clock_monotonic_ms(clock_system());

        (void)test;
        assert_int_equal(ask_brick(&brick, 100, &fault), KNOWN_UNKNOWN);
        int64_t took_ms = clock_monotonic_ms(clock_system()) - start_ms;
        assert_true(took_ms >= 100 && took_ms < 5000);
        assert_non_null(strstr(fault.text, "no answer in time"));
}

static void brick_that_is_not_there_is_unknown(void **test)
{
        struct brick brick = { 0 };
        uint16_t port = brick_listen(&brick);
        struct fault fault = { 0 };

        (void)test;
        close(brick.listener);
        assert_int_equal(ask(port, 1, 5000, &fault), KNOWN_UNKNOWN);
        assert_non_null(strstr(fault.text, "Connection refused"));
        assert_int_equal(ask(0, 1, 5000, &fault), KNOWN_UNKNOWN);
        assert_non_null(strstr(fault.text, "it is not running"));
}

/* The header of the call, and what a brick must be told; never a name or password, which would prove nothing. */
static void request_introduces_a_client_of_the_canary(void **test)
{
        static const uint32_t header[] = { 0, 2, 14398633, 2, 1, 0, 0, 0, 0 }; /* CALL .. SETVOLUME, AUTH_NONE */
        struct brick brick = { .script = { .manner = ANSWERS, .error = "" } };
        struct fault fault = { 0 };

        (void)test;
        ask_brick(&brick, 5000, &fault);
        for (size_t i = 0; i < ARRAY_SIZE(header); i++)
                assert_int_equal(request_word(&brick, 2 + i), header[i]);
        const char *dict = brick.request + 4 * (2 + ARRAY_SIZE(header) + 1);
        size_t length = request_word(&brick, 2 + ARRAY_SIZE(header));
        assert_string_equal(gluster_dict_find(dict, length, "remote-subvolume"), "/bricks/1/data");
        assert_string_equal(gluster_dict_find(dict, length, "subdir-mount"), "/.gatehouse-canary-42");
        assert_string_equal(gluster_dict_find(dict, length, "fops-version"), "1298437");
        assert_non_null(gluster_dict_find(dict, length, "process-uuid"));
        assert_null(gluster_dict_find(dict, length, "username"));
        assert_null(gluster_dict_find(dict, length, "password"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answer_of_a_brick_is_its_verdict),
                cmocka_unit_test(brick_that_hangs_costs_the_deadline),
                cmocka_unit_test(brick_that_is_not_there_is_unknown),
                cmocka_unit_test(request_introduces_a_client_of_the_canary),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
