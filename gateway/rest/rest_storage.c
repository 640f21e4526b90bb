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
#include "rest/object.h"
#include "rest/paging.h"

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

void rest_storage_list(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        AUTO_PAGE struct page page = { 0 };
        const struct document *document;
        struct snapshot_walk walk;

        page_start(&page, request, DOCUMENT_STORAGE, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_STORAGE], NULL, page_after(&page));
        while ((document = snapshot_walk_next(&walk))) {
                const struct storage *storage = (const struct storage *)document;

                if (permit(&request->principal, PERMIT_READ_STORAGE, storage->account, NULL) < 0)
                        continue;
                if (!page_has_room(&page))
                        break;
                page_add(&page, document, storage_to_json(storage));
        }
        page_reply(&page, request);
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
                object_reply(request, 200, &storage->document, storage_to_json(storage));
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* One owner for all storages of a gateway, and nothing served twice under two names. */
static void others_check(const struct snapshot *now, const struct storage *wanted, struct violations *violations)
{
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

/* What exports rest on cannot be put under them while they are there. */
static void exports_check(const struct snapshot *now, const struct storage *existing, const struct storage *wanted,
                          struct violations *violations)
{
        const char *place =
                existing->kind != wanted->kind                   ? "/kind"
                : !same_text(existing->account, wanted->account) ? "/account"
                : !same_text(existing->volume, wanted->volume)   ? "/volume"
                : existing->kind == STORAGE_SINGLE && !same_text(existing->mount_root, wanted->mount_root)
                        ? "/mount_root"
                        : NULL;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->exports_by_storage, existing->document.id, NULL);
        if (place && snapshot_walk_next(&walk))
                violation_add(violations, place, "storage.in_use",
                              "%s cannot change while the storage has exports; delete them first", place + 1);
}

static int storage_put_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct storage *wanted = ((struct storage_write *)commit)->wanted;
        const struct storage *existing = snapshot_storage(write->now, wanted->document.id);
        const struct document *document = existing ? &existing->document : NULL;
        int result = precondition_check(commit->request, document, fault);

        if (result < 0)
                return result;
        others_check(write->now, wanted, &commit->violations);
        addresses_check(write->now, wanted, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_INVALID, fault);
        if (existing)
                exports_check(write->now, existing, wanted, &commit->violations);
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
                     storage_to_json((const struct storage *)document));
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
