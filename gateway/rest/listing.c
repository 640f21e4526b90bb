/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/listing.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "rest/paging.h"

static bool is_shown(const struct request *request, const struct listing *listing, const struct document *document,
                     const char *const *values)
{
        return (!listing->account ||
                permit(&request->principal, listing->action, listing->account(document), NULL) == 0) &&
               (!listing->matches || listing->matches(request, document, values));
}

/* The value of a filter; one that is no name, or none of the words that it is of, is a violation. */
static const char *filter_read(const struct request *request, const char *name, const char *const *words,
                               struct violations *violations)
{
        const char *value = words ? request_query(request, name) : page_filter(request, name, violations);
        AUTO_FREE char *place = memory_format("query/%s", name);
        AUTO_TEXT struct text allowed = { 0 };

        if (!value || !words)
                return value;
        for (size_t i = 0; words[i]; i++) {
                if (strcmp(words[i], value) == 0)
                        return value;
                text_addf(&allowed, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
        }
        violation_add(violations, place, "word.unknown", "%s is %s", name, text_get(&allowed));
        return value;
}

void listing_reply_from(struct request *request, const struct listing *listing, struct listing_source *source)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const char *values[LISTING_FILTERS_MAX] = { NULL };
        AUTO_PAGE struct page page = { 0 };
        const struct document *document;

        for (size_t i = 0; i < LISTING_FILTERS_MAX && listing->filters[i]; i++)
                values[i] = filter_read(request, listing->filters[i], listing->words[i], &violations);
        page_start(&page, request, listing->kind, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        source->start(source, page_after(&page));
        while ((document = source->next(source))) {
                if (!is_shown(request, listing, document, values))
                        continue;
                if (!page_has_room(&page))
                        break;
                page_add(&page, document, listing->show(request, document));
        }
        page_reply(&page, request);
}

/* One index of a snapshot. */
struct index_source {
        struct listing_source source; /* first */
        struct pmap index;
        const char *prefix;
        struct snapshot_walk walk;
};

static void index_start(struct listing_source *source, const char *after)
{
        struct index_source *index = (struct index_source *)source;

        snapshot_walk_start(&index->walk, index->index, index->prefix, after);
}

static const struct document *index_next(struct listing_source *source)
{
        return snapshot_walk_next(&((struct index_source *)source)->walk);
}

void listing_reply(struct request *request, const struct listing *listing, struct pmap index, const char *prefix)
{
        struct index_source source = { .source = { index_start, index_next }, .index = index, .prefix = prefix };

        listing_reply_from(request, listing, &source.source);
}
