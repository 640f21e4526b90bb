/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "rest/export_make.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/paging.h"
#include "rest/revocation.h"

struct export_filter {
        const char *environment, *account, *storage, *manager; /* NULL = any */
        const char *environment_uid; /* of the environment that has the name now, or NULL: then walked by */
};

/* An environment's name finds what is bound to the environment that has it now; once nobody has it, what is left
 * of those that had. */
static bool export_is_wanted(const struct request *request, const struct export_filter *filter,
                             const struct export *export)
{
        return (!filter->account || strcmp(filter->account, export->account) == 0) &&
               (!filter->storage || strcmp(filter->storage, export->storage) == 0) &&
               (!filter->manager || (export->manager && strcmp(filter->manager, export->manager) == 0)) &&
               (!filter->environment || filter->environment_uid ||
                strcmp(filter->environment, export->environment) == 0) &&
               permit(&request->principal, PERMIT_READ_EXPORT, export->account, NULL) == 0;
}

/* Starts on the index that leaves the least to look through. */
static void export_walk_start(struct snapshot_walk *walk, const struct snapshot *now,
                              const struct request *request, const struct export_filter *filter, const char *after)
{
        if (filter->environment_uid)
                snapshot_walk_start(walk, now->exports_by_environment, filter->environment_uid, after);
        else if (request->principal.kind == PRINCIPAL_ACCOUNT)
                snapshot_walk_start(walk, now->exports_by_account, request->principal.account, after);
        else if (filter->storage)
                snapshot_walk_start(walk, now->exports_by_storage, filter->storage, after);
        else if (filter->account)
                snapshot_walk_start(walk, now->exports_by_account, filter->account, after);
        else
                snapshot_walk_start(walk, now->kinds[DOCUMENT_EXPORT], NULL, after);
}

static void export_filter_read(struct export_filter *filter, const struct snapshot *now,
                               const struct request *request, struct violations *violations)
{
        const struct environment *environment;

        filter->environment = page_filter(request, "environment", violations);
        filter->account = page_filter(request, "account", violations);
        filter->storage = page_filter(request, "storage", violations);
        filter->manager = request_query(request, "manager"); /* any text may stand there */
        environment = filter->environment ? snapshot_environment(now, filter->environment) : NULL;
        filter->environment_uid = environment ? environment->uid : NULL;
}

/* How long the event thread works on a list before it looks after others: a page of 1000 exports to 50 nodes each
 * was measured to take 0.4 s, nearly all of it in deriving grants. */
#define LIST_SLICE_MS 10

struct export_list {
        const struct snapshot *now; /* all slices look at this one */
        struct export_filter filter;
        struct snapshot_walk walk;
        struct page page;
        const struct export **sorted; /* by path: the next limit + 1, borrowed from `now` */
        size_t sorted_count, shown;
};

static void export_list_free(void *work)
{
        struct export_list *list = work;

        page_fini(&list->page);
        free(list->sorted);
        shared_put(list->now);
        free(list);
}

/* Whether the event thread has worked on this list long enough, and goes on with `next` in its next turn. */
static bool slice_ends(struct request *request, int64_t until_ms, void (*next)(struct request *request))
{
        return clock_monotonic_ms(request->context->clock) >= until_ms && request_yield(request, next);
}

static int64_t slice_until(const struct request *request)
{
        return clock_monotonic_ms(request->context->clock) + LIST_SLICE_MS;
}

static void page_show(const struct request *request, struct export_list *list, const struct export *export)
{
        struct json_writer writer;

        page_item_begin(&list->page, &export->document, &writer);
        export_show(request, list->now, export, &writer);
        json_write_end(&writer, '}');
}

static void export_list_slice(struct request *request)
{
        struct export_list *list = request->work;
        int64_t until_ms = slice_until(request);
        const struct document *document;

        while ((document = snapshot_walk_next(&list->walk))) {
                const struct export *export = (const struct export *)document;

                if (export_is_wanted(request, &list->filter, export)) {
                        if (!page_has_room(&list->page))
                                break;
                        page_show(request, list, export);
                }
                if (slice_ends(request, until_ms, export_list_slice))
                        return;
        }
        page_reply(&list->page, request);
        request->reply.of_memory = true;
}

