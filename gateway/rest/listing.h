/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lists of objects that cost little to show: one walk, and a row for what is shown, to whom, and by which filters.
 */
#pragma once

#include "domain/document.h"
#include "domain/snapshot.h"
#include "rest/request.h"

struct json_t;

#define LISTING_FILTERS_MAX 3

/* Where a list's objects come from, when that is not one index: by id, each borrowed until the next. */
struct listing_source {
        /* Begins behind `after`, which need not be there (NULL: at the first). */
        void (*start)(struct listing_source *source, const char *after);
        const struct document *(*next)(struct listing_source *source); /* NULL: there is no more */
};

struct listing {
        enum document_kind kind;
        enum permit_action action;                               /* that it takes to be shown one */
        const char *(*account)(const struct document *document); /* whose it is; NULL: who may ask is shown all */
        const char *filters[LISTING_FILTERS_MAX];                /* names of query parameters that are names */
        const char *const *words[LISTING_FILTERS_MAX]; /* NULL-terminated: what filters[i] can be alone */
        /* Whether it is wanted; values[i] is filters[i]'s, NULL when not given. NULL: all are. */
        bool (*matches)(const struct request *request, const struct document *document, const char *const *values);
        struct json_t *(*show)(const struct request *request, const struct document *document);
};

/* Answers with a page of those under `prefix` in `index` of `now` (as snapshot_walk_start). */
void listing_reply(struct request *request, const struct listing *listing, struct pmap index, const char *prefix);

/* The same, of `source`. */
void listing_reply_from(struct request *request, const struct listing *listing, struct listing_source *source);
