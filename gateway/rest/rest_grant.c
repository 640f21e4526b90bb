/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/verification_show.h"

static json_t *grant_show(const struct request *request, const struct snapshot *now, const struct grant *grant)
{
        struct status *status = request->context->status;
        const struct protocol_facts facts = status_facts(status);
        AUTO_GRANTS struct grant_list writes = { 0 };
        char cause[FAULT_TEXT_SIZE];
        const char *cause_code;
        enum grant_state state = status_grant_state(status, grant, &cause_code, cause);
        json_t *object = grant_to_json(grant, state, cause_code, cause);

        if (state == GRANT_ACTIVE)
                json_object_set_new(object, "verified", grant_verified_to_json(request, grant));
        grant_derive_writes(now, grant, &facts, clock_wall_ms(request->context->clock), &writes);
        grant_json_set_writes(object, &writes);
        return object;
}

/* All of them at once: an export's target bounds their number. */
void rest_grant_list(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct export *export = export_find(request, now, PERMIT_READ_EXPORT);
        AUTO_GRANTS struct grant_list grants = { 0 };
        json_t *items;

        if (!export)
                return;
        items = json_array();
        export_grants(request, now, export, &grants);
        for (size_t i = 0; i < grants.count; i++)
                json_array_append_new(items, grant_show(request, now, &grants.items[i]));
        reply_json(&request->reply, 200, json_pack("{s:o, s:n}", "items", items, "next"));
}