/* --- Sorted by path: one walk keeps the first ones behind the cursor, which are then shown ---------------------
 */

static int path_compare(const char *path, const char *id, const struct export *other)
{
        int order = strcmp(path, other->path);

        return order != 0 ? order : strcmp(id, other->document.id);
}

/* Takes `export` in unless it stands behind all of a full list. */
static void sorted_take(struct export_list *list, const struct export *export)
{
        size_t most = list->page.limit + 1, low = 0, high = list->sorted_count;

        if (list->page.after[0] != '\0' && path_compare(list->page.after_path, list->page.after, export) >= 0)
                return;
        while (low < high) {
                size_t middle = (low + high) / 2;

                if (path_compare(export->path, export->document.id, list->sorted[middle]) < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        if (low == most)
                return;
        if (list->sorted_count < most)
                list->sorted_count++;
        memmove(list->sorted + low + 1, list->sorted + low,
                (list->sorted_count - low - 1) * sizeof(*list->sorted));
        list->sorted[low] = export;
}

static void sorted_show_slice(struct request *request)
{
        struct export_list *list = request->work;
        int64_t until_ms = slice_until(request);

        while (list->shown < list->sorted_count && page_has_room(&list->page)) {
                const struct export *export = list->sorted[list->shown++];

                page_show(request, list, export);
                if (slice_ends(request, until_ms, sorted_show_slice))
                        return;
        }
        page_reply(&list->page, request);
}

static void sorted_walk_slice(struct request *request)
{
        struct export_list *list = request->work;
        int64_t until_ms = slice_until(request);
        const struct document *document;

        while ((document = snapshot_walk_next(&list->walk))) {
                if (export_is_wanted(request, &list->filter, (const struct export *)document))
                        sorted_take(list, (const struct export *)document);
                if (slice_ends(request, until_ms, sorted_walk_slice))
                        return;
        }
        sorted_show_slice(request);
}

static void sort_read(struct export_list *list, const struct request *request, struct violations *violations)
{
        const char *sort = request_query(request, "sort");

        list->page.by_path = sort && strcmp(sort, "path") == 0;
        if (sort && !list->page.by_path && strcmp(sort, "created") != 0)
                violation_add(violations, "query/sort", "word.unknown", "sort is created or path");
}

void rest_export_list(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct export_list *list = NEW(struct export_list);
        struct page *page = &list->page;

        request->work = list;
        request->work_free = export_list_free;
        list->now = writer_snapshot(request->context->writer);
        export_filter_read(&list->filter, list->now, request, &violations);
        sort_read(list, request, &violations);
        page_start(page, request, DOCUMENT_EXPORT, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        export_walk_start(&list->walk, list->now, request, &list->filter, page->by_path ? NULL : page_after(page));
        if (page->by_path) {
                list->sorted = memory_new(page->limit + 1, sizeof *list->sorted);
                sorted_walk_slice(request);
        } else {
                export_list_slice(request);
        }
}

void rest_export_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct export *export = export_find(request, now, PERMIT_READ_EXPORT);

        if (export)
                export_reply(request, 200, now, export, NULL);
}

static int export_delete_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct revocation *revocation = (struct revocation *)commit;
        const struct request *request = commit->request;
        const struct export *export = snapshot_export(write->now, request->parameters[0]);
        int result = access_check(request, PERMIT_WRITE_EXPORT, export ? export->account : NULL, "export", fault);

        if (result == 0 && !export)
                result = access_not_found("export", fault);
        if (result == 0)
                result = precondition_check(request, &export->document, fault);
        if (result < 0)
                return result;
        revocation_begin(revocation, write, TASK_EXPORT_DELETE, export->document.id, export->account);
        export_remove(revocation, write, export);
        revocation_put(revocation, write);
        return 0;
}

static void export_delete_reply(struct request *request, int status, json_t *task)
{
        const struct revocation *revocation = request->work;

        reply_json(
                &request->reply, status,
                json_pack("{s:s, s:b, s:o}", "id", revocation->commit.document->id, "deleted", 1, "task", task));
}

void rest_export_delete(struct request *request)
{
        revocation_start(request, export_delete_prepare, export_delete_reply);
}
