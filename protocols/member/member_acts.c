/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/member/member_acts.h"

#include <string.h>

#include "base/sealed_memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/member/member_fields.h"

#define ENFORCE_MS 15000 /* the packet filter's own 10 s, and glusterd's answer about its bricks */
#define ASK_MS 10000

static int enforce_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const struct pool_member *member = context;
        struct member_order order = { 0 };
        struct member_report report = { 0 };
        int failed = member_take_order(request, &order, fault);

        if (!failed)
                failed = member->enforce(member->context, &order, &report, fault);
        firewall_set_fini(&order.set);
        if (!failed)
                member_put_report(reply, &report);
        return failed;
}

static int take_list_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const struct pool_member *member = context;
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text text = { 0 };
        const char *volume = message_take_text(request, ACCESS_VOLUME_MAX);
        int failed;

        (void)reply;
        if (!message_is_consumed(request) || !access_volume_is_valid(volume))
                return fault_set(fault, FAULT_MALFORMED, "read list: no name of a volume");
        if ((failed = sealed_memory_read(request->fd, ACCESS_TEXT_MAX, &text, fault)) ||
            (failed = access_file_parse(text_get(&text), text.length, &file, fault)))
                return failed;
        if (strcmp(file.volume, volume) != 0)
                return fault_set(fault, FAULT_INVALID, "read list: it is not for volume %s", volume);
        return member->take_list(member->context, volume, &file.list, fault);
}

static int look_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const struct pool_member *member = context;
        struct member_report report = { 0 };
        const char *volume = message_take_text(request, ACCESS_VOLUME_MAX);
        uint64_t run = message_take_u64(request);

        if (!message_is_consumed(request) || (volume[0] && !access_volume_is_valid(volume)))
                return fault_set(fault, FAULT_MALFORMED, "read question: not its fields");
        int failed = member->look(member->context, volume, run, &report, fault);
        if (!failed)
                member_put_report(reply, &report);
        return failed;
}

const struct act member_acts[] = {
        { ACT_MEMBER_ENFORCE, "member.enforce", "none is needed", 0, ENFORCE_MS, enforce_run },
        { ACT_MEMBER_TAKE_LIST, "member.take_list", "none is needed", 0, ASK_MS, take_list_run },
        { ACT_MEMBER_LOOK, "member.look", "none is needed", 0, ASK_MS, look_run },
        { 0 },
};
