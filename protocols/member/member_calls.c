/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/member/member_calls.h"

#include <string.h>

#include "base/sealed_memory.h"
#include "base/text.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/member/member_fields.h"

/* What a member takes when it is well: 10,000 pairs are enforced in 0.2 s. One that takes longer than this is
 * as good as silent, and others do not wait for it. */
#define CALL_MS 5000

static int call(void *context, const struct message *request, struct message *reply, struct fault *fault)
{
        const struct act_caller *member = context;

        return member->call(member->context, request, reply, CALL_MS, fault);
}

static int calls_enforce(void *context, const struct member_order *order, struct member_report *report,
                         struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        int failed;

        message_init(&request, ACT_MEMBER_ENFORCE);
        message_init(&reply, 0);
        if ((failed = member_put_order(&request, order, fault)) ||
            (failed = call(context, &request, &reply, fault)))
                return failed;
        return member_take_report(&reply, report, fault);
}

static int calls_take_list(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text text = { 0 };
        struct access_file file = { .list = *list }; /* borrowed, not freed here */
        int failed;

        message_init(&request, ACT_MEMBER_TAKE_LIST);
        message_init(&reply, 0);
        if (!access_volume_is_valid(volume))
                return fault_set(fault, FAULT_INVALID, "hand over list: %s is not a volume's name", volume);
        memcpy(file.volume, volume, strlen(volume) + 1);
        if ((failed = access_file_print(&file, &text, fault)))
                return failed;
        int fd = sealed_memory_make("gatehouse-access-list", text.data, text.length, fault);
        if (fd < 0)
                return fd;
        request.fd = fd;
        message_put_text(&request, volume);
        return call(context, &request, &reply, fault);
}

static int calls_look(void *context, const char *volume, uint64_t run, struct member_report *report,
                      struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_MEMBER_LOOK);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        message_put_u64(&request, run);
        int failed = call(context, &request, &reply, fault);
        return failed ? failed : member_take_report(&reply, report, fault);
}

struct pool_member member_over(const struct act_caller *member)
{
        return (struct pool_member){ calls_enforce, calls_take_list, calls_look, (void *)(uintptr_t)member };
}
