/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"

/* Two connected ends; the second is closed by the test that wants it gone. */
static int setup(void **test)
{
        static int sockets[2];

        *test = sockets;
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets);
}

static int teardown(void **test)
{
        int *sockets = *test;

        close(sockets[0]);
        if (sockets[1] >= 0)
                close(sockets[1]);
        return 0;
}

static void fields_arrive_in_order_and_whole(void **test)
{
        const int *sockets = *test;
        AUTO_MESSAGE struct message sent, received;
        struct fault fault = { 0 };
        size_t length;

        message_init(&sent, 77);
        message_init(&received, 0);
        message_put_u64(&sent, UINT64_MAX);
        message_put_text(&sent, "/shared/\xc3\xa4");
        message_put_text(&sent, NULL);
        message_put_bytes(&sent, "a\0b", 3);
        message_put_bytes(&sent, NULL, 0);
        assert_int_equal(message_send(sockets[0], &sent, &fault), 0);
        assert_int_equal(message_receive(sockets[1], &received, 1000, &fault), 0);
        assert_int_equal(received.act, 77);
        assert_int_equal(received.fault_code, FAULT_NONE);
        assert_true(message_take_u64(&received) == UINT64_MAX);
        assert_string_equal(message_take_text(&received, 10), "/shared/\xc3\xa4");
        assert_string_equal(message_take_text(&received, 0), "");
        assert_memory_equal(message_take_bytes(&received, &length), "a\0b", 3);
        assert_int_equal(length, 3);
        assert_false(message_is_consumed(&received));
        message_take_bytes(&received, &length);
        assert_int_equal(length, 0);
        assert_true(message_is_consumed(&received));
        message_take_u64(&received);
        assert_false(message_is_consumed(&received));
}

static void field_of_another_type_or_length_breaks_the_message(void **test)
{
        (void)test;
        for (int i = 0; i < 6; i++) {
                AUTO_MESSAGE struct message message;
                size_t length;

                message_init(&message, 1);
                if (i < 3)
                        message_put_text(&message, "four");
                else
                        message_put_bytes(&message, i == 5 ? "no NUL" : "a\0b", i == 5 ? 6 : 4);
                if (i == 0)
                        message_take_u64(&message);
                if (i == 1)
                        assert_null(message_take_bytes(&message, &length));
                if (i == 2)
                        assert_string_equal(message_take_text(&message, 3), "");
                if (i == 3)
                        message_take_u64(&message);
                if (i >= 4) {
                        message.body[0] = 't'; /* as a peer could send it: a text with a NUL inside, or without */
                        assert_string_equal(message_take_text(&message, 10), "");
                }
                assert_true(message.broken);
                assert_false(message_is_consumed(&message));
                assert_true(message_take_u64(&message) == 0);
        }
}

static void body_that_is_cut_anywhere_is_noticed(void **test)
{
        AUTO_MESSAGE struct message whole;

        (void)test;
        message_init(&whole, 1);
        message_put_u64(&whole, 7);
        message_put_text(&whole, "text");
        for (size_t length = 0; length < whole.length; length++) {
                AUTO_MESSAGE struct message cut;

                message_init(&cut, 1);
                cut.length = length;
                cut.body = memory_new(1, length);
                memcpy(cut.body, whole.body, length);
                message_take_u64(&cut);
                message_take_text(&cut, 100);
                assert_false(message_is_consumed(&cut));
        }
}

static void body_larger_than_a_packet_is_not_sent(void **test)
{
        const int *sockets = *test;
        AUTO_FREE char *large = memory_new(1, MESSAGE_BODY_MAX);
        AUTO_MESSAGE struct message sent, received;
        struct fault fault = { 0 };

        message_init(&sent, 1);
        message_init(&received, 0);
        message_put_bytes(&sent, large, MESSAGE_BODY_MAX - 5);
        assert_int_equal(message_send(sockets[0], &sent, &fault), 0);
        assert_int_equal(message_receive(sockets[1], &received, 1000, &fault), 0);
        assert_int_equal(received.length, MESSAGE_BODY_MAX);
        message_put_bytes(&sent, NULL, 0);
        assert_int_equal(message_send(sockets[0], &sent, &fault), -FAULT_TOO_LARGE);
        assert_int_equal(message_receive(sockets[1], &received, 0, &fault), -FAULT_TIMEOUT);
}

