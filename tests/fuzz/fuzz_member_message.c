/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include "auth/member_channel.h"
#include "auth/member_wire.h"
#include "base/memory.h"
#include "domain/pool_member.h"
#include "protocols/member/member_acts.h"

static int enforce(void *context, const struct member_order *order, struct member_report *report,
                   struct fault *fault)
{
        (void)context;
        (void)fault;
        for (size_t i = 1; i < order->set.pair_count; i++)
                FUZZ_HOLDS(firewall_pair_compare(&order->set.pairs[i - 1], &order->set.pairs[i]) < 0);
        *report = (struct member_report){ .number = order->number };
        return 0;
}

static int take_list(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        (void)context;
        (void)fault;
        FUZZ_HOLDS(volume[0] != '\0');
        for (size_t i = 0; i < list->entry_count; i++)
                FUZZ_HOLDS(list->entries[i].path[0] == '/' && list->entries[i].address_count > 0);
        return 0;
}

static int look(void *context, const char *volume, uint64_t run, struct member_report *report, struct fault *fault)
{
        (void)context;
        (void)volume;
        (void)fault;
        *report = (struct member_report){ .findings.run = run };
        return 0;
}

/* What a holder of the key may send: a message that is understood is printed as the same bytes, and its act is
 * answered. */
static void message_fuzz(const uint8_t *data, size_t size)
{
        struct pool_member member = { enforce, take_list, look, NULL };
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text again = { 0 };
        struct fault fault = { 0 };

        message_init(&request, 0);
        message_init(&reply, 0);
        if (member_wire_parse(data, size, &request, &fault) != 0)
                return;
        FUZZ_HOLDS(member_wire_print(&request, &again, &fault) == 0);
        FUZZ_HOLDS(again.length == size && memcmp(again.data, data, size) == 0);
        act_answer(member_acts, &member, NULL, &request, &reply);
        FUZZ_HOLDS(reply.act == request.act);
}

/* What anybody may send: no hello is welcome, and no frame opens. */
static void stranger_fuzz(const uint8_t *data, size_t size)
{
        static const struct pool_key key = { { 9, 8, 7 } };
        struct member_channel *member = member_channel_new(&key);
        uint8_t hello[MEMBER_HELLO_SIZE] = { 0 }, welcome[MEMBER_WELCOME_SIZE];
        AUTO_TEXT struct text plain = { 0 };
        struct fault fault = { 0 };
        bool last;

        if (size > 0)
                memcpy(hello, data, size < sizeof hello ? size : sizeof hello);
        FUZZ_HOLDS(member_channel_welcome(member, hello, welcome, &fault) == -FAULT_FORBIDDEN);
        if (size > MEMBER_FRAME_HEAD && member_frame_length(data) <= size - MEMBER_FRAME_HEAD)
                FUZZ_HOLDS(member_channel_open(member, data + MEMBER_FRAME_HEAD, member_frame_length(data), &plain,
                                               &last, &fault) == -FAULT_FORBIDDEN);
        member_channel_free(member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        message_fuzz(data, size);
        stranger_fuzz(data, size);
        return 0;
}
