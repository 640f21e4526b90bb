/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "domain/task_json.h"
#include "rest/document_apply.h"
#include "rest/export_make.h"
#include "rest/export_show.h"
#include "rest/file_question.h"
#include "rest/handlers.h"
#include "rest/replay.h"
#include "rest/revocation.h"
#include "rest/settlement.h"

/* A directory that nobody has looked at yet. */
struct path_to_ask {
        const struct storage *storage; /* both borrowed from `base` */
        const char *path;
        size_t place; /* of an item that is of it */
};

struct apply_write {
        struct revocation revocation; /* first */
        struct document_apply apply;
        struct replay replay;
        json_t *body;
        json_t *kept; /* the reply that answers the Idempotency-Key; NULL without one, or when nothing changed */
        const struct snapshot *base;
        struct document_apply rehearsed; /* whose items hold the paths */
        struct path_to_ask *paths;
        size_t path_count, asked;
        int64_t ask_until_ms; /* monotonic */
        struct file_question question;
        struct violations wrong_paths;
        size_t settled; /* items whose grants have been waited for */
        bool in_time;
};

static void apply_write_free(void *work)
{
        struct apply_write *change = work;

        replay_end(&change->replay);
        revocation_fini(&change->revocation);
        document_apply_fini(&change->apply);
        document_apply_fini(&change->rehearsed);
        violations_fini(&change->wrong_paths);
        json_decref(change->kept);
        json_decref(change->body);
        shared_put(change->base);
        free(change->paths);
        free(change);
}

/* --- The commit, and what is told of it ------------------------------------------------------------------------
 */

static json_t *apply_answer(const struct apply_write *change, json_t *task)
{
        json_t *answer = json_object();

        document_apply_tell(&change->apply, false, answer);
        if (task)
                json_object_set_new(answer, "task", task);
        return answer;
}

static int apply_rehearse(struct commit *commit, struct write *write, struct fault *fault)
{
        return document_apply_run(&((struct apply_write *)commit)->rehearsed, commit, write, fault);
}

static int apply_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        struct apply_write *change = (struct apply_write *)commit;
        struct task *task;
        int result = document_apply_run(&change->apply, commit, write, fault);

        if (result < 0 || !document_apply_any(&change->apply))
                return result; /* nothing is kept of what changed nothing: it may be made again */
        task = revocation_of_losses(commit, write, before, TASK_APPLY, change->apply.manager);
        change->revocation.task = task;
        if (replay_is_wanted(&change->replay)) {
                AUTO_FREE char *location = task ? memory_format("/v1/tasks/%s", task->document.id) : NULL;

                change->kept = apply_answer(change, task ? task_to_json(task) : NULL);
                replay_keep(&change->replay, write, task ? 202 : 200, location, 0, change->kept);
        }
        return 0;
}

static void apply_tell(const struct commit *commit, json_t *answer)
{
        document_apply_tell(&((const struct apply_write *)commit)->apply, true, answer);
}

static void apply_reply(struct request *request, int status, json_t *task)
{
        reply_json(&request->reply, status, apply_answer(request->work, task));
}

/* Waits for the grants of one export after the other, and then for the task, all within the time that was asked
 * for. The first wait that is not settled in time is the last one. */
static void apply_settle(struct request *request)
{
        struct apply_write *change = request->work;
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        int64_t left_ms = change->revocation.until_ms - clock_monotonic_ms(request->context->clock);

        while (change->in_time && change->settled < change->apply.count && left_ms > 0) {
                const struct apply_item *item = &change->apply.items[change->settled++];
                struct status_wait wait = { 0 };

                if (item->document->kind != DOCUMENT_EXPORT || item->result > APPLY_CHANGED)
                        continue;
                export_wait_for(request, now, (const struct export *)item->document, &wait);
                settlement_wait(request, &wait, (unsigned)((left_ms + 999) / 1000), &change->in_time,
                                apply_settle);
                return;
        }
        revocation_done(request);
}

static void apply_done(struct request *request)
{
        struct apply_write *change = request->work;
        struct revocation *revocation = &change->revocation;

        replay_end(&change->replay);
        change->in_time = true;
        revocation->until_ms = clock_monotonic_ms(request->context->clock) + (int64_t)revocation->wait_s * 1000;
        if (revocation->commit.fault.code == FAULT_NONE)
                apply_settle(request);
        else
                commit_failed(request, &revocation->commit);
}

/* --- What is at the new paths ----------------------------------------------------------------------------------
 */

static void apply_ask(struct request *request);

static void apply_asked(struct request *request)
{
        struct apply_write *change = request->work;
        AUTO_FREE char *item = json_pointer_index("/exports", change->paths[change->asked].place);
        AUTO_FREE char *pointer = json_pointer_key(item, "path");

        file_question_check(&change->question, pointer, &change->wrong_paths);
        change->asked++;
        apply_ask(request);
}

