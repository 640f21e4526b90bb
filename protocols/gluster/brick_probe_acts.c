/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/brick_probe.h"

#include "base/clock.h"
#include "protocols/gluster/brick_handshake.h"

#define DEADLINE_MAX_MS 60000
#define BRICK_PATH_MAX 4095
#define VOLUME_NAME_MAX 255

struct canary_question {
        struct address address;
        uint16_t port;
        const char *brick_path;
        const char *volume;
        uint64_t generation;
        int deadline_ms;
};

static int question_take(struct message *request, struct canary_question *question, struct fault *fault)
{
        const char *address = message_take_text(request, ADDRESS_TEXT_SIZE - 1);
        uint64_t port = message_take_u64(request);

        question->brick_path = message_take_text(request, BRICK_PATH_MAX);
        question->volume = message_take_text(request, VOLUME_NAME_MAX);
        question->generation = message_take_u64(request);
        uint64_t deadline_ms = message_take_u64(request);
        if (!message_is_consumed(request) || address_parse(address, &question->address) || port > UINT16_MAX ||
            deadline_ms > DEADLINE_MAX_MS || question->brick_path[0] != '/')
                return fault_set(fault, FAULT_MALFORMED, "ask a brick: the request is malformed");
        question->port = (uint16_t)port;
        question->deadline_ms = (int)deadline_ms;
        return 0;
}

static enum known canary_ask(const struct canary_question *question, struct fault *why)
{
        char canary[ACCESS_CANARY_SIZE];
        const struct brick_question asked = {
                .address = question->address,
                .port = question->port,
                .brick_path = question->brick_path,
                .volume = question->volume,
                .subdir = access_list_canary(question->generation, canary),
                .until_ms = clock_monotonic_ms(clock_system()) + question->deadline_ms,
        };

        if (question->port == 0) {
                fault_set(why, FAULT_UNAVAILABLE, "ask brick %s of volume %s: it is not running",
                          question->brick_path, question->volume);
                return KNOWN_UNKNOWN;
        }
        switch (brick_ask(&asked, why)) {
        case BRICK_MISSING:
        case BRICK_ADMITTED:
                return KNOWN_PRESENT;
        case BRICK_REFUSED:
                *why = (struct fault){ 0 };
                return KNOWN_ABSENT;
        case BRICK_UNKNOWN:
        case BRICK_CLOSED:
                break;
        }
        return KNOWN_UNKNOWN;
}

static int canary_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct canary_question question;
        struct fault why = { 0 };
        int failed = question_take(request, &question, fault);

        (void)context;
        if (failed)
                return failed;
        message_put_u64(reply, canary_ask(&question, &why));
        message_put_text(reply, why.text);
        return 0;
}

const struct act brick_probe_acts[] = {
        { .number = ACT_WORKER_BRICK_CANARY,
          .name = "brick.canary",
          .reason = "a brick that is stopped in the middle of a handshake never answers",
          .deadline_ms = DEADLINE_MAX_MS,
          .run = canary_run },
        { 0 },
};
