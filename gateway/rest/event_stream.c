/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/event_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/condition.h"
#include "base/memory.h"
#include "rest/admission.h"
#include "rest/event_search.h"

#define STREAM_TYPE "text/event-stream"
#define RETRY_MS 2000 /* that a client is to wait before it comes again */
#define BATCH 32      /* events that are written at a time */

struct event_stream {
        struct event_search search; /* first */
        struct event_streams *streams;
        struct request *request;
        struct text text; /* on its way out */
        size_t sent;      /* bytes of it that have left */
        int64_t ends_ms;  /* monotonic */
        /* The streams', under their lock: */
        bool waits; /* suspended until there is something to say */
        bool beats; /* a heartbeat is due */
        struct event_stream *next, **link;
};

struct event_streams {
        struct trail *trail;
        int heartbeat_ms;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct event_stream *first;
        size_t count;
        bool has_grown;
        bool is_ending;
};

static void stream_wake(struct event_stream *stream)
{
        if (!stream->waits)
                return;
        stream->waits = false;
        request_resume(stream->request);
}

static void streams_wake(struct event_streams *streams, bool beats)
{
        for (struct event_stream *stream = streams->first; stream; stream = stream->next) {
                stream->beats = stream->beats || beats;
                stream_wake(stream);
        }
}

static void *streams_run(void *argument)
{
        struct event_streams *streams = argument;
        struct timespec beat = condition_moment(0);

        pthread_mutex_lock(&streams->lock);
        while (!streams->is_ending) {
                int error = 0;

                if (!streams->has_grown)
                        error = pthread_cond_timedwait(&streams->changed, &streams->lock, &beat);
                streams_wake(streams, error == ETIMEDOUT);
                streams->has_grown = false;
                if (error != ETIMEDOUT)
                        continue;
                beat = condition_moment(streams->heartbeat_ms);
        }
        streams_wake(streams, false);
        pthread_mutex_unlock(&streams->lock);
        return NULL;
}

/* In the writer's thread. */
static void trail_grew(void *context)
{
        struct event_streams *streams = context;

        pthread_mutex_lock(&streams->lock);
        streams->has_grown = true;
        pthread_cond_signal(&streams->changed);
        pthread_mutex_unlock(&streams->lock);
}

struct event_streams *event_streams_start(struct trail *trail, int heartbeat_ms)
{
        struct event_streams *streams = NEW(struct event_streams);

        streams->trail = trail;
        streams->heartbeat_ms = heartbeat_ms;
        pthread_mutex_init(&streams->lock, NULL);
        condition_init(&streams->changed);
        if (pthread_create(&streams->thread, NULL, streams_run, streams) != 0)
                abort();
        pthread_setname_np(streams->thread, "rest-streams");
        trail_watch(trail, trail_grew, streams);
        return streams;
}

void event_streams_end(struct event_streams *streams)
{
        trail_watch(streams->trail, NULL, NULL);
        pthread_mutex_lock(&streams->lock);
        streams->is_ending = true;
        pthread_cond_signal(&streams->changed);
        pthread_mutex_unlock(&streams->lock);
        pthread_join(streams->thread, NULL);
}

void event_streams_free(struct event_streams *streams)
{
        pthread_cond_destroy(&streams->changed);
        pthread_mutex_destroy(&streams->lock);
        free(streams);
}

bool event_stream_is_wanted(const struct request *request)
{
        const char *accept = request->headers[HEADER_ACCEPT];

        return accept && strcmp(request->method, "GET") == 0 && strstr(accept, STREAM_TYPE);
}

/* Adds the stream to its like, or says why not. */
static int stream_enter(struct event_stream *stream, struct fault *fault)
{
        struct event_streams *streams = stream->streams;
        const char *name = stream->request->principal.name;
        size_t own = 0;
        int result = 0;

        pthread_mutex_lock(&streams->lock);
        for (const struct event_stream *other = streams->first; other; other = other->next)
                own += strcmp(other->request->principal.name, name) == 0;
        if (streams->is_ending) {
                result = fault_set(fault, FAULT_UNAVAILABLE, "gatehoused is stopping");
        } else if (own >= STREAMS_PER_PRINCIPAL_MOST) {
                result = fault_set(fault, FAULT_THROTTLED, "you have %d streams of events already",
                                   STREAMS_PER_PRINCIPAL_MOST);
        } else if (streams->count >= STREAMS_MOST) {
                result = fault_set(fault, FAULT_UNAVAILABLE, "all %d streams of events are taken", STREAMS_MOST);
        } else {
                stream->next = streams->first;
                stream->link = &streams->first;
                if (stream->next)
                        stream->next->link = &stream->next;
                streams->first = stream;
                streams->count++;
        }
        pthread_mutex_unlock(&streams->lock);
        return result;
}

