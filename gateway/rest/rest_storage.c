/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "domain/storage_json.h"
#include "rest/commit.h"
#include "rest/file_question.h"
#include "rest/handlers.h"
#include "rest/listing.h"
#include "rest/object.h"
#include "rest/revocation.h"
#include "rest/storage_status.h"

struct storage_write {
        struct commit commit; /* first */
        struct file_question question;
        struct storage *wanted;
};

static void storage_write_free(void *work)
{
        struct storage_write *change = work;

        commit_fini(&change->commit);
        shared_put(change->wanted);
        free(change);
}

static const char *storage_account(const struct document *document)
{
        return ((const struct storage *)document)->account;
}

static bool storage_matches(const struct request *request, const struct document *document,
                            const char *const *values)
{
        (void)request;
        return !values[0] || strcmp(values[0], storage_account(document)) == 0;
}

static json_t *row_show(const struct request *request, const struct document *document)
{
        return storage_show(request, (const struct storage *)document);
}

void rest_storage_list(struct request *request)
{
        static const struct listing listing = { .kind = DOCUMENT_STORAGE,
                                                .action = PERMIT_READ_STORAGE,
                                                .account = storage_account,
                                                .filters = { "account" },
                                                .matches = storage_matches,
                                                .show = row_show };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);

        listing_reply(request, &listing, now->kinds[DOCUMENT_STORAGE], NULL);
}

void rest_storage_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct storage *storage = snapshot_storage(now, request->parameters[0]);
        struct fault fault = { 0 };
        int result =
                access_check(request, PERMIT_READ_STORAGE, storage ? storage->account : NULL, "storage", &fault);

        if (result == 0 && !storage)
                result = access_not_found("storage", &fault);
        if (result < 0)
                reply_problem(&request->reply, &fault, NULL, NULL);
        else
                object_reply(request, 200, &storage->document, storage_show(request, storage));
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* One owner and one volume for all storages of a gateway, and nothing served twice under two names. A store of an
 * older gatehoused may hold two volumes: `existing` (or NULL) can still be written when it keeps its own. */
static void others_check(const struct snapshot *now, const struct storage *existing, const struct storage *wanted,
                         struct violations *violations)
{
        bool other_volume =
                wanted->kind == STORAGE_CLUSTER && !(existing && same_text(existing->volume, wanted->volume));
        const struct document *document;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                const struct storage *other = (const struct storage *)document;

                if (strcmp(document->id, wanted->document.id) == 0)
                        continue;
                if (strcmp(other->account, wanted->account) != 0)
                        violation_add(
                                violations, "/account", "storage.second_account",
                                "all storages of one gateway belong to one account, which is %s: a directory "
                                "is no wall between accounts",
                                other->account);
                if (wanted->kind == other->kind && wanted->volume && same_text(wanted->volume, other->volume))
                        violation_add(violations, "/volume", "storage.volume_taken",
                                      "storage %s is this volume already", document->id);
                else if (other_volume && other->kind == STORAGE_CLUSTER)
                        violation_add(violations, "/volume", "storage.second_volume",
                                      "storage %s is volume %s, and one gateway serves one volume: delete that "
                                      "storage first, or give volume %s a storage node with a gateway of its own",
                                      document->id, other->volume, wanted->volume);
                if (wanted->kind == STORAGE_SINGLE && other->kind == STORAGE_SINGLE &&
                    same_text(wanted->mount_root, other->mount_root))
                        violation_add(violations, "/mount_root", "storage.mount_root_taken",
                                      "storage %s is this file system already", document->id);
        }
}

/* A storage node is no client: its addresses open what clients must not reach. */
static void addresses_check(const struct snapshot *now, const struct storage *wanted,
                            struct violations *violations)
{
        for (size_t i = 0; i < wanted->address_count; i++) {
                AUTO_FREE char *place = json_pointer_index("/addresses", i);
                char text[ADDRESS_TEXT_SIZE];
                struct snapshot_walk walk;
                const struct document *node;

                snapshot_walk_claimants(&walk, now, &wanted->addresses[i]);
                node = snapshot_walk_next(&walk);
                if (node)
                        violation_add(violations, place, "address.client_node",
                                      "%s is the address of the client node %s",
                                      address_format(&wanted->addresses[i], text), node->id);
        }
}

/* A task that still takes access to the storage away, or NULL: until it has ended a server may let in somebody
 * whom nobody remembers once the storage is gone. */
static const struct task *task_on_storage(const struct request *request, const struct snapshot *now,
                                          const char *storage)
{
        const struct task *task;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_TASK], NULL, NULL);
        while ((task = (const struct task *)snapshot_walk_next(&walk))) {
                AUTO_SHARED struct task *shown =
                        task_is_running(task) ? status_task(request->context->status, task) : NULL;

                if (!shown || !task_is_running(shown))
                        continue;
                for (size_t i = 0; i < task->export_count; i++)
                        if (strcmp(task->exports[i].storage, storage) == 0)
                                return task;
        }
        return NULL;
}

/* What exports rest on cannot be put under them while they are there. */
static void exports_check(const struct request *request, const struct snapshot *now,
                          const struct storage *existing, const struct storage *wanted,
                          struct violations *violations)
{
        const char *id = existing->document.id;
        const char *place =
                existing->kind != wanted->kind                   ? "/kind"
                : !same_text(existing->account, wanted->account) ? "/account"
                : !same_text(existing->volume, wanted->volume)   ? "/volume"
                : existing->kind == STORAGE_SINGLE && !same_text(existing->mount_root, wanted->mount_root)
                        ? "/mount_root"
                        : NULL;
        struct snapshot_walk walk;
        const struct task *task;

