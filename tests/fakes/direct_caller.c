/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/direct_caller.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sys/capability.h>

#include "base/memory.h"

/* Makes `mask` the effective set of this thread, out of the permitted one. */
static void capabilities_raise(uint64_t mask)
{
        cap_t set = cap_get_proc();

        if (!set || cap_clear_flag(set, CAP_EFFECTIVE))
                abort();
        for (cap_value_t value = 0; value < 64; value++) {
                cap_flag_value_t permitted = CAP_CLEAR;

                if (!(mask >> value & 1) || cap_get_flag(set, value, CAP_PERMITTED, &permitted) ||
                    permitted == CAP_CLEAR)
                        continue;
                if (cap_set_flag(set, CAP_EFFECTIVE, 1, &value, CAP_SET))
                        abort();
        }
        if (cap_set_proc(set))
                abort();
        cap_free(set);
}

static int before_act(void *context, const struct act *act, struct fault *fault)
{
        const struct direct_caller *caller = context;

        (void)fault;
        capabilities_raise(act->capabilities & ~caller->withheld);
        return 0;
}

static void after_act(void *context, const struct act *act)
{
        (void)context;
        (void)act;
        capabilities_raise(UINT64_MAX);
}

/* Through a socket, so that what does not fit into a message does not fit here. */
static int direct_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        struct direct_caller *caller = context;
        struct act_hooks hooks = { before_act, after_act, caller };
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
                abort();
        AUTO_CLOSE int ours = pair[0];
        AUTO_CLOSE int theirs = pair[1];
        int failed = message_send(ours, request, fault);
        if (!failed)
                failed = act_serve_one(theirs, caller->table, NULL, &hooks, fault);
        if (!failed)
                failed = message_receive(ours, reply, deadline_ms, fault);
        if (!failed && reply->fault_code != FAULT_NONE)
                failed = fault_set(fault, (enum fault_code)reply->fault_code, "%s",
                                   message_take_text(reply, FAULT_TEXT_SIZE));
        return failed;
}

struct act_caller direct_caller_acts(struct direct_caller *caller)
{
        return (struct act_caller){ .call = direct_call, .context = caller };
}
