/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/revocation.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/task_json.h"
#include "reconcile/losses.h"
#include "rest/export_show.h"
#include "rest/settlement.h"

void revocation_fini(struct revocation *revocation)
{
        commit_fini(&revocation->commit);
        shared_put(revocation->task);
        revocation->task = NULL;
}

bool revocation_read(struct request *request, struct revocation *revocation)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        revocation->waits = prefer_parse(request->headers[HEADER_PREFER], &revocation->wait_s, &violations);
        if (!violations_any(&violations))
                return true;
        reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        return false;
}

static void revocation_free(void *work)
{
        revocation_fini(work);
        free(work);
}

void revocation_start(struct request *request,
                      int (*prepare)(struct commit *commit, struct write *write, struct fault *fault),
                      void (*reply)(struct request *request, int status, json_t *task))
{
        struct revocation *revocation = NEW(struct revocation);

        request->work = revocation;
        request->work_free = revocation_free;
        revocation->reply = reply;
        if (revocation_read(request, revocation))
                commit_start(request, &revocation->commit, prepare, revocation_done);
}

static struct task *task_begin(const struct request *request, const struct write *write, enum task_kind kind,
                               const char *subject, const char *account)
{
        char id[TASK_ID_SIZE];
        uint8_t random[10];

        request->context->random_bytes(random, sizeof random);
        return task_new(task_id_make(write->now_ms, random, id), kind, subject, account, request->principal.name);
}

struct task *revocation_begin(struct revocation *revocation, const struct write *write, enum task_kind kind,
                              const char *subject, const char *account)
{
        revocation->task = task_begin(revocation->commit.request, write, kind, subject, account);
        return revocation->task;
}

static void clients_add(struct task *task, const struct node *node)
{
        for (size_t i = 0; i < node->address_count; i++)
                task_add_client(task, &node->addresses[i]);
}

void revocation_add_grants(struct revocation *revocation, const struct snapshot *now, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        task_add_export(revocation->task, export);
        export_grants(revocation->commit.request, now, export, &grants);
        for (size_t i = 0; i < grants.count; i++)
                if (grants.items[i].verdict == ACCESS_ADMITTED)
                        clients_add(revocation->task, grants.items[i].node);
}

void revocation_add_node(struct revocation *revocation, const struct snapshot *now, const struct node *node)
{
        const struct export *export;
        struct snapshot_walk walk;

        clients_add(revocation->task, node);
        snapshot_walk_start(&walk, now->exports_by_environment, node->environment_uid, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk)))
                if (export_reaches(export, node))
                        task_add_export(revocation->task, export);
}

void revocation_add_environment(struct revocation *revocation, const struct snapshot *now,
                                const struct environment *environment)
{
        const struct document *document;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->nodes_by_environment, environment->uid, NULL);
        while ((document = snapshot_walk_next(&walk)))
                clients_add(revocation->task, (const struct node *)document);
        snapshot_walk_start(&walk, now->exports_by_environment, environment->uid, NULL);
        while ((document = snapshot_walk_next(&walk)))
                task_add_export(revocation->task, (const struct export *)document);
}

static struct losses_terms terms_of(const struct request *request, const struct snapshot *before,
                                    const struct snapshot *after)
{
        return (struct losses_terms){ .before = before,
                                      .after = after,
                                      .facts = status_facts(request->context->status),
                                      .now_ms = clock_wall_ms(request->context->clock) };
}

bool revocation_add_losses(struct revocation *revocation, const struct snapshot *before,
                           const struct snapshot *after, const char *id)
{
        struct losses_terms terms = terms_of(revocation->commit.request, before, after);
        AUTO_ADDRESS_BAG struct address_bag clients = { 0 };
        bool any = losses_of_export(&terms, id, &clients);

        for (size_t i = 0; i < clients.count; i++)
                task_add_client(revocation->task, &clients.items[i]);
        return any;
}

struct task *revocation_of_losses(const struct commit *commit, struct write *write, const struct snapshot *before,
                                  enum task_kind kind, const char *subject)
{
        const struct request *request = commit->request;
        struct losses_terms terms = terms_of(request, before, write->now);
        struct task *task;

        if (request->dry_run || before->revision == write->now->revision)
                return NULL;
        task = task_begin(request, write, kind, subject, NULL);
        if (!losses_add(&terms, task)) {
                shared_put(task);
                return NULL;
        }
        write_put(write, &task->document);
        return task;
}

void revocation_tell(const struct request *request, const struct task *task, json_t *body)
{
        AUTO_SHARED struct task *shown = task ? status_task(request->context->status, task) : NULL;

        if (shown)
                json_object_set_new(body, "task", task_to_json(shown));
}

void revocation_put(struct revocation *revocation, struct write *write)
{
        if (revocation->task)
                write_put(write, &revocation->task->document);
}

static void revocation_reply(struct request *request)
{
        struct revocation *revocation = request->work;
        AUTO_SHARED struct task *shown =
                revocation->task ? status_task(request->context->status, revocation->task) : NULL;
        bool done = !shown || (!task_is_running(shown) && revocation->wait_s > 0);

        revocation->reply(request, done ? 200 : 202, shown ? task_to_json(shown) : NULL);
        if (!done)
                reply_field(&request->reply, "Location", "/v1/tasks/%s", shown->document.id);
        if (revocation->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", revocation->wait_s);
}

/* Whole seconds, so that 1 ms that is left still waits. */
static unsigned left_s(const struct request *request, const struct revocation *revocation)
{
        int64_t left_ms = revocation->until_ms - clock_monotonic_ms(request->context->clock);

        if (revocation->until_ms == 0)
                return revocation->wait_s;
        return left_ms > 0 ? (unsigned)((left_ms + 999) / 1000) : 0;
}

void revocation_done(struct request *request)
{
        struct revocation *revocation = request->work;
        unsigned wait_s = left_s(request, revocation);

        if (commit_failed(request, &revocation->commit))
                return;
        if (wait_s == 0) {
                revocation_reply(request);
                return;
        }
        if (revocation->task)
                snprintf(revocation->wait.task_id, sizeof revocation->wait.task_id, "%s",
                         revocation->task->document.id);
        settlement_wait(request, &revocation->wait, wait_s, &revocation->in_time, revocation_reply);
}
