/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/member/member_fields.h"

#include <string.h>

#include "protocols/firewall/firewall_wire.h"
#include "protocols/gluster/access_list_text.h"

int member_put_order(struct message *message, const struct member_order *order, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };

        message_put_u64(message, order->decider);
        message_put_u64(message, order->number);
        message_put_u64(message, order->revision);
        message_put_text(message, order->volume);
        message_put_u64(message, firewall_wire_add(&records, &order->set));
        return firewall_wire_put(message, &records, fault);
}

int member_take_order(struct message *message, struct member_order *order, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };
        uint64_t count;
        int failed;

        order->decider = message_take_u64(message);
        order->number = message_take_u64(message);
        order->revision = message_take_u64(message);
        order->volume = message_take_text(message, ACCESS_VOLUME_MAX);
        count = message_take_u64(message);
        if (!message_is_consumed(message) || (order->volume[0] && !access_volume_is_valid(order->volume)))
                return fault_set(fault, FAULT_MALFORMED, "read order: not its fields");
        if ((failed = firewall_wire_take(message, &records, fault)))
                return failed;
        return firewall_wire_read(&records, 0, count, &order->set, fault);
}

void member_put_report(struct message *message, const struct member_report *report)
{
        message_put_text(message, report->node_id);
        message_put_u64(message, report->decider);
        message_put_u64(message, report->number);
        message_put_u64(message, report->firewall);
        message_put_u64(message, report->filter_in_place);
        message_put_u64(message, report->door_told);
        message_put_u64(message, report->list_generation);
}

int member_take_report(struct message *message, struct member_report *report, struct fault *fault)
{
        const char *id = message_take_text(message, NODE_ID_SIZE - 1);
        uint64_t known;

        *report = (struct member_report){ 0 };
        memcpy(report->node_id, id, strlen(id) + 1);
        report->decider = message_take_u64(message);
        report->number = message_take_u64(message);
        known = message_take_u64(message);
        report->firewall = known == KNOWN_PRESENT || known == KNOWN_ABSENT ? (enum known)known : KNOWN_UNKNOWN;
        report->filter_in_place = message_take_u64(message) == 1;
        report->door_told = message_take_u64(message) == 1;
        report->list_generation = message_take_u64(message);
        if (message_is_consumed(message) && strlen(report->node_id) == NODE_ID_SIZE - 1)
                return 0;
        return fault_set(fault, FAULT_MALFORMED, "read report: not its fields");
}
