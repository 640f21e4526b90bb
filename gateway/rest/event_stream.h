/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events as they happen: Server-Sent Events (WHATWG HTML, 9.2). A stream keeps a place in the trail and next to
 * nothing else, so that a reader that is slow, or stalled, costs a connection: it is cut off when it has taken
 * nothing for request_timeout, and goes on by Last-Event-ID, out of the store if need be.
 */
#pragma once

#include "rest/request.h"

struct event_streams;
struct trail;

#define STREAMS_MOST 64              /* at a time */
#define STREAMS_PER_PRINCIPAL_MOST 8 /* of one token, or one user of the Unix socket */

/* Starts the thread "rest-streams", which wakes streams up when the trail has grown, and for their heartbeats. */
struct event_streams *event_streams_start(struct trail *trail, int heartbeat_ms);

/* Ends every stream, each after the event that it is sending; from then on none begins. */
void event_streams_end(struct event_streams *streams);

/* After event_streams_end, when no request is left. */
void event_streams_free(struct event_streams *streams);

/* Whether the request accepts text/event-stream. */
bool event_stream_is_wanted(const struct request *request);

/* Answers with the stream of what the query asks for, from Last-Event-ID on, else from now on: "id" and "data"
 * (the event as in the list) for each, and a comment with the id that was looked at last every heartbeat. Ends
 * after STREAM_LIFE_MS, or as soon as the token opens nothing any more. */
#define STREAM_LIFE_MS (60 * 60 * 1000)
void event_stream_start(struct request *request);
