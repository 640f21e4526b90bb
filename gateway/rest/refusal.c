/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/refusal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/memory.h"

#define PLACES 256 /* of actors that are told apart; a collision costs a line, which is then counted */

struct refusal_place {
        uint64_t key; /* 0 = nobody yet */
        int64_t written_ms;
        unsigned left_out;
};

struct refusals {
        struct writer *writer;
        const struct clock *clock;
        pthread_mutex_t lock;
        struct refusal_place places[PLACES];
        int64_t window_ms; /* when the present time of REFUSAL_EVERY_MS began */
        unsigned written;  /* lines in it */
};

/* Owned by itself until the writer is done with it. */
struct refusal_event {
        struct write_job job; /* first */
        struct event *event;
};

struct refusals *refusals_new(struct writer *writer, const struct clock *clock)
{
        struct refusals *refusals = NEW(struct refusals);

        refusals->writer = writer;
        refusals->clock = clock;
        refusals->window_ms = clock_monotonic_ms(clock);
        pthread_mutex_init(&refusals->lock, NULL);
        return refusals;
}

void refusals_free(struct refusals *refusals)
{
        pthread_mutex_destroy(&refusals->lock);
        free(refusals);
}

/* 64-bit FNV-1a, and never 0. */
static uint64_t key_add(uint64_t key, const char *text)
{
        for (; *text; text++)
                key = (key ^ (unsigned char)*text) * 0x100000001b3;
        return key ? key : 1;
}

static int status_of(const struct request *request)
{
        return request->reply.meant ? request->reply.meant : request->reply.status;
}

static uint64_t request_key(const struct request *request)
{
        uint64_t key = key_add(0xcbf29ce484222325, request->principal.name);

        return key_add(key_add(key, status_of(request) == 403 ? " 403 " : " 401 "), request->source);
}

/* Whether a line may be written now; *left_out: how many were not since the last one of this actor. */
static bool line_is_due(struct refusals *refusals, uint64_t key, unsigned *left_out)
{
        struct refusal_place *place = &refusals->places[key % PLACES];
        int64_t now_ms = clock_monotonic_ms(refusals->clock);
        bool is_due;

        pthread_mutex_lock(&refusals->lock);
        if (now_ms - refusals->window_ms >= REFUSAL_EVERY_MS) {
                refusals->window_ms = now_ms;
                refusals->written = 0;
        }
        is_due = refusals->written < REFUSALS_MOST &&
                 (place->key == 0 || now_ms - place->written_ms >= REFUSAL_EVERY_MS);
        *left_out = place->key == key ? place->left_out : 0;
        if (is_due) {
                *place = (struct refusal_place){ .key = key, .written_ms = now_ms };
                refusals->written++;
        } else {
                place->left_out++;
        }
        pthread_mutex_unlock(&refusals->lock);
        return is_due;
}

static int event_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        (void)fault;
        write_event_whole(write, ((struct refusal_event *)job)->event);
        return 0;
}

static void event_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct refusal_event *refusal = (struct refusal_event *)job;

        (void)published;
        if (fault->code != FAULT_NONE)
                log_warning("write the event of a refusal: %s", fault->text);
        shared_put(refusal->event);
        free(refusal);
}

static bool is_refusal(const struct request *request)
{
        bool is_stranger = request->principal.kind == PRINCIPAL_NONE &&
                           (request->headers[HEADER_AUTHORIZATION] || request->reply.meant);

        switch (status_of(request)) {
        case 403:
                return true;
        case 401:
        case 429:
                return is_stranger;
        default:
                return false;
        }
}

void refusals_note(struct refusals *refusals, const struct request *request)
{
        const struct principal *principal = &request->principal;
        unsigned left_out;

        if (!is_refusal(request) || !line_is_due(refusals, request_key(request), &left_out))
                return;
        json_t *what = json_pack("{s:s, s:i, s:i}", "method", request->method, "status", status_of(request),
                                 "left_out", (int)left_out);
        AUTO_FREE char *after = json_dumps(what, JSON_COMPACT);
        AUTO_FREE char *path = memory_format("%.*s", DOCUMENT_ID_MAX, request->path ? request->path : "");
        struct refusal_event *refusal = NEW(struct refusal_event);

        json_decref(what);
        refusal->job = (struct write_job){ .prepare = event_prepare, .done = event_done };
        refusal->event = event_new(&(struct event){ .refused = true,
                                                    .actor = principal->name[0] ? principal->name : "unknown",
                                                    .source = request->source,
                                                    .request = request->id,
                                                    .action = "request.refused",
                                                    .object = path,
                                                    .account = principal->account[0] ? principal->account : NULL,
                                                    .after = after });
        writer_submit(refusals->writer, &refusal->job);
}