static void descriptor_travels_along(void **test)
{
        const int *sockets = *test;
        AUTO_MESSAGE struct message sent, received;
        struct fault fault = { 0 };
        int pipe_ends[2];
        char byte;

        assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
        message_init(&sent, 1);
        message_init(&received, 0);
        sent.fd = pipe_ends[0];
        assert_int_equal(message_send(sockets[0], &sent, &fault), 0);
        assert_int_equal(message_receive(sockets[1], &received, 1000, &fault), 0);
        assert_true(received.fd >= 0 && received.fd != sent.fd);
        assert_true(fcntl(received.fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(write(pipe_ends[1], "x", 1), 1);
        assert_int_equal(read(received.fd, &byte, 1), 1);
        assert_int_equal(byte, 'x');
        close(pipe_ends[1]);
}

/* Sends `bytes` as they are, with `fd` twice in the control data when it is >= 0. */
static void send_raw(int socket, const void *bytes, size_t length, int fd)
{
        struct iovec vector = { (void *)(uintptr_t)bytes, length };
        union {
                char bytes[CMSG_SPACE(2 * sizeof(int))];
                struct cmsghdr align;
        } control = { { 0 } };
        struct msghdr packet = { .msg_iov = &vector, .msg_iovlen = 1 };

        if (fd >= 0) {
                packet.msg_control = control.bytes;
                packet.msg_controllen = sizeof control.bytes;
                struct cmsghdr *rights = CMSG_FIRSTHDR(&packet);
                rights->cmsg_level = SOL_SOCKET;
                rights->cmsg_type = SCM_RIGHTS;
                rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
                memcpy(CMSG_DATA(rights), (int[]){ fd, fd }, 2 * sizeof(int));
        }
        assert_int_equal(sendmsg(socket, &packet, MSG_NOSIGNAL), (ssize_t)length);
}

static void packet_of_somebody_else_is_refused(void **test)
{
        static const struct {
                uint32_t magic;
                uint16_t act, fault_code;
                uint32_t length;
                size_t sent; /* bytes after the header */
        } cases[] = {
                { 0x47415445, 1, 0, 0, 0 },                /* this one is ours */
                { 0x47415446, 1, 0, 0, 0 },                /* another magic */
                { 0x47415445, 1, FAULT_CODE_COUNT, 0, 0 }, /* a fault that there is not */
                { 0x47415445, 1, 0, 1, 0 },                /* says more than it brings */
                { 0x47415445, 1, 0, 0, 1 },                /* brings more than it says */
                { 0x47415445, 1, 0, UINT32_MAX, 0 },
                { 0x47415445, 1, 0, MESSAGE_BODY_MAX + 1, MESSAGE_BODY_MAX + 1 },
                { 0x47415445, 1, 0, MESSAGE_BODY_MAX, MESSAGE_BODY_MAX + 1 }, /* the last byte is cut off */
        };
        const int *sockets = *test;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE unsigned char *packet = memory_new(1, 12 + cases[i].sent);
                AUTO_MESSAGE struct message received;
                struct fault fault = { 0 };

                memcpy(packet, &cases[i], 12);
                message_init(&received, 0);
                send_raw(sockets[0], packet, 12 + cases[i].sent, -1);
                assert_int_equal(message_receive(sockets[1], &received, 1000, &fault),
                                 i == 0 ? 0 : -FAULT_MALFORMED);
        }
        for (size_t length = 1; length < 12; length++) {
                AUTO_MESSAGE struct message received;

                message_init(&received, 0);
                send_raw(sockets[0], &cases[0], length, -1);
                assert_int_equal(message_receive(sockets[1], &received, 1000, NULL), -FAULT_MALFORMED);
        }
}

static int descriptors_open(void)
{
        int count = 0;

        for (int fd = 0; fd < 256; fd++)
                count += fcntl(fd, F_GETFD) >= 0;
        return count;
}

static void second_descriptor_is_refused_and_none_stays_open(void **test)
{
        static const uint32_t header[3] = { 0x47415445, 1, 0 };
        const int *sockets = *test;
        int before = descriptors_open();
        AUTO_MESSAGE struct message received;
        struct fault fault = { 0 };

        message_init(&received, 0);
        send_raw(sockets[0], header, sizeof header, sockets[0]);
        assert_int_equal(message_receive(sockets[1], &received, 1000, &fault), -FAULT_MALFORMED);
        message_fini(&received);
        assert_int_equal(descriptors_open(), before);
}

static void peer_that_is_gone_or_silent_is_told_apart(void **test)
{
        int *sockets = *test;
        AUTO_MESSAGE struct message message;
        struct fault fault = { 0 };

        message_init(&message, 1);
        assert_int_equal(message_receive(sockets[0], &message, 1, &fault), -FAULT_TIMEOUT);
        assert_string_equal(fault.text, "wait for message: no answer in 1 ms");
        close(sockets[1]);
        sockets[1] = -1;
        assert_int_equal(message_receive(sockets[0], &message, 1000, &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(message_send(sockets[0], &message, &fault), -FAULT_UNAVAILABLE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(fields_arrive_in_order_and_whole, setup, teardown),
                cmocka_unit_test(field_of_another_type_or_length_breaks_the_message),
                cmocka_unit_test(body_that_is_cut_anywhere_is_noticed),
                cmocka_unit_test_setup_teardown(body_larger_than_a_packet_is_not_sent, setup, teardown),
                cmocka_unit_test_setup_teardown(descriptor_travels_along, setup, teardown),
                cmocka_unit_test_setup_teardown(packet_of_somebody_else_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(second_descriptor_is_refused_and_none_stays_open, setup, teardown),
                cmocka_unit_test_setup_teardown(peer_that_is_gone_or_silent_is_told_apart, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
