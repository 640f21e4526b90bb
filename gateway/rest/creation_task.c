/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/creation_task.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_writer.h"
#include "domain/task_json.h"
#include "rest/export_show.h"

#define TASK_PREFIX "ta-"
#define EXPORT_PREFIX "ex-"

/* Whether every admitted grant by `protocol` is active. */
static bool side_is_held(const struct request *request, const struct grant_list *grants, enum protocol protocol)
{
        char cause[FAULT_TEXT_SIZE];
        const char *code;

        for (size_t i = 0; i < grants->count; i++)
                if (grants->items[i].verdict == ACCESS_ADMITTED && grants->items[i].choice.protocol == protocol &&
                    status_grant_state(request->context->status, &grants->items[i], &code, cause) != GRANT_ACTIVE)
                        return false;
        return true;
}

static void side_add(const struct request *request, const struct grant_list *grants, enum protocol protocol,
                     struct task *task)
{
        const struct rest_context *context = request->context;
        char storage_node[256] = "";
        struct fault fault = { 0 };
        bool seen;
        int64_t since_ms = status_held_since(context->status, task->subject, protocol, &seen, &fault);
        bool held = since_ms > 0 && side_is_held(request, grants, protocol);
        int64_t age_ms = clock_monotonic_ms(context->clock) - since_ms;

        gethostname(storage_node, sizeof storage_node - 1);
        task_add_step(task, &(struct task_step){ .storage_node = storage_node,
                                                 .layer = protocol == PROTOCOL_IS_NFS ? LAYER_NFS : LAYER_GLUSTER,
                                                 .state = held ? STEP_CONFIRMED : STEP_WAITING,
                                                 .at_ms = held ? clock_wall_ms(context->clock) - age_ms : 0,
                                                 .cause = held ? FAULT_NONE : fault.code,
                                                 .sentence = fault.text });
}

struct task *creation_task(const struct request *request, const struct snapshot *now, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        AUTO_FREE char *id = memory_format(TASK_PREFIX "%s", export->document.id + strlen(EXPORT_PREFIX));
        struct task *task = task_new(id, TASK_EXPORT_CREATE, export->document.id, export->account, NULL);
        bool sides[2] = { false, false };

        task->document.revision = export->document.revision;
        task->document.created_at_ms = export->document.created_at_ms;
        task_add_export(task, export);
        export_grants(request, now, export, &grants);
        export_sides(&grants, sides);
        for (int protocol = 0; protocol < 2; protocol++)
                if (sides[protocol])
                        side_add(request, &grants, (enum protocol)protocol, task);
        task->ended_at_ms = export->document.created_at_ms;
        for (size_t i = 0; i < task->step_count && task->ended_at_ms; i++)
                if (task->steps[i].state == STEP_WAITING)
                        task->ended_at_ms = 0;
                else if (task->steps[i].at_ms > task->ended_at_ms)
                        task->ended_at_ms = task->steps[i].at_ms;
        return task;
}

const struct export *creation_task_export(const struct snapshot *now, const char *task_id)
{
        if (strncmp(task_id, TASK_PREFIX, strlen(TASK_PREFIX)) != 0)
                return NULL;
        AUTO_FREE char *id = memory_format(EXPORT_PREFIX "%s", task_id + strlen(TASK_PREFIX));

        return snapshot_export(now, id);
}

json_t *creation_show(const struct request *request, const struct snapshot *now, const struct export *export)
{
        AUTO_SHARED struct task *task = creation_task(request, now, export);
        AUTO_TEXT struct text text = { 0 };
        struct json_writer writer = { .text = &text };
        json_t *body;

        json_write_begin(&writer, NULL, '{');
        export_show(request, now, export, &writer);
        json_write_end(&writer, '}');
        body = json_from_written(&text);
        json_object_set_new(body, "task", task_to_json(task));
        return body;
}
