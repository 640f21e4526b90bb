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

static void status_write(const struct request *request, const struct grant_list *grants,
                         struct json_writer *writer)
{
        size_t counts[GRANT_FAILED + 1] = { 0 };

        status_grants_count(request->context->status, grants, counts);
        json_write_begin(writer, "status", '{');
        for (int state = 0; state <= GRANT_FAILED; state++)
                json_write_number(writer, grant_state_word((enum grant_state)state), counts[state]);
        json_write_end(writer, '}');
}

static void members_write(const struct request *request, const struct snapshot *now, const struct export *export,
                          const struct grant_list *grants, struct json_writer *writer)
{
        export_write(export, writer);
        status_write(request, grants, writer);
        if (!snapshot_environment_by_uid(now, export->environment_uid))
                json_write_bool(writer, "dangling", true);
}

void export_show(const struct request *request, const struct snapshot *now, const struct export *export,
                 struct json_writer *writer)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        export_grants(request, now, export, &grants);
        members_write(request, now, export, &grants, writer);
}

/* What the API shows of an export, whole; `task` (borrowed, may be NULL) as its member of that name. */
static void export_render(const struct request *request, const struct snapshot *now, const struct export *export,
                          const struct grant_list *grants, const json_t *task, struct text *text)
{
        struct json_writer writer = { .text = text };

        json_write_begin(&writer, NULL, '{');
        members_write(request, now, export, grants, &writer);
        if (task)
                json_write_tree(&writer, "task", task);
        json_write_end(&writer, '}');
}

/* The same with the task of the export's create: both look at the same grants. */
static void creation_render(const struct request *request, const struct snapshot *now, const struct export *export,
                            struct text *text)
{
        const struct rest_context *context = request->context;
        AUTO_GRANTS struct grant_list grants = { 0 };

        export_grants(request, now, export, &grants);
        AUTO_SHARED struct task *task = creation_task(context->status, context->clock, now, export, &grants);
        json_t *shown = task ? task_to_json(task) : NULL;
        export_render(request, now, export, &grants, shown, text);
        json_decref(shown);
}

json_t *creation_show(const struct request *request, const struct snapshot *now, const struct export *export)
{
        AUTO_TEXT struct text text = { 0 };

        creation_render(request, now, export, &text);
        return json_from_written(&text);
}

void creation_reply(struct request *request, const struct snapshot *now, const struct export *export)
{
        struct text text = { 0 };

        creation_render(request, now, export, &text);
        object_reply_written(request, 201, &export->document, &text);
}

void export_reply(struct request *request, int status, const struct snapshot *now, const struct export *export,
                  json_t *task)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        struct text text = { 0 };

        export_grants(request, now, export, &grants);
        export_render(request, now, export, &grants, task, &text);
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
