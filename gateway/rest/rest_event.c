/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rest/event_search.h"
#include "rest/event_stream.h"
#include "rest/handlers.h"
#include "rest/paging.h"

/* A page of the list, newest first. */
struct event_list {
        struct event_search search; /* first */
        struct page page;
};

static void event_list_free(void *work)
{
        struct event_list *list = work;

        event_search_fini(&list->search);
        page_fini(&list->page);
        free(list);
}

/* One event more than the page holds was looked for: it tells that there are more. */
static void event_list_reply(struct request *request)
{
        struct event_list *list = request->work;
        struct event_search *search = &list->search;
        AUTO_FREE char *position = memory_format("%" PRIu64, search->position);

        if (search->question.fault.code != FAULT_NONE) {
                reply_problem(&request->reply, &search->question.fault, NULL, NULL);
                return;
        }
        for (size_t i = 0; i < search->count && page_has_room(&list->page); i++) {
                AUTO_FREE char *id = memory_format("%" PRIu64, search->found[i]->number);

                page_add_named(&list->page, id, event_show(&request->principal, search->found[i]));
        }
        if (!list->page.more && !search->ended)
                page_break(&list->page, position);
        page_reply(&list->page, request);
}

static bool cursor_read(const struct page *page, uint64_t *position, struct violations *violations)
{
        const char *after = page_after(page);

        *position = UINT64_MAX;
        if (!after)
                return true;
        if (strlen(after) > 19 || after[strspn(after, "0123456789")] != '\0') {
                violation_add(violations, "query/cursor", "cursor.malformed",
                              "the cursor is none that this list has given as next");
                return false;
        }
        *position = strtoull(after, NULL, 10);
        return true;
}

void rest_event_list(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct event_list *list;

        if (event_stream_is_wanted(request)) {
                event_stream_start(request);
                return;
        }
        list = NEW(struct event_list);
        request->work = list;
        request->work_free = event_list_free;
        event_search_init(&list->search, request, &violations);
        page_start_named(&list->page, request, "event", &violations);
        cursor_read(&list->page, &list->search.position, &violations);
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
                return;
        }
        list->search.backward = true;
        list->search.most = list->page.limit + 1;
        if (event_search_run(&list->search))
                event_list_reply(request);
        else
                event_search_ask(request, &list->search, event_list_reply);
}
