/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/member_stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "auth/member_wire.h"
#include "base/clock.h"
#include "base/memory.h"

void member_stream_close(struct member_stream *stream)
{
        memory_auto_close(&stream->socket);
        member_channel_free(stream->channel);
        *stream = (struct member_stream){ .socket = -1 };
}

static int64_t now_ms(void)
{
        return clock_monotonic_ms(clock_system());
}

static int socket_await(int socket, short events, int64_t until_ms, struct fault *fault)
{
        struct pollfd wait = { .fd = socket, .events = events };

        for (;;) {
                int64_t left_ms = until_ms - now_ms();
                int ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);

                if (ready > 0)
                        return 0;
                if (ready == 0)
                        return fault_set(fault, FAULT_TIMEOUT, "wait for the other storage node: no word in time");
                if (errno != EINTR)
                        return fault_set_errno(fault, FAULT_INTERNAL, errno, "wait for the other storage node");
        }
}

static bool is_passing(void)
{
        return errno == EAGAIN || errno == EINTR;
}

static int bytes_send(int socket, const void *bytes, size_t length, int64_t until_ms, struct fault *fault)
{
        for (size_t at = 0; at < length;) {
                int failed = socket_await(socket, POLLOUT, until_ms, fault);
                ssize_t put =
                        failed ? 0
                               : send(socket, (const char *)bytes + at, length - at, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (failed)
                        return failed;
                if (put < 0 && !is_passing())
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "send to the other storage node");
                at += put > 0 ? (size_t)put : 0;
        }
        return 0;
}

static int bytes_receive(int socket, void *bytes, size_t length, int64_t until_ms, struct fault *fault)
{
        for (size_t at = 0; at < length;) {
                int failed = socket_await(socket, POLLIN, until_ms, fault);
                ssize_t got = failed ? 0 : recv(socket, (char *)bytes + at, length - at, MSG_DONTWAIT);

                if (failed)
                        return failed;
                if (got == 0)
                        return fault_set(fault, FAULT_UNAVAILABLE, "hear the other storage node: it hung up");
                if (got < 0 && !is_passing())
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "hear the other storage node");
                at += got > 0 ? (size_t)got : 0;
        }
        return 0;
}

int member_stream_call(struct member_stream *stream, int64_t until_ms, struct fault *fault)
{
        uint8_t hello[MEMBER_HELLO_SIZE], welcome[MEMBER_WELCOME_SIZE], finish[MEMBER_FINISH_SIZE];
        int failed;

        member_channel_hello(stream->channel, hello);
        if ((failed = bytes_send(stream->socket, hello, sizeof hello, until_ms, fault)) ||
            (failed = bytes_receive(stream->socket, welcome, sizeof welcome, until_ms, fault)) ||
            (failed = member_channel_finish(stream->channel, welcome, finish, fault)))
                return failed;
        return bytes_send(stream->socket, finish, sizeof finish, until_ms, fault);
}

int member_stream_answer(struct member_stream *stream, int64_t until_ms, struct fault *fault)
{
        uint8_t hello[MEMBER_HELLO_SIZE], welcome[MEMBER_WELCOME_SIZE], finish[MEMBER_FINISH_SIZE];
        int failed;

        if ((failed = bytes_receive(stream->socket, hello, sizeof hello, until_ms, fault)) ||
            (failed = member_channel_welcome(stream->channel, hello, welcome, fault)) ||
            (failed = bytes_send(stream->socket, welcome, sizeof welcome, until_ms, fault)) ||
            (failed = bytes_receive(stream->socket, finish, sizeof finish, until_ms, fault)))
                return failed;
        return member_channel_begin(stream->channel, finish, fault);
}

int member_stream_send(struct member_stream *stream, const struct message *message, int64_t until_ms,
                       struct fault *fault)
{
        AUTO_TEXT struct text plain = { 0 }, sealed = { 0 };
        int failed = member_wire_print(message, &plain, fault);

        if (failed)
                return failed;
        member_channel_seal(stream->channel, plain.data, plain.length, &sealed);
        return bytes_send(stream->socket, sealed.data, sealed.length, until_ms, fault);
}

static int frame_receive(struct member_stream *stream, struct text *plain, int64_t until_ms, bool *last,
                         struct fault *fault)
{
        uint8_t head[MEMBER_FRAME_HEAD], sealed[MEMBER_FRAME_SEALED];
        int failed = bytes_receive(stream->socket, head, sizeof head, until_ms, fault);
        size_t length = failed ? 0 : member_frame_length(head);

        if (failed)
                return failed;
        if (length == 0)
                return fault_set(fault, FAULT_MALFORMED, "hear the other storage node: not the length of a frame");
        failed = bytes_receive(stream->socket, sealed, length, until_ms, fault);
        return failed ? failed : member_channel_open(stream->channel, sealed, length, plain, last, fault);
}

int member_stream_receive(struct member_stream *stream, struct message *message, int64_t idle_until_ms,
                          struct fault *fault)
{
        AUTO_TEXT struct text plain = { 0 };
        int failed = socket_await(stream->socket, POLLIN, idle_until_ms, fault);
        int64_t until_ms = now_ms() + MEMBER_PATIENCE_MS;
        bool last = false;

        while (!failed && !last) {
                failed = frame_receive(stream, &plain, until_ms, &last, fault);
                if (!failed && plain.length > MEMBER_MESSAGE_MAX)
                        failed = fault_set(fault, FAULT_TOO_LARGE, "hear the other storage node: over %d bytes",
                                           MEMBER_MESSAGE_MAX);
        }
        return failed ? failed : member_wire_parse(plain.data, plain.length, message, fault);
}
