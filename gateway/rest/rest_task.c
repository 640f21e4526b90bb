/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/task_json.h"
#include "rest/creation_task.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/listing.h"
#include "rest/object.h"
#include "rest/settlement.h"

static const char *const state_words[] = { "running", "done", NULL };

static const char *task_account(const struct document *document)
{
        return ((const struct task *)document)->account;
}

static json_t *task_show(const struct request *request, const struct document *document)
{
        AUTO_SHARED struct task *shown = status_task(request->context->status, (const struct task *)document);

        return task_to_json(shown);
}

/* By state and export. What runs as far as the store knows may have ended. */
static bool task_matches(const struct request *request, const struct document *document, const char *const *values)
{
        const struct task *task = (const struct task *)document;

        if (values[1] && !task_has_export(task, values[1]))
                return false;
        if (!values[0])
                return true;
        AUTO_SHARED struct task *shown = status_task(request->context->status, task);
        return (strcmp(values[0], "running") == 0) == task_is_running(shown);
}

void rest_task_list(struct request *request)
{
        static const struct listing listing = { .kind = DOCUMENT_TASK,
                                                .action = PERMIT_READ_EXPORT,
                                                .account = task_account,
                                                .filters = { "state", "export" },
                                                .words = { state_words, NULL },
                                                .matches = task_matches,
                                                .show = task_show };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);

        listing_reply(request, &listing, now->kinds[DOCUMENT_TASK], NULL);
}

struct task_get {
        const struct task *task; /* reference; NULL: that of a create */
        char id[EXPORT_ID_SIZE]; /* of the export of a create */
        struct status_wait wait;
        unsigned wait_s;
        bool waits;
        bool in_time;
};

static void task_get_free(void *work)
{
        struct task_get *get = work;

        shared_put(get->task);
        free(get);
}

/* The task of a create is told as long as its export is there. */
static struct task *created_find(const struct request *request, const char *export_id)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct export *export = snapshot_export(now, export_id);

        return export ? creation_task(request, now, export) : NULL;
}

static void task_get_reply(struct request *request)
{
        struct task_get *get = request->work;
        AUTO_SHARED struct task *shown =
                get->task ? status_task(request->context->status, get->task) : created_find(request, get->id);

        if (!shown) {
                reply_fault(&request->reply, FAULT_NOT_FOUND, "there is no such task");
                return;
        }
        reply_json(&request->reply, 200, task_to_json(shown));
        if (get->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", get->wait_s);
}

/* Finds what the path names. False: the reply is set. */
static bool task_get_find(struct request *request, struct task_get *get)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const char *id = request->parameters[0];
        const struct task *task = (const struct task *)snapshot_find(now, DOCUMENT_TASK, id);
        const struct export *created = task ? NULL : creation_task_export(now, id);

        if (!object_is_open(request, PERMIT_READ_EXPORT,
                            task      ? task->account
                            : created ? created->account
                                      : NULL,
                            "task"))
                return false;
        get->task = shared_get(task);
        if (created) {
                snprintf(get->id, sizeof get->id, "%s", created->document.id);
                export_wait_for(request, now, created, &get->wait);
        } else {
                snprintf(get->wait.task_id, sizeof get->wait.task_id, "%s", task->document.id);
        }
        return true;
}

void rest_task_get(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct task_get *get = NEW(struct task_get);

        request->work = get;
        request->work_free = task_get_free;
        get->waits = prefer_parse(request->headers[HEADER_PREFER], &get->wait_s, &violations);
        if (!task_get_find(request, get))
                return;
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        else if (get->wait_s == 0 || (get->task && !task_is_running(get->task)))
                task_get_reply(request);
        else
                settlement_wait(request, &get->wait, get->wait_s, &get->in_time, task_get_reply);
}
