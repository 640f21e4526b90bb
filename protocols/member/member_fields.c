/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/member/member_fields.h"

#include <string.h>

#include "base/text.h"
#include "protocols/firewall/firewall_wire.h"
#include "protocols/gluster/access_list_text.h"

#define DURATION_MAX (INT64_MAX / 1024) /* of time, in whatever unit: no sum of two overflows */

int member_put_order(struct message *message, const struct member_order *order, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };
        char network[PROBE_NETWORK_TEXT_SIZE];

        message_put_u64(message, order->decider);
        message_put_u64(message, order->number);
        message_put_u64(message, order->revision);
        message_put_text(message, order->volume);
        message_put_text(message, order->probe.base.family == ADDRESS_NONE
                                          ? ""
                                          : probe_network_format(&order->probe, network));
        message_put_u64(message, firewall_wire_add(&records, &order->set));
        return firewall_wire_put(message, &records, fault);
}

int member_take_order(struct message *message, struct member_order *order, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };
        const char *network;
        uint64_t count;
        int failed;

        order->decider = message_take_u64(message);
        order->number = message_take_u64(message);
        order->revision = message_take_u64(message);
        order->volume = message_take_text(message, ACCESS_VOLUME_MAX);
        network = message_take_text(message, PROBE_NETWORK_TEXT_SIZE - 1);
        count = message_take_u64(message);
        if (!message_is_consumed(message) || (network[0] && probe_network_parse(network, &order->probe) != 0) ||
            (order->volume[0] && !access_volume_is_valid(order->volume)))
                return fault_set(fault, FAULT_MALFORMED, "read order: not its fields");
        if ((failed = firewall_wire_take(message, &records, fault)))
                return failed;
        return firewall_wire_read(&records, 0, count, &order->set, fault);
}

/* --- What a member has found out ------------------------------------------------------------------------------
 */

static void row_put(struct message *message, const struct verification *row)
{
        char node[ADDRESS_TEXT_SIZE];

        message_put_text(message, address_format(&row->node, node));
        message_put_text(message, row->version);
        message_put_u64(message, row->result);
        message_put_text(message, row->code);
        message_put_text(message, row->sentence);
        for (int check = 0; check < CHECK_COUNT; check++) {
                const struct check_seen *seen = &row->checks[check];

                message_put_u64(message, seen->tried);
                message_put_u64(message, seen->result);
                message_put_u64(message, seen->verdict);
                message_put_u64(message, (uint64_t)seen->latency_us);
        }
}

static void findings_put(struct message *message, const struct member_findings *findings)
{
        message_put_u64(message, findings->run);
        message_put_u64(message, findings->generation);
        message_put_u64(message, (uint64_t)findings->age_ms);
        message_put_u64(message, findings->row_count);
        for (size_t i = 0; i < findings->row_count; i++)
                row_put(message, &findings->rows[i]);
}

/* Takes a number up to `most`; false when it is more. */
static bool number_take(struct message *message, uint64_t most, uint64_t *number)
{
        *number = message_take_u64(message);
        return *number <= most;
}

/* It is printed in logs and by the API. */
static bool text_take_line(struct message *message, char *line, size_t size)
{
        const char *said = message_take_text(message, size - 1);
        size_t length = strlen(said);

        if (!text_is_utf8(said, length))
                return false;
        for (size_t i = 0; i < length; i++)
                if ((unsigned char)said[i] < ' ' || said[i] == 0x7f)
                        return false;
        memcpy(line, said, length + 1);
        return true;
}

static bool check_take(struct message *message, struct check_seen *seen)
{
        uint64_t tried, result, verdict, latency_us;

        if (!number_take(message, 1, &tried) || !number_take(message, VERIFICATION_FAILED, &result) ||
            !number_take(message, PROBE_LET_IN, &verdict) || !number_take(message, DURATION_MAX, &latency_us))
                return false;
        *seen = (struct check_seen){ .tried = tried == 1,
                                     .result = (enum verification_result)result,
                                     .verdict = (enum probe_verdict)verdict,
                                     .latency_us = (int64_t)latency_us };
        return true;
}

static bool row_take(struct message *message, struct verification *row)
{
        char node[ADDRESS_TEXT_SIZE], version[SERVER_VERSION_SIZE];
        uint64_t result;
        bool taken;

        *row = (struct verification){ .protocol = PROTOCOL_IS_GLUSTER };
        taken = text_take_line(message, node, sizeof node) && address_parse(node, &row->node) == 0 &&
                text_take_line(message, version, sizeof version) &&
                number_take(message, VERIFICATION_FAILED, &result) &&
                text_take_line(message, row->code, sizeof row->code) && row->code[0] != '\0' &&
                text_take_line(message, row->sentence, sizeof row->sentence);
        if (!taken)
                return false;
        server_version_take(version, row->version);
        row->result = (enum verification_result)result;
        for (int check = 0; check < CHECK_COUNT && taken; check++)
                taken = check_take(message, &row->checks[check]);
        return taken;
}

static bool findings_take(struct message *message, struct member_findings *findings)
{
        uint64_t age_ms, count;
        bool taken;

        findings->run = message_take_u64(message);
        findings->generation = message_take_u64(message);
        taken = number_take(message, DURATION_MAX, &age_ms) && number_take(message, MEMBER_ROWS_MAX, &count);
        if (!taken)
                return false;
        findings->age_ms = (int64_t)age_ms;
        findings->row_count = count;
        for (size_t i = 0; i < count && taken; i++)
                taken = row_take(message, &findings->rows[i]);
        return taken;
}

/* --- Reports --------------------------------------------------------------------------------------------------
 */

void member_put_report(struct message *message, const struct member_report *report)
{
        message_put_text(message, report->node_id);
        message_put_u64(message, report->decider);
        message_put_u64(message, report->number);
        message_put_u64(message, report->firewall);
        message_put_u64(message, report->filter_in_place);
        message_put_u64(message, report->door_told);
        message_put_u64(message, report->list_generation);
        findings_put(message, &report->findings);
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
        if (findings_take(message, &report->findings) && message_is_consumed(message) &&
            strlen(report->node_id) == NODE_ID_SIZE - 1)
                return 0;
        return fault_set(fault, FAULT_MALFORMED, "read report: not its fields");
}
