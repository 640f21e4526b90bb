/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/message.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define FIELD_U64 'u'
#define FIELD_BYTES 'b'
#define FIELD_TEXT 't'
#define PACKET_MAGIC 0x47415445u /* "GATE" */

struct packet_header {
        uint32_t magic;
        uint16_t act;
        uint16_t fault_code;
        uint32_t length;
};

void message_init(struct message *message, uint16_t act)
{
        *message = (struct message){ .act = act, .fd = -1 };
}

void message_fini(struct message *message)
{
        free(message->body);
        if (message->fd >= 0)
                close(message->fd);
        message_init(message, message->act);
}

static void field_put(struct message *message, char type, const void *bytes, size_t length)
{
        uint32_t size = (uint32_t)length;
        unsigned char *at;

        if (length > MESSAGE_BODY_MAX || message->length + 5 + length > MESSAGE_BODY_MAX) {
                message->broken = true;
                return;
        }
        message->body = memory_resize(message->body, message->length + 5 + length, 1);
        at = message->body + message->length;
        at[0] = (unsigned char)type;
        memcpy(at + 1, &size, sizeof size);
        if (length > 0)
                memcpy(at + 5, bytes, length);
        message->length += 5 + length;
}

void message_put_u64(struct message *message, uint64_t value)
{
        field_put(message, FIELD_U64, &value, sizeof value);
}

void message_put_bytes(struct message *message, const void *bytes, size_t length)
{
        field_put(message, FIELD_BYTES, bytes, length);
}

void message_put_text(struct message *message, const char *text)
{
        field_put(message, FIELD_TEXT, text ? text : "", text ? strlen(text) + 1 : 1);
}

static const unsigned char *field_take(struct message *message, char type, size_t *length)
{
        uint32_t size;
        const unsigned char *at = message->body + message->at;

        *length = 0;
        if (message->broken || message->length - message->at < 5 || at[0] != (unsigned char)type) {
                message->broken = true;
                return NULL;
        }
        memcpy(&size, at + 1, sizeof size);
        if (size > message->length - message->at - 5) {
                message->broken = true;
                return NULL;
        }
        message->at += 5 + (size_t)size;
        *length = size;
        return at + 5;
}

uint64_t message_take_u64(struct message *message)
{
        uint64_t value = 0;
        size_t length;
        const unsigned char *at = field_take(message, FIELD_U64, &length);

        if (at && length == sizeof value)
                memcpy(&value, at, sizeof value);
        else
                message->broken = true;
        return value;
}

const void *message_take_bytes(struct message *message, size_t *length)
{
        return field_take(message, FIELD_BYTES, length);
}

const char *message_take_text(struct message *message, size_t most)
{
        size_t length;
        const unsigned char *at = field_take(message, FIELD_TEXT, &length);

        if (!at || length == 0 || length - 1 > most || memchr(at, '\0', length) != at + length - 1) {
                message->broken = true;
                return "";
        }
        return (const char *)at;
}

bool message_is_consumed(const struct message *message)
{
        return !message->broken && message->at == message->length;
}

int message_send(int socket, const struct message *message, struct fault *fault)
{
        struct packet_header header = { PACKET_MAGIC, message->act, message->fault_code,
                                        (uint32_t)message->length };
        struct iovec vectors[2] = { { &header, sizeof header }, { message->body, message->length } };
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = { { 0 } };
        struct msghdr packet = { .msg_iov = vectors, .msg_iovlen = 2 };

        if (message->broken)
                return fault_set(fault, FAULT_TOO_LARGE, "send message: more than %d bytes", MESSAGE_BODY_MAX);
        if (message->fd >= 0) {
                packet.msg_control = control.bytes;
                packet.msg_controllen = sizeof control.bytes;
                struct cmsghdr *rights = CMSG_FIRSTHDR(&packet);
                rights->cmsg_level = SOL_SOCKET;
                rights->cmsg_type = SCM_RIGHTS;
                rights->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(rights), &message->fd, sizeof(int));
        }
        if (sendmsg(socket, &packet, MSG_NOSIGNAL) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "send message");
        return 0;
}

/* Waits for `socket` to be readable. */
static int socket_wait(int socket, int deadline_ms, struct fault *fault)
{
        struct pollfd poll_fd = { .fd = socket, .events = POLLIN };
        int ready;

        do {
                ready = poll(&poll_fd, 1, deadline_ms);
        } while (ready < 0 && errno == EINTR);
        if (ready < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "wait for message");
        if (ready == 0)
                return fault_set(fault, FAULT_TIMEOUT, "wait for message: no answer in %d ms", deadline_ms);
        return 0;
}

/* Takes the descriptor out of the control data; more than one is closed and refused. */
static bool descriptor_take(struct msghdr *packet, struct message *message)
{
        bool only = !(packet->msg_flags & MSG_CTRUNC);

        for (struct cmsghdr *part = CMSG_FIRSTHDR(packet); part; part = CMSG_NXTHDR(packet, part)) {
                if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < count; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
                        if (message->fd < 0) {
                                message->fd = fd;
                        } else {
                                close(fd);
                                only = false;
                        }
                }
        }
        return only;
}

int message_receive(int socket, struct message *message, int deadline_ms, struct fault *fault)
{
        struct packet_header header;
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control;
        AUTO_FREE unsigned char *body = memory_new(1, MESSAGE_BODY_MAX);
        struct iovec vectors[2] = { { &header, sizeof header }, { body, MESSAGE_BODY_MAX } };
        struct msghdr packet = { .msg_iov = vectors,
                                 .msg_iovlen = 2,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes };
        int failed = socket_wait(socket, deadline_ms, fault);

        if (failed)
                return failed;
        message_fini(message);
        ssize_t got = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
        if (got < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "receive message");
        if (got == 0)
                return fault_set(fault, FAULT_UNAVAILABLE, "receive message: the peer closed the connection");
        bool taken = descriptor_take(&packet, message);
        if (!taken || (size_t)got < sizeof header || header.magic != PACKET_MAGIC ||
            (packet.msg_flags & MSG_TRUNC) || header.length != (size_t)got - sizeof header ||
            header.fault_code >= FAULT_CODE_COUNT)
                return fault_set(fault, FAULT_MALFORMED, "receive message: not a packet of Gatehouse");
        message->act = header.act;
        message->fault_code = header.fault_code;
        message->length = header.length;
        message->body = body;
        body = NULL;
        return 0;
}
