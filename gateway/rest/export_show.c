/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/export_show.h"

#include <stdio.h>

#include <jansson.h>

#include "domain/export_json.h"
#include "rest/object.h"

void export_grants(const struct request *request, const struct snapshot *now, const struct export *export,
                   struct grant_list *grants)
{
        struct protocol_facts facts = status_facts(request->context->status);

        grant_derive(now, export, &facts, clock_wall_ms(request->context->clock), grants);
}

void export_sides(const struct grant_list *grants, bool sides[2])
{
        for (size_t i = 0; i < grants->count; i++)
                if (grants->items[i].verdict == ACCESS_ADMITTED)
                        sides[grants->items[i].choice.protocol] = true;
}

json_t *export_show(const struct request *request, const struct snapshot *now, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        size_t counts[GRANT_FAILED + 1] = { 0 };
        json_t *object = export_to_json(export);
        json_t *states = json_object();

        export_grants(request, now, export, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                char cause[FAULT_TEXT_SIZE];
                const char *cause_code;

                counts[status_grant_state(request->context->status, &grants.items[i], &cause_code, cause)]++;
        }
        for (int state = 0; state <= GRANT_FAILED; state++)
                json_object_set_new(states, grant_state_word((enum grant_state)state),
                                    json_integer((json_int_t)counts[state]));
        json_object_set_new(object, "status", states);
        if (!snapshot_environment_by_uid(now, export->environment_uid))
                json_object_set_new(object, "dangling", json_true());
        return object;
}

void export_reply(struct request *request, int status, const struct snapshot *now, const struct export *export,
                  json_t *task)
{
        json_t *body = export_show(request, now, export);

        if (task)
                json_object_set_new(body, "task", task);
        object_reply(request, status, &export->document, body);
        request->reply.of_memory = true;
}

void export_wait_for(const struct request *request, const struct snapshot *now, const struct export *export,
                     struct status_wait *wait)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        export_grants(request, now, export, &grants);
        export_sides(&grants, wait->sides);
        wait->revision = export->document.revision;
        snprintf(wait->export_id, sizeof wait->export_id, "%s", export->document.id);
}
