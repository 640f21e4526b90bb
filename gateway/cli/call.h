/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One HTTP call to the gateway. Commands know `struct caller` alone, so that tests can answer in its place;
 * call_open makes the real one, over a Unix socket or a URL.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct json_t;

#define ANSWER_MAX (64u << 20) /* bytes of one answer */

struct call {
        const char *method;
        const char *path;          /* from the root, escaped: call_path */
        const struct json_t *body; /* or NULL; of a PATCH: a merge patch */
        const char *key;           /* Idempotency-Key, or NULL */
        const char *if_match;      /* If-Match, or NULL */
        const char *if_revision;   /* Gatehouse-If-Revision, or NULL */
        const char *last_event_id; /* Last-Event-ID, or NULL */
        unsigned wait_s;           /* Prefer: wait=N; 0 = not sent */
        unsigned deadline_s;       /* for the answer, besides wait_s; 0 = 60 */
        bool text;                 /* what answers is no JSON but text, wanted as it is */
        bool events;               /* a stream of Server-Sent Events is asked for: set by follow */
};

#define REVISION_TEXT_SIZE 24
struct answer {
        int status;
        char revision[REVISION_TEXT_SIZE]; /* Gatehouse-Revision, or "" */
        struct json_t *body;               /* NULL when the answer had none; owned, dropped by answer_fini */
        char *text;                        /* in its place where the call said so and succeeded; owned */
};

#define AUTO_ANSWER __attribute__((cleanup(answer_fini)))
void answer_fini(struct answer *answer);

#define CALL_UNTIL_MOST 4
/* Whom a stream is handed to, and what ends it. */
struct call_stream {
        bool (*take)(void *context, const char *bytes, size_t length); /* as they come; false ends it */
        void *context;
        struct pollfd *until; /* CALL_UNTIL_MOST at most: any of these happening ends it, too */
        size_t until_count;
        bool is_over; /* out: it was ended from this side */
};

/* A gateway gives a sign of life every 15 seconds. */
#define STREAM_SILENCE_S 60

struct caller {
        /* Fills `answer` (zeroed). Any status is an answer; UNAVAILABLE: nobody there; TIMEOUT: no answer;
         * MALFORMED: an answer that is not the gateway's. */
        int (*perform)(void *context, const struct call *call, struct answer *answer, struct fault *fault);
        /* The same for a GET that is answered with a stream of Server-Sent Events: returns when the stream has
         * ended, from either side, or nothing has come for STREAM_SILENCE_S (TIMEOUT). What is no 200 is in
         * `answer`. */
        int (*follow)(void *context, const struct call *call, struct call_stream *stream, struct answer *answer,
                      struct fault *fault);
        void *context;
};

struct call_settings {
        const char *socket;      /* path of a Unix socket; used unless `url` is set */
        const char *url;         /* "http://host:port" or https; NULL = by the socket */
        const char *token_file;  /* or NULL */
        const char *token;       /* of the environment, or NULL; the file goes first */
        const char *authorities; /* PEM file that https is checked against; NULL = the system's */
};

/* Makes a caller. The token is read and checked here. INVALID or MALFORMED: the settings are wrong. Free with
 * call_close. */
struct call_line;
int call_open(const struct call_settings *settings, struct call_line **line, struct fault *fault);
void call_close(struct call_line *line);
struct caller call_line_caller(struct call_line *line);

/* Builds a path out of its parts, each percent-encoded (RFC 3986, unreserved characters stay): call_path("v1",
 * "exports", id, NULL) is "/v1/exports/<id>". Caller frees. */
char *call_path(const char *first, ...) __attribute__((sentinel, warn_unused_result));

/* Adds "?name=value" or "&name=value", encoded, to a path; takes `path`, gives its successor. NULL value: nothing
 * is added. */
char *call_path_query(char *path, const char *name, const char *value) __attribute__((warn_unused_result));
