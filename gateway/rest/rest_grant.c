/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/mount_report.h"
#include "rest/object.h"
#include "rest/paging.h"
#include "rest/storage_status.h"
#include "rest/verification_show.h"

static json_t *grant_show(const struct request *request, const struct snapshot *now, const struct grant *grant,
                          const char *wanted_state)
{
        struct status *status = request->context->status;
        const struct protocol_facts facts = status_facts(status);
        AUTO_GRANTS struct grant_list writes = { 0 };
        char cause[FAULT_TEXT_SIZE];
        const char *cause_code;
        enum grant_state state = status_grant_state(status, grant, &cause_code, cause);
        enum known connected = grant_connected(request, grant);
        json_t *object;

        if (wanted_state && strcmp(wanted_state, grant_state_word(state)) != 0)
                return NULL;
        object = grant_to_json(grant, state, cause_code, cause);
        if (state == GRANT_ACTIVE)
                json_object_set_new(object, "verified", grant_verified_to_json(request, grant));
        if (connected != KNOWN_UNKNOWN)
                json_object_set_new(object, "connected", json_boolean(connected == KNOWN_PRESENT));
        grant_set_client(request, grant, object);
        grant_derive_writes(now, grant, &facts, clock_wall_ms(request->context->clock), &writes);
        grant_json_set_writes(object, &writes);
        return object;
}

/* Grants are told apart by their nodes, in whose order they are derived. */
static void grants_show(const struct request *request, const struct snapshot *now, const struct grant_list *grants,
                        struct page *page)
{
        const char *state = request_query(request, "state");

        for (size_t i = 0; i < grants->count; i++) {
                const struct document *node = &grants->items[i].node->document;
                json_t *item;

                if (page->after[0] != '\0' && strcmp(node->id, page->after) <= 0)
                        continue;
                item = grant_show(request, now, &grants->items[i], state);
                if (!item)
                        continue;
                if (!page_has_room(page)) {
                        json_decref(item);
                        return;
                }
                page_add(page, node, item);
        }
}

static void state_check(const struct request *request, struct violations *violations)
{
        const char *state = request_query(request, "state");
        int at = 0;

        while (state && at <= GRANT_FAILED && strcmp(state, grant_state_word((enum grant_state)at)) != 0)
                at++;
        if (at > GRANT_FAILED)
                violation_add(violations, "query/state", "word.unknown",
                              "state is pending, active, suspended, refused or failed");
}

void rest_grant_list(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct export *export = export_find(request, now, PERMIT_READ_EXPORT);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        AUTO_GRANTS struct grant_list grants = { 0 };
        AUTO_PAGE struct page page = { 0 };

        if (!export)
                return;
        page_start(&page, request, DOCUMENT_NODE, &violations);
        state_check(request, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        export_grants(request, now, export, &grants);
        grants_show(request, now, &grants, &page);
        page_reply(&page, request);
}