/* One after the other, between which others have their turn; whom no time is left for is as if nobody could say.
 */
static void apply_ask(struct request *request)
{
        struct apply_write *change = request->work;

        if (change->asked < change->path_count &&
            clock_monotonic_ms(request->context->clock) < change->ask_until_ms) {
                change->question = (struct file_question){ .storage = change->paths[change->asked].storage,
                                                           .path = change->paths[change->asked].path };
                file_question_ask(request, &change->question, apply_asked);
        } else if (violations_any(&change->wrong_paths)) {
                reply_violations(&request->reply, FAULT_INVALID, &change->wrong_paths);
        } else {
                commit_start(request, &change->revocation.commit, apply_prepare, apply_done);
        }
}

static char *path_key(const struct export *export)
{
        return memory_format("%s %s", export->storage, export->path);
}

/* Each directory of what would be created, with the item. */
static struct pmap paths_wanted(const struct document_apply *apply)
{
        struct pmap wanted = { 0 };

        for (size_t i = 0; i < apply->count; i++) {
                const struct document *document = apply->items[i].document;

                if (apply->items[i].result != APPLY_CREATED || document->kind != DOCUMENT_EXPORT)
                        continue;
                AUTO_FREE char *key = path_key((const struct export *)document);

                pmap_put(&wanted, key, strlen(key), document);
        }
        return wanted;
}

/* Takes out what an export has already: somebody has looked at it. */
static void paths_forget_known(const struct snapshot *now, struct pmap *wanted)
{
        const struct export *export;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while (pmap_count(*wanted) > 0 && (export = (const struct export *)snapshot_walk_next(&walk))) {
                AUTO_FREE char *key = path_key(export);

                pmap_remove(wanted, key, strlen(key));
        }
}

/* The directories that somebody is to be asked about, each once. */
static void paths_collect(struct apply_write *change)
{
        struct pmap wanted = paths_wanted(&change->rehearsed);

        paths_forget_known(change->base, &wanted);
        for (size_t i = 0; i < change->rehearsed.count && pmap_count(wanted) > 0; i++) {
                const struct apply_item *item = &change->rehearsed.items[i];
                const struct export *export = (const struct export *)item->document;

                if (item->result != APPLY_CREATED || item->document->kind != DOCUMENT_EXPORT)
                        continue;
                AUTO_FREE char *key = path_key(export);

                if (!pmap_remove(&wanted, key, strlen(key)))
                        continue;
                change->paths = memory_grow(change->paths, change->path_count, sizeof *change->paths);
                change->paths[change->path_count++] =
                        (struct path_to_ask){ snapshot_storage(change->base, export->storage), export->path,
                                              item->place };
        }
        pmap_fini(&wanted);
}

/* --- The request -----------------------------------------------------------------------------------------------
 */

static bool apply_is_open(struct request *request, const struct document_apply *apply)
{
        struct fault fault = { 0 };

        if ((apply->exports || apply->prune) && !export_writing_is_open(request))
                return false;
        if (json_array_size(apply->environments) == 0 ||
            permit(&request->principal, PERMIT_WRITE_INVENTORY, NULL, &fault) == 0)
                return true;
        reply_problem(&request->reply, &fault, NULL, NULL);
        return false;
}

/* Answers with what is wrong with the document, and with the items that could be read. */
static void apply_refuse(struct request *request, struct apply_write *change, struct violations *wrong)
{
        struct commit *commit = &change->revocation.commit;

        change->rehearsed = change->apply;
        commit_rehearse(request, commit, apply_rehearse);
        violations_move(wrong, "", &commit->violations);
        reply_violations(&request->reply, FAULT_INVALID, wrong);
}

/* Reads header and body. False: the reply is set. */
static bool apply_read(struct request *request, struct apply_write *change)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        if (!revocation_read(request, &change->revocation))
                return false;
        replay_check_key(request, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return false;
        }
        change->body = request_json(request);
        if (!change->body || !replay_start(request, &change->replay, change->body))
                return false;
        document_apply_read(&change->apply, change->body, &violations);
        if (!apply_is_open(request, &change->apply))
                return false;
        if (violations_any(&violations))
                apply_refuse(request, change, &violations);
        return !violations_any(&violations);
}

void rest_apply(struct request *request)
{
        struct apply_write *change = NEW(struct apply_write);
        struct commit *commit = &change->revocation.commit;

        request->work = change;
        request->work_free = apply_write_free;
        change->revocation.reply = apply_reply;
        commit->tell = apply_tell;
        if (!apply_read(request, change))
                return;
        change->rehearsed = change->apply;
        change->base = writer_snapshot(request->context->writer);
        if (commit_rehearse(request, commit, apply_rehearse) < 0) {
                commit_failed(request, commit);
                return;
        }
        paths_collect(change);
        change->ask_until_ms =
                clock_monotonic_ms(request->context->clock) + request->context->path_check_timeout_ms;
        apply_ask(request);
}
