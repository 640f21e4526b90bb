/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/member_wire.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/memory.h"
#include "base/sealed_memory.h"

#define HEAD_SIZE 9

int member_wire_print(const struct message *message, struct text *out, struct fault *fault)
{
        uint16_t act = htons(message->act), code = htons(message->fault_code);
        uint32_t length = htonl((uint32_t)message->length);
        size_t before = out->length;
        int failed = 0;

        if (message->broken)
                return fault_set(fault, FAULT_TOO_LARGE, "send act %u: a field does not fit", message->act);
        text_add_bytes(out, &act, sizeof act);
        text_add_bytes(out, &code, sizeof code);
        text_add_char(out, message->fd >= 0);
        text_add_bytes(out, &length, sizeof length);
        if (message->length > 0)
                text_add_bytes(out, message->body, message->length);
        if (message->fd >= 0)
                failed = sealed_memory_read(message->fd, MEMBER_MESSAGE_MAX - HEAD_SIZE - MESSAGE_BODY_MAX, out,
                                            fault);
        if (failed)
                out->length = before;
        return failed;
}

int member_wire_parse(const void *bytes, size_t length, struct message *message, struct fault *fault)
{
        const uint8_t *at = bytes;
        uint16_t act, code;
        uint32_t body;

        if (length < HEAD_SIZE || at[4] > 1)
                return fault_set(fault, FAULT_MALFORMED, "read message: its head is none");
        memcpy(&act, at, sizeof act);
        memcpy(&code, at + 2, sizeof code);
        memcpy(&body, at + 5, sizeof body);
        body = ntohl(body);
        size_t memory = length - HEAD_SIZE;
        if (body > MESSAGE_BODY_MAX || body > memory || ntohs(code) >= FAULT_CODE_COUNT ||
            (at[4] == 0 && body != memory))
                return fault_set(fault, FAULT_MALFORMED, "read message: its lengths do not agree");
        memory -= body;
        message_fini(message);
        message_init(message, ntohs(act));
        message->fault_code = ntohs(code);
        message->body = memory_new(1, body + 1);
        message->length = body;
        memcpy(message->body, at + HEAD_SIZE, body);
        if (at[4] == 1) {
                int fd = sealed_memory_make("gatehouse-member", at + HEAD_SIZE + body, memory, fault);

                if (fd < 0)
                        return fd;
                message->fd = fd;
        }
        return 0;
}
