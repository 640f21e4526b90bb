/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "rest/commit.h"
#include "rest/export_check.h"
#include "rest/export_create.h"
#include "rest/export_make.h"
#include "rest/export_show.h"
#include "rest/file_question.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/replay.h"
#include "rest/settlement.h"

struct export_create {
        struct commit commit; /* first */
        struct file_question question;
        struct replay replay;
        struct export *wanted;
        const struct storage *storage; /* a reference, for the question */
        struct status *coming;         /* whom it has told that it comes, until it is committed; or NULL */
        json_t *kept; /* the reply that answers the Idempotency-Key from now on; NULL without one */
        char location[EXPORT_ID_SIZE + 16];
        unsigned wait_s;
        bool waits;
        bool in_time;
        void (*reply)(struct request *request, const struct snapshot *now, const struct export *export);
};

/* From the question to the commit: so long others that are there already may wait for it. */
static void coming_begin(struct export_create *change, struct status *status)
{
        if (change->storage->kind != STORAGE_CLUSTER)
                return;
        change->coming = status;
        status_note_coming(status, true);
}

static void coming_end(struct export_create *change)
{
        if (change->coming)
                status_note_coming(change->coming, false);
        change->coming = NULL;
}

static void export_create_free(void *work)
{
        struct export_create *change = work;

        coming_end(change);
        replay_end(&change->replay);
        json_decref(change->kept);
        commit_fini(&change->commit);
        shared_put(change->wanted);
        shared_put(change->storage);
        free(change);
}

/* What speaks against the export in `now`; keeps the storage for the question. */
static int export_create_settle(struct export_create *change, const struct snapshot *now, struct fault *fault)
{
        const struct storage *storage = NULL;
        int result = export_settle(&change->commit, now, change->wanted, &storage, fault);

        shared_put(change->storage);
        change->storage = result == 0 ? shared_get(storage) : NULL;
        return result;
}

static void location_write(const struct export *export, char location[EXPORT_ID_SIZE + 16])
{
        snprintf(location, EXPORT_ID_SIZE + 16, "/v1/exports/%s", export->document.id);
}

static int export_create_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct export_create *change = (struct export_create *)commit;
        int result = export_create_settle(change, write->now, fault);

        coming_end(change);
        if (result == 0)
                result = export_make(commit, write, change->wanted, fault);
        if (result < 0)
                return result;
        location_write(change->wanted, change->location);
        if (replay_is_wanted(&change->replay)) {
                change->kept = creation_show(commit->request, write->now, change->wanted);
                replay_keep(&change->replay, write, 201, change->location, change->wanted->document.revision,
                            change->kept);
        }
        return 0;
}

static void export_create_reply(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct export_create *change = request->work;
        const struct document *document = change->commit.document;

        if (change->reply) {
                change->reply(request, now, (const struct export *)document);
                return;
        }
        if (change->kept && !change->waits)
                object_reply(request, 201, document, json_incref(change->kept));
        else
                creation_reply(request, now, (const struct export *)document);
        reply_field(&request->reply, "Location", "%s", change->location);
        if (change->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", change->wait_s);
}

static void export_create_done(struct request *request)
{
        struct export_create *change = request->work;
        struct status_wait wait = { 0 };

        replay_end(&change->replay);
        if (commit_failed(request, &change->commit))
                return;
        if (change->wait_s == 0) {
                export_create_reply(request);
                return;
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);

        export_wait_for(request, now, (const struct export *)change->commit.document, &wait);
        settlement_wait(request, &wait, change->wait_s, &change->in_time, export_create_reply);
}

/* Somebody has looked at the path, or nobody can. */
static void export_create_inspected(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct export_create *change = request->work;

        file_question_check(&change->question, "/path", &violations);
        change->wanted->directory_seen = file_question_found(&change->question);
        if (violations_any(&violations)) {
                coming_end(change);
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        } else {
                commit_start(request, &change->commit, export_create_prepare, export_create_done);
        }
}

/* Asks the storage about the path, unless another export has it or the answer is no anyway. */
static void export_create_look(struct request *request, struct export_create *change)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct commit *commit = &change->commit;

        commit->request = request;
        if (export_create_settle(change, now, &commit->fault) < 0) {
                commit_failed(request, commit);
                return;
        }
        if (export_path_is_known(now, change->wanted->storage, change->wanted->path)) {
                commit_start(request, commit, export_create_prepare, export_create_done);
                return;
        }
        change->question = (struct file_question){ .storage = change->storage, .path = change->wanted->path };
        coming_begin(change, request->context->status);
        file_question_ask(request, &change->question, export_create_inspected);
}

void export_create_begin(struct request *request, struct export *wanted, unsigned wait_s,
                         void (*reply)(struct request *request, const struct snapshot *now,
                                       const struct export *export))
{
        struct export_create *change = NEW(struct export_create);

        request->work = change;
        request->work_free = export_create_free;
        change->wanted = wanted;
        change->wait_s = wait_s;
        change->reply = reply;
        export_create_look(request, change);
}

/* Reads Prefer and Idempotency-Key. False: the reply is set. */
static bool export_create_headers(struct request *request, struct export_create *change)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        change->waits = prefer_parse(request->headers[HEADER_PREFER], &change->wait_s, &violations);
        replay_check_key(request, &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        return !violations_any(&violations);
}

void rest_export_create(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct export_create *change = NEW(struct export_create);
        json_t *body;

        request->work = change;
        request->work_free = export_create_free;
        if (!export_writing_is_open(request) || !export_create_headers(request, change))
                return;
        body = request_json(request);
        if (!body)
                return;
        if (!replay_start(request, &change->replay, body)) {
                json_decref(body);
                return;
        }
        change->wanted = export_from_json(body, &violations);
        json_decref(body);
        if (change->wanted)
                export_check_request(change->wanted, clock_wall_ms(request->context->clock), &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else
                export_create_look(request, change);
}
