/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/act.h"

#include "base/log.h"

int act_reply_check(const struct message *request, struct message *reply, struct fault *fault)
{
        if (reply->act != request->act)
                return fault_set(fault, FAULT_MALFORMED, "call act %u: answered as act %u", request->act,
                                 reply->act);
        if (reply->fault_code != FAULT_NONE)
                return fault_set(fault, (enum fault_code)reply->fault_code, "%s",
                                 message_take_text(reply, FAULT_TEXT_SIZE));
        return 0;
}

int act_exchange(int socket, const struct message *request, struct message *reply, int deadline_ms,
                 struct fault *fault)
{
        int failed = message_send(socket, request, fault);

        if (!failed)
                failed = message_receive(socket, reply, deadline_ms, fault);
        if (failed)
                return failed;
        return act_reply_check(request, reply, fault);
}

static const struct act *act_find(const struct act *table, uint16_t number)
{
        for (; table->run; table++)
                if (table->number == number)
                        return table;
        return NULL;
}

/* Runs what `request` asks for, between the hooks. */
static int act_run(const struct act *table, void *act_context, const struct act_hooks *hooks,
                   struct message *request, struct message *reply, struct fault *fault)
{
        const struct act *act = act_find(table, request->act);
        int failed;

        if (!act)
                return fault_set(fault, FAULT_FORBIDDEN, "run act %u: it is not on the list", request->act);
        if (hooks && hooks->before && (failed = hooks->before(hooks->context, act, fault)))
                return failed;
        failed = act->run(act_context, request, reply, fault);
        if (failed && fault->code == FAULT_NONE)
                failed = fault_set(fault, FAULT_INTERNAL, "run act %s: it did not say why it failed", act->name);
        if (hooks && hooks->after)
                hooks->after(hooks->context, act);
        return failed;
}

void act_answer(const struct act *table, void *act_context, const struct act_hooks *hooks, struct message *request,
                struct message *reply)
{
        struct fault answer = { 0 };

        reply->act = request->act;
        if (act_run(table, act_context, hooks, request, reply, &answer) == 0)
                return;
        message_fini(reply);
        reply->fault_code = (uint16_t)answer.code;
        message_put_text(reply, answer.text);
}

int act_serve_one(int socket, const struct act *table, void *act_context, const struct act_hooks *hooks,
                  struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, 0);
        message_init(&reply, 0);
        int failed = message_receive(socket, &request, -1, fault);
        if (failed)
                return failed;
        act_answer(table, act_context, hooks, &request, &reply);
        return message_send(socket, &reply, fault);
}
