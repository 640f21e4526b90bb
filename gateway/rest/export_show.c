/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/export_show.h"

#include <stdio.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/export_json.h"
#include "domain/json_writer.h"
#include "domain/task_json.h"
#include "reconcile/creation_task.h"
#include "rest/object.h"

void export_grants(const struct request *request, const struct snapshot *now, const struct export *export,
                   struct grant_list *grants)
{
        struct protocol_facts facts = status_facts(request->context->status);

        grant_derive(now, export, &facts, clock_wall_ms(request->context->clock), grants);
}

static void status_write(const struct request *request, const struct snapshot *now, const struct export *export,
                         struct json_writer *writer)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        size_t counts[GRANT_FAILED + 1] = { 0 };

        export_grants(request, now, export, &grants);
        status_grants_count(request->context->status, &grants, counts);
        json_write_begin(writer, "status", '{');
        for (int state = 0; state <= GRANT_FAILED; state++)
                json_write_number(writer, grant_state_word((enum grant_state)state), counts[state]);
        json_write_end(writer, '}');
}

void export_show(const struct request *request, const struct snapshot *now, const struct export *export,
                 struct json_writer *writer)
{
        export_write(export, writer);
        status_write(request, now, export, writer);
        if (!snapshot_environment_by_uid(now, export->environment_uid))
                json_write_bool(writer, "dangling", true);
}

/* What the API shows of an export, whole; `task` (borrowed, may be NULL) as its member of that name. */
static void export_render(const struct request *request, const struct snapshot *now, const struct export *export,
                          const json_t *task, struct text *text)
{
        struct json_writer writer = { .text = text };

        json_write_begin(&writer, NULL, '{');
        export_show(request, now, export, &writer);
        if (task)
                json_write_tree(&writer, "task", task);
        json_write_end(&writer, '}');
}

/* The task of the export's create; NULL: nobody has asked for one. Caller owns the reference. */
static json_t *creation_task_show(const struct request *request, const struct snapshot *now,
                                  const struct export *export)
{
        const struct rest_context *context = request->context;
        AUTO_SHARED struct task *task = creation_task(context->status, context->clock, now, export);

        return task ? task_to_json(task) : NULL;
}

json_t *creation_show(const struct request *request, const struct snapshot *now, const struct export *export)
{
        json_t *task = creation_task_show(request, now, export);
        AUTO_TEXT struct text text = { 0 };

        export_render(request, now, export, task, &text);
        json_decref(task);
        return json_from_written(&text);
}

void creation_reply(struct request *request, const struct snapshot *now, const struct export *export)
{
        export_reply(request, 201, now, export, creation_task_show(request, now, export));
}

void export_reply(struct request *request, int status, const struct snapshot *now, const struct export *export,
                  json_t *task)
{
        struct text text = { 0 };

        export_render(request, now, export, task, &text);
        json_decref(task);
        object_reply_written(request, status, &export->document, &text);
        request->reply.of_memory = true;
}

void export_wait_for(const struct request *request, const struct snapshot *now, const struct export *export,
                     struct status_wait *wait)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        export_grants(request, now, export, &grants);
        grant_list_sides(&grants, wait->sides);
        wait->revision = export->document.revision;
        snprintf(wait->export_id, sizeof wait->export_id, "%s", export->document.id);
}