static void stream_free(void *work)
{
        struct event_stream *stream = work;
        struct event_streams *streams = stream->streams;

        pthread_mutex_lock(&streams->lock);
        if (stream->link) {
                *stream->link = stream->next;
                if (stream->next)
                        stream->next->link = stream->link;
                streams->count--;
        }
        pthread_mutex_unlock(&streams->lock);
        event_search_fini(&stream->search);
        text_fini(&stream->text);
        free(stream);
}

/* Whether who asked may still: a token that was removed or has expired opens nothing from then on. */
static bool stream_is_open(const struct event_stream *stream)
{
        return clock_monotonic_ms(stream->request->context->clock) < stream->ends_ms &&
               admission_holds(stream->request);
}

static void events_write(struct event_stream *stream)
{
        struct event_search *search = &stream->search;

        for (size_t i = 0; i < search->count; i++) {
                json_t *object = event_show(search->principal, search->found[i]);
                AUTO_FREE char *data = json_dumps(object, JSON_COMPACT);

                json_decref(object);
                text_addf(&stream->text, "id: %" PRIu64 "\ndata: ", search->found[i]->number);
                text_add(&stream->text, data ? data : "{}");
                text_add(&stream->text, "\n\n");
        }
        event_search_clear(search);
}

/* Suspends the stream until it is woken. False: the server is stopping. */
static bool stream_wait(struct event_stream *stream)
{
        struct event_streams *streams = stream->streams;
        bool goes_on = true;

        pthread_mutex_lock(&streams->lock);
        if (streams->is_ending) {
                goes_on = false;
        } else if (stream->beats) {
                stream->beats = false;
                text_addf(&stream->text, ": heartbeat\nid: %" PRIu64 "\n\n", stream->search.position);
        } else if (trail_newest(streams->trail) <= stream->search.position) {
                goes_on = request_suspend(stream->request, NULL);
                stream->waits = goes_on;
        }
        pthread_mutex_unlock(&streams->lock);
        return goes_on;
}

/* Resumed by its answer, the request goes on in stream_read: it has no step. */
static void history_answered(struct request *request)
{
        (void)request;
}

/* Goes on in the trail. False: the stream is over. */
static bool stream_go_on(struct event_stream *stream)
{
        struct event_search *search = &stream->search;

        if (search->question.fault.code != FAULT_NONE || !stream_is_open(stream))
                return false;
        if (search->count == 0 && !event_search_run(search)) {
                event_search_ask(stream->request, search, history_answered);
                return true;
        }
        events_write(stream);
        return stream->text.length > 0 || stream_wait(stream);
}

/* The next bytes, REPLY_READ_LATER when the request was suspended, or REPLY_READ_END. */
static ssize_t stream_read(void *context, char *buffer, size_t most)
{
        struct event_stream *stream = ((struct request *)context)->work;
        size_t left = stream->text.length - stream->sent;

        if (left == 0) {
                text_clear(&stream->text);
                stream->sent = 0;
                if (!stream_go_on(stream))
                        return REPLY_READ_END;
                left = stream->text.length;
        }
        left = left < most ? left : most;
        memcpy(buffer, text_get(&stream->text) + stream->sent, left);
        stream->sent += left;
        return (ssize_t)left;
}

/* Where to begin: behind Last-Event-ID, else at the end. A number that was never given out is of another store. */
static void position_read(struct event_stream *stream, struct violations *violations)
{
        const char *id = stream->request->headers[HEADER_LAST_EVENT_ID];
        uint64_t newest = trail_newest(stream->streams->trail), position;

        stream->search.position = newest;
        if (!id)
                return;
        if (!*id || strlen(id) > 19 || id[strspn(id, "0123456789")] != '\0') {
                violation_add(violations, "header/Last-Event-ID", "id.malformed",
                              "Last-Event-ID is the id of an event, as in 42");
                return;
        }
        position = strtoull(id, NULL, 10);
        stream->search.position = position < newest ? position : newest;
}

void event_stream_start(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct event_stream *stream = NEW(struct event_stream);
        struct fault fault = { 0 };

        stream->request = request;
        stream->streams = request->streams;
        request->work = stream;
        request->work_free = stream_free;
        event_search_init(&stream->search, request, &violations);
        stream->search.most = BATCH;
        stream->ends_ms = clock_monotonic_ms(request->context->clock) + STREAM_LIFE_MS;
        position_read(stream, &violations);
        if (request_query(request, "limit") || request_query(request, "cursor"))
                violation_add(&violations, "query", "stream.pages", "a stream has no pages: no limit, no cursor");
        if (violations_any(&violations)) {
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        } else if (stream_enter(stream, &fault)) {
                reply_problem(&request->reply, &fault, NULL, NULL);
        } else {
                /* At once, so that the client knows that it listens, and from where. */
                text_addf(&stream->text, "retry: %d\nid: %" PRIu64 "\n\n", RETRY_MS, stream->search.position);
                reply_stream(&request->reply, STREAM_TYPE, stream_read);
        }
}
