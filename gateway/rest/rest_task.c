/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/task_json.h"
#include "reconcile/creation_task.h"
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

/* By state, export and kind. What runs as far as the store knows may have ended. */
static bool task_matches(const struct request *request, const struct document *document, const char *const *values)
{
        const struct task *task = (const struct task *)document;

        if (values[1] && !task_has_export(task, values[1]))
                return false;
        if (values[2] && strcmp(values[2], task_kind_words[task->kind]) != 0)
                return false;
        if (!values[0])
                return true;
        AUTO_SHARED struct task *shown = status_task(request->context->status, task);
        return (strcmp(values[0], "running") == 0) == task_is_running(shown);
}

/* Tasks that are documents, and those of creates, which are derived from exports; both by id. */
struct task_source {
        struct listing_source source; /* first */
        const struct request *request;
        const struct snapshot *now;
        const char *state, *export, *kind; /* the query's: what they rule out is not derived */
        int64_t wall_ms;
        struct snapshot_walk tasks, exports;
        const struct task *task; /* the next of each, or NULL */
        const struct export *export_next;
        struct task *derived; /* the one that was given out last; reference */
};

static bool creation_is_wanted(const struct task_source *source, const struct export *export)
{
        const struct principal *principal = &source->request->principal;

        if (!creation_task_is_kept(export, source->wall_ms) ||
            (source->export && strcmp(source->export, export->document.id) != 0) ||
            (source->kind && strcmp(source->kind, task_kind_words[TASK_EXPORT_CREATE]) != 0) ||
            (source->state && strcmp(source->state, "running") == 0 && export->creation.ended_at_ms != 0))
                return false;
        return permit(principal, PERMIT_READ_EXPORT, export->account, NULL) == 0;
}

static void export_advance(struct task_source *source)
{
        do
                source->export_next = (const struct export *)snapshot_walk_next(&source->exports);
        while (source->export_next && !creation_is_wanted(source, source->export_next));
}

static void task_source_start(struct listing_source *listing, const char *after)
{
        struct task_source *source = (struct task_source *)listing;
        AUTO_FREE char *export_id = after ? creation_task_export_id(after) : NULL;

        snapshot_walk_start(&source->tasks, source->now->kinds[DOCUMENT_TASK], NULL, after);
        snapshot_walk_start(&source->exports, source->now->kinds[DOCUMENT_EXPORT], NULL, export_id);
        source->task = (const struct task *)snapshot_walk_next(&source->tasks);
        export_advance(source);
}

static const struct document *task_source_next(struct listing_source *listing)
{
        struct task_source *source = (struct task_source *)listing;
        const struct rest_context *context = source->request->context;
        const struct task *task = source->task;

        if (source->export_next && (!task || creation_task_comes_before(source->export_next, task->document.id))) {
                shared_put(source->derived);
                source->derived =
                        creation_task(context->status, context->clock, source->now, source->export_next, NULL);
                export_advance(source);
                return &source->derived->document;
        }
        if (task)
                source->task = (const struct task *)snapshot_walk_next(&source->tasks);
        return task ? &task->document : NULL;
}

void rest_task_list(struct request *request)
{
        static const struct listing listing = { .kind = DOCUMENT_TASK,
                                                .action = PERMIT_READ_EXPORT,
                                                .account = task_account,
                                                .filters = { "state", "export", "kind" },
                                                .words = { state_words, NULL, task_kind_words },
                                                .matches = task_matches,
                                                .show = task_show };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct task_source source = { .source = { task_source_start, task_source_next },
                                      .request = request,
                                      .now = now,
                                      .state = request_query(request, "state"),
                                      .export = request_query(request, "export"),
                                      .kind = request_query(request, "kind"),
                                      .wall_ms = clock_wall_ms(request->context->clock) };

        listing_reply_from(request, &listing, &source.source);
        shared_put(source.derived);
}

struct task_get {
        const struct task *task; /* reference; NULL: that of a create */
        char id[EXPORT_ID_SIZE]; /* of the export of a create */
        struct status_wait wait;
        unsigned wait_s;
        bool waits;
        bool is_done; /* of a create: its end was noted */
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
        const struct rest_context *context = request->context;

        return export ? creation_task(context->status, context->clock, now, export, NULL) : NULL;
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
        digest_reply(request, task_to_json(shown));
        if (get->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", get->wait_s);
}

/* Finds what the path names. False: the reply is set. */
static bool task_get_find(struct request *request, struct task_get *get)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const char *id = request->parameters[0];
        int64_t wall_ms = clock_wall_ms(request->context->clock);
        const struct task *task = (const struct task *)snapshot_find(now, DOCUMENT_TASK, id);
        const struct export *created = task ? NULL : creation_task_export(now, id, wall_ms);

        if (!object_is_open(request, PERMIT_READ_EXPORT,
                            task      ? task->account
                            : created ? created->account
                                      : NULL,
                            "task"))
                return false;
        get->task = shared_get(task);
        if (created) {
                get->is_done = created->creation.ended_at_ms != 0;
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
        else if (get->wait_s == 0 || get->is_done || (get->task && !task_is_running(get->task)))
                task_get_reply(request);
        else
                settlement_wait(request, &get->wait, get->wait_s, &get->in_time, task_get_reply);
}