        if (!place)
                return;
        snapshot_walk_start(&walk, now->exports_by_storage, id, NULL);
        if (snapshot_walk_next(&walk))
                violation_add(violations, place, "storage.in_use",
                              "%s cannot change while the storage has exports; delete them first", place + 1);
        else if ((task = task_on_storage(request, now, id)))
                violation_add(violations, place, "storage.in_use",
                              "%s cannot change before task %s has taken access away", place + 1,
                              task->document.id);
}

static int storage_put_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct storage *wanted = ((struct storage_write *)commit)->wanted;
        const struct storage *existing = snapshot_storage(write->now, wanted->document.id);
        const struct document *document = existing ? &existing->document : NULL;
        int result = precondition_check(commit->request, document, fault);

        if (result < 0)
                return result;
        others_check(write->now, existing, wanted, &commit->violations);
        addresses_check(write->now, wanted, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_INVALID, fault);
        if (existing)
                exports_check(commit->request, write->now, existing, wanted, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        commit_put(commit, write, "storage.put", document, &wanted->document);
        return 0;
}

static void storage_put_done(struct request *request)
{
        struct storage_write *change = request->work;
        const struct document *document = change->commit.document;

        if (commit_failed(request, &change->commit))
                return;
        object_reply(request, change->commit.created ? 201 : 200, document,
                     storage_show(request, (const struct storage *)document));
        if (change->commit.created)
                reply_field(&request->reply, "Location", "/v1/storages/%s", document->id);
}

/* The file system behind a single storage has been looked at. */
static void storage_put_checked(struct request *request)
{
        struct storage_write *change = request->work;
        const struct fault *fault = &change->question.question.fault;
        AUTO_VIOLATIONS struct violations violations = { 0 };

        if (fault->code == FAULT_INVALID) {
                violation_add(&violations, "/mount_root", "storage.not_exportable", "%s", fault->text);
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        } else if (fault->code != FAULT_NONE) {
                reply_fault(&request->reply, FAULT_UNAVAILABLE, "nobody can look at the file system now: %s",
                            fault->text);
        } else {
                commit_start(request, &change->commit, storage_put_prepare, storage_put_done);
        }
}

static void storage_ask(struct request *request, struct storage_write *change)
{
        change->question = (struct file_question){ .storage = change->wanted };
        file_question_ask(request, &change->question, storage_put_checked);
}

void rest_storage_put(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const char *name = request->parameters[0];
        const struct storage *existing = snapshot_storage(now, name);
        struct storage_write *change = NEW(struct storage_write);
        struct fault fault = { 0 };
        json_t *body;

        request->work = change;
        request->work_free = storage_write_free;
        if (access_check(request, PERMIT_WRITE_STORAGE, existing ? existing->account : NULL, "storage", &fault) <
            0) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        body = request_json(request);
        if (!body)
                return;
        parameter_check(name, "name", &violations);
        change->wanted = storage_from_json(name, body, &violations);
        json_decref(body);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else if (change->wanted->kind == STORAGE_SINGLE)
                storage_ask(request, change);
        else
                commit_start(request, &change->commit, storage_put_prepare, storage_put_done);
}

#define EXPORTS_NAMED 20

/* Names what the storage is still needed for. */
static void uses_check(const struct request *request, const struct snapshot *now, const char *storage,
                       struct violations *violations)
{
        const struct document *export;
        struct snapshot_walk walk;
        const struct task *task;

        snapshot_walk_start(&walk, now->exports_by_storage, storage, NULL);
        for (int i = 0; i < EXPORTS_NAMED && (export = snapshot_walk_next(&walk)); i++)
                violation_add(violations, "path/name", "storage.in_use",
                              "export %s is of this storage; delete it first", export->id);
        task = violations_any(violations) ? NULL : task_on_storage(request, now, storage);
        if (task)
                violation_add(violations, "path/name", "storage.in_use",
                              "task %s still takes access to this storage away; wait for its end",
                              task->document.id);
}

static int storage_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct revocation *revocation = (struct revocation *)commit;
        const struct request *request = commit->request;
        const struct storage *existing = snapshot_storage(write->now, request->parameters[0]);
        int result =
                access_check(request, PERMIT_WRITE_STORAGE, existing ? existing->account : NULL, "storage", fault);

        if (result == 0 && !existing)
                result = access_not_found("storage", fault);
        if (result == 0)
                result = precondition_check(request, &existing->document, fault);
        if (result < 0)
                return result;
        uses_check(request, write->now, existing->document.id, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_CONFLICT, fault);
        task_add_storage(
                revocation_begin(revocation, write, TASK_STORAGE_DELETE, existing->document.id, existing->account),
                existing->document.id);
        commit_remove(commit, write, "storage.delete", &existing->document);
        revocation_put(revocation, write);
        return 0;
}

static void storage_delete_reply(struct request *request, int status, json_t *task)
{
        const struct revocation *revocation = request->work;

        reply_json(
                &request->reply, status,
                json_pack("{s:s, s:b, s:o}", "name", revocation->commit.document->id, "deleted", 1, "task", task));
}

void rest_storage_delete(struct request *request)
{
        revocation_start(request, storage_delete_prepare, storage_delete_reply);
}
