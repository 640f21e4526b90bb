/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/event_search.h"

#include <string.h>

#include <jansson.h>

#include "domain/event_json.h"
#include "rest/paging.h"

#define ASK_MS 2000     /* for the store to be read, the wait for other questions included */
#define CLOCK_EVERY 256 /* rows between two looks at the clock */

/* What has no account is the operator's to see, but for what the inventory has said and done. */
static bool is_open(const struct principal *principal, const struct event *event)
{
        bool is_inventory =
                strncmp(event->action, "inventory.", 10) == 0 || strncmp(event->action, "address.", 8) == 0;
        enum permit_action action = event->account ? PERMIT_READ_EXPORT
                                    : is_inventory ? PERMIT_READ_INVENTORY
                                                   : PERMIT_READ_SERVERS;

        return permit(principal, action, event->account, NULL) == 0;
}

json_t *event_show(const struct principal *principal, const struct event *event)
{
        return event_to_json(event,
                             principal->kind != PRINCIPAL_ACCOUNT || strcmp(event->actor, principal->name) == 0);
}

static void time_read(const struct request *request, const char *name, const char *place, int64_t *ms,
                      struct violations *violations)
{
        const char *text = request_query(request, name);

        if (text && clock_parse(text, ms) != 0)
                violation_add(violations, place, "time.malformed",
                              "%s is a time as in 2026-11-22T15:04:05Z, with the + of an offset written %%2B",
                              name);
}

static const char *text_read(const struct request *request, const char *name, const char *place,
                             struct violations *violations)
{
        const char *text = request_query(request, name);

        if (text && (!*text || strlen(text) > DOCUMENT_ID_MAX))
                violation_add(violations, place, "text.length", "%s has 1 to %d bytes", name, DOCUMENT_ID_MAX);
        return text;
}

void event_search_init(struct event_search *search, struct request *request, struct violations *violations)
{
        static const char *const outcomes[] = { "done", "refused" };
        struct event_filter *filter = &search->filter;
        const char *outcome = request_query(request, "outcome");
        int place = text_place(outcomes, ARRAY_SIZE(outcomes), outcome);

        *search = (struct event_search){ .trail = writer_trail(request->context->writer),
                                         .clock = request->context->clock,
                                         .principal = &request->principal,
                                         .most = 1 };
        filter->until_ms = INT64_MAX;
        filter->account = page_filter(request, "account", violations);
        filter->object = text_read(request, "object", "query/object", violations);
        filter->action = text_read(request, "action", "query/action", violations);
        filter->actor = text_read(request, "actor", "query/actor", violations);
        time_read(request, "since", "query/since", &filter->since_ms, violations);
        time_read(request, "until", "query/until", &filter->until_ms, violations);
        filter->refused = place < 0 ? 0 : place == 0 ? -1 : 1;
        if (outcome && place < 0)
                violation_add(violations, "query/outcome", "word.unknown", "outcome is done or refused");
}

void event_search_clear(struct event_search *search)
{
        for (size_t i = 0; i < search->count; i++)
                shared_put(search->found[i]);
        search->count = search->bytes = 0;
}

void event_search_fini(struct event_search *search)
{
        event_search_clear(search);
        free(search->found);
        search->found = NULL;
}

static bool is_full(const struct event_search *search)
{
        return search->count == search->most || search->bytes > EVENT_SEARCH_BYTES;
}

/* Whether `event` (borrowed) is one to be kept. */
static bool look_at(struct event_search *search, const struct event *event)
{
        search->position = event->number;
        return event_matches(event, &search->filter) && is_open(search->principal, event);
}

/* Takes the reference. */
static void event_keep(struct event_search *search, const struct event *event)
{
        search->found = memory_grow(search->found, search->count, sizeof *search->found);
        search->found[search->count++] = event;
        search->bytes += event->bytes;
}

bool event_search_run(struct event_search *search)
{
        while (!is_full(search)) {
                const struct event *event = NULL;
                enum trail_find found = search->backward ? trail_before(search->trail, search->position, &event)
                                                         : trail_after(search->trail, search->position, &event);

                if (found == TRAIL_STORE)
                        return false;
                if (found == TRAIL_END) {
                        search->ended = true;
                        return true;
                }
                if (look_at(search, event))
                        event_keep(search, event);
                else
                        shared_put(event);
        }
        return true;
}

static bool is_enough(struct event_search *search)
{
        return is_full(search) || ++search->looked >= EVENT_SEARCH_ROWS ||
               (search->looked % CLOCK_EVERY == 0 && clock_monotonic_ms(search->clock) >= search->until_ms);
}

static int event_read(void *context, const struct event *event, struct fault *fault)
{
        struct event_search *search = context;

        (void)fault;
        if (look_at(search, event))
                event_keep(search, event_new(event));
        return is_enough(search) ? 1 : 0;
}

/* In the thread "rest-questions". */
static void history_put(struct question *question, int left_ms)
{
        struct event_search *search = (struct event_search *)question;
        int result;

        search->looked = 0;
        search->until_ms = clock_monotonic_ms(search->clock) + left_ms;
        result = trail_history(search->trail, search->position, search->backward, event_read, search,
                               &question->fault);
        search->ended = result == 0;
}

void event_search_ask(struct request *request, struct event_search *search, void (*next)(struct request *request))
{
        search->question.put = history_put;
        search->question.deadline_ms = ASK_MS;
        request_ask(request, &search->question, next);
}
