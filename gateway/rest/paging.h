/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lists in pages: {"items": [...], "next": cursor or null}. A cursor names the last object that was shown (and its
 * path, when sorted by that), so that it stays right while objects come and go: what is there all the time is
 * shown exactly once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "domain/export.h"
#include "domain/json_writer.h"
#include "rest/request.h"

#define PAGE_LIMIT_DEFAULT 100
#define PAGE_LIMIT_MOST 1000

struct page {
        const char *word; /* of what is listed */
        size_t limit;
        char after[DOCUMENT_ID_MAX + 1]; /* the last object of the page before, or "" */
        char last[DOCUMENT_ID_MAX + 1];  /* of this page so far */
        bool by_path;                    /* of exports alone: sorted by path, then id */
        char after_path[EXPORT_PATH_MAX + 1], last_path[EXPORT_PATH_MAX + 1];
        bool more;
        size_t count;
        struct text body; /* the reply so far: its items */
};

#define AUTO_PAGE __attribute__((cleanup(page_fini)))
void page_fini(struct page *page);

/* Starts a page of `kind` (zeroed, but for by_path) as the query's limit and cursor ask, each bad one a violation
 * at "query/...". */
void page_start(struct page *page, const struct request *request, enum document_kind kind,
                struct violations *violations);

/* The same for what is no document: `word` (static) is its kind, ids have no blanks and no colons. */
void page_start_named(struct page *page, const struct request *request, const char *word,
                      struct violations *violations);

/* Where a walk begins: for snapshot_walk_start. */
const char *page_after(const struct page *page);

/* Whether there is room for `document`: if not, the page is complete and one more exists. */
bool page_has_room(struct page *page);

/* Begins an item for `document`, whose members the caller writes with
 * `writer`, and ends with json_write_end. */
void page_item_begin(struct page *page, const struct document *document, struct json_writer *writer);

/* Appends what the API shows of `document` (`item` is taken). */
void page_add(struct page *page, const struct document *document, struct json_t *item);

void page_add_named(struct page *page, const char *id, struct json_t *item);

/* The page ends here, behind `id`, shorter than it might be: there is more to be asked for. */
void page_break(struct page *page, const char *id);

/* Answers with the page, and where the next one is (Link). */
void page_reply(struct page *page, struct request *request);

/* The query's filter `name`, NULL when not given; one that is no name is a violation. */
const char *page_filter(const struct request *request, const char *name, struct violations *violations);
