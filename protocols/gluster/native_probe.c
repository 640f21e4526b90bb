/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/native_probe.h"

#define NATIVE_PROBE_MARGIN_MS 500 /* for the way to the worker and back */

static bool is_verdict(uint64_t number)
{
        return number <= PROBE_LET_IN;
}

int native_probe(const struct act_caller *worker, const struct native_question *question, struct text *bricks,
                 struct native_outcome *outcome, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        char address[ADDRESS_TEXT_SIZE];

        message_init(&request, ACT_WORKER_NATIVE_PROBE);
        message_init(&reply, 0);
        message_put_text(&request, address_format(&question->server, address));
        message_put_text(&request, question->volume);
        message_put_text(&request, question->subdir);
        message_put_text(&request, text_get(bricks));
        message_put_u64(&request, (uint64_t)question->deadline_ms);
        int failed = worker->call(worker->context, &request, &reply,
                                  question->deadline_ms + NATIVE_PROBE_MARGIN_MS, fault);
        if (failed)
                return failed;
        uint64_t least = message_take_u64(&reply), most = message_take_u64(&reply);
        const char *learned = message_take_text(&reply, MESSAGE_BODY_MAX);
        uint64_t code = message_take_u64(&reply);
        const char *why = message_take_text(&reply, FAULT_TEXT_SIZE);
        if (!message_is_consumed(&reply) || !is_verdict(least) || !is_verdict(most) || code >= FAULT_CODE_COUNT)
                return fault_set(fault, FAULT_INTERNAL, "try volume %s: the worker's answer is malformed",
                                 question->volume);
        *outcome = (struct native_outcome){ (enum probe_verdict)least, (enum probe_verdict)most };
        if (code != FAULT_NONE)
                fault_set(fault, (enum fault_code)code, "%s", why);
        text_clear(bricks);
        text_add(bricks, learned);
        return 0;
}
