/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that somebody may see and wants, from a place of the trail on: out of memory, and where that does not
 * reach out of the store, which is asked in the thread "rest-questions". For the list of events and the stream of
 * them.
 */
#pragma once

#include "domain/event.h"
#include "rest/question.h"
#include "rest/request.h"

struct event_search {
        struct question question; /* first; its fault tells why the store was not read */
        struct trail *trail;
        const struct clock *clock;
        const struct principal *principal; /* who must be allowed to see what is found */
        struct event_filter filter;
        bool backward;              /* newest first */
        uint64_t position;          /* the event that was looked at last; the search goes on behind it */
        size_t most;                /* events that are wanted */
        const struct event **found; /* references, in order */
        size_t count, bytes;
        bool ended;    /* there is nothing behind `position` */
        size_t looked; /* in the store, this time */
        int64_t until_ms;
};

/* Begins a search as the query asks (account, object, action, actor, outcome, since, until), each bad filter a
 * violation at "query/...". The request must outlive it; ended with event_search_fini. */
void event_search_init(struct event_search *search, struct request *request, struct violations *violations);
void event_search_fini(struct event_search *search);

/* Drops what was found, to go on behind it. */
void event_search_clear(struct event_search *search);

/* Goes on in memory until `most` events, or EVENT_SEARCH_BYTES of them, are found or the trail ends. False: only
 * the store knows what comes next. */
#define EVENT_SEARCH_BYTES (4u * 1024 * 1024)
bool event_search_run(struct event_search *search);

/* Suspends the request while the store is read, for two seconds or EVENT_SEARCH_ROWS at most; then `next`, with
 * whatever was found: the search may have to go on from its position. */
#define EVENT_SEARCH_ROWS 50000
void event_search_ask(struct request *request, struct event_search *search, void (*next)(struct request *request));

/* What the API shows of one that was found; the address that somebody else came from is not an account's to know.
 * Caller owns the reference. */
struct json_t *event_show(const struct principal *principal, const struct event *event);
