/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one node says that it has mounted.
 */
#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/handlers.h"
#include "rest/mount_report.h"
#include "rest/object.h"

static void mounted_reply(struct request *request, const struct mount_report *report)
{
        json_t *body = mount_report_to_json(report, clock_monotonic_ms(request->context->clock));

        json_set_text(body, "node", request->parameters[0]);
        reply_json(&request->reply, 200, body);
}

static const char *node_account(const struct snapshot *now, const struct node *node)
{
        return snapshot_environment_by_uid(now, node->environment_uid)->account;
}

void rest_mounted_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct node *node = node_find_mounts(request, now, PERMIT_READ_MOUNTS);

        if (!node)
                return;
        AUTO_SHARED const struct mount_report *report =
                mount_reports_get(request->mount_reports, node->document.id, node_account(now, node));
        if (report)
                mounted_reply(request, report);
        else
                reply_fault(&request->reply, FAULT_NOT_FOUND,
                            "the node has not said what it has mounted since gatehoused started");
}

void rest_mounted_put(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct node *node = node_find_mounts(request, now, PERMIT_REPORT_MOUNTS);
        json_t *body = node ? request_json(request) : NULL;
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct fault fault = { 0 };

        if (!body)
                return;
        AUTO_SHARED struct mount_report *report = mount_report_from_json(body, &violations);
        json_decref(body);
        if (!report) {
                reply_violations(&request->reply, FAULT_INVALID, &violations);
                return;
        }
        report->account = memory_text(node_account(now, node));
        report->wall_ms = clock_wall_ms(request->context->clock);
        report->elapsed_ms = clock_monotonic_ms(request->context->clock);
        if (mount_reports_put(request->mount_reports, node->document.id, report, now, &fault) < 0)
                reply_problem(&request->reply, &fault, NULL, NULL);
        else
                mounted_reply(request, report);
}
