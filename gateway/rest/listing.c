/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/listing.h"

#include <jansson.h>

#include "rest/paging.h"

static bool is_shown(const struct request *request, const struct listing *listing, const struct document *document,
                     const char *const *values)
{
        return (!listing->account ||
                permit(&request->principal, listing->action, listing->account(document), NULL) == 0) &&
               (!listing->matches || listing->matches(request, document, values));
}

void listing_reply(struct request *request, const struct listing *listing, struct pmap index, const char *prefix)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const char *values[LISTING_FILTERS_MAX] = { NULL };
        AUTO_PAGE struct page page = { 0 };
        const struct document *document;
        struct snapshot_walk walk;

        for (size_t i = 0; i < LISTING_FILTERS_MAX && listing->filters[i]; i++)
                values[i] = page_filter(request, listing->filters[i], &violations);
        page_start(&page, request, listing->kind, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        snapshot_walk_start(&walk, index, prefix, page_after(&page));
        while ((document = snapshot_walk_next(&walk))) {
                if (!is_shown(request, listing, document, values))
                        continue;
                if (!page_has_room(&page))
                        break;
                page_add(&page, document, listing->show(request, document));
        }
        page_reply(&page, request);
}
