/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/brick_probe.h"

/* What the worker needs beyond the deadline of the brick to answer that it was late, and live. */
#define BRICK_PROBE_MARGIN_MS 250

/* The act answers its verdict and, for UNKNOWN, why. */
static int answer_take(struct message *reply, enum known *held, struct fault *fault)
{
        uint64_t verdict = message_take_u64(reply);
        const char *why = message_take_text(reply, FAULT_TEXT_SIZE);

        if (!message_is_consumed(reply) || verdict > KNOWN_ABSENT)
                return fault_set(fault, FAULT_INTERNAL, "ask a brick: the worker's answer is malformed");
        *held = (enum known)verdict;
        if (*held == KNOWN_UNKNOWN)
                fault_set(fault, FAULT_UNAVAILABLE, "%s", why);
        return 0;
}

int brick_probe_canary(const struct act_caller *worker, const char *volume, const struct volume_brick *brick,
                       uint64_t generation, int deadline_ms, enum known *held, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        char address[ADDRESS_TEXT_SIZE];

        *held = KNOWN_UNKNOWN;
        message_init(&request, ACT_WORKER_BRICK_CANARY);
        message_init(&reply, ACT_WORKER_BRICK_CANARY);
        message_put_text(&request, address_format(&brick->address, address));
        message_put_u64(&request, brick->port);
        message_put_text(&request, brick->path);
        message_put_text(&request, volume);
        message_put_u64(&request, generation);
        message_put_u64(&request, (uint64_t)deadline_ms);
        int failed = worker->call(worker->context, &request, &reply, deadline_ms + BRICK_PROBE_MARGIN_MS, fault);
        if (failed)
                return failed;
        return answer_take(&reply, held, fault);
}
