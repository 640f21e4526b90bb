/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One request on its way: what was asked, by whom, and the steps that lead to its reply. Steps run in the
 * listener's event thread, which must never wait; a step that needs another thread's answer suspends the
 * request, and that thread resumes it into the next step. Knows no HTTP library: server.c does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "base/text.h"
#include "domain/violation.h"
#include "rest/answer_cache.h"
#include "rest/form.h"
#include "rest/reply.h"
#include "rest/server.h"

struct admission;
struct mount_reports;
struct question;
struct event_streams;
struct questions;
struct replays;
struct request_counts;
struct route;
struct settlements;

#define REQUEST_PARAMETERS_MAX 2 /* captures of a path pattern */
#define REQUEST_ID_SIZE 65       /* [A-Za-z0-9._-]{1,64}: the client's X-Request-Id, or ours */

/* The fields that are looked at; everything else of a request's header is dropped. */
#define REQUEST_HEADER_TABLE(X)                                \
        X(HEADER_ACCEPT, "Accept")                             \
        X(HEADER_AUTHORIZATION, "Authorization")               \
        X(HEADER_CONTENT_TYPE, "Content-Type")                 \
        X(HEADER_CONTENT_LENGTH, "Content-Length")             \
        X(HEADER_EXPECT, "Expect")                             \
        X(HEADER_IDEMPOTENCY_KEY, "Idempotency-Key")           \
        X(HEADER_IF_MATCH, "If-Match")                         \
        X(HEADER_IF_NONE_MATCH, "If-None-Match")               \
        X(HEADER_IF_REVISION, "Gatehouse-If-Revision")         \
        X(HEADER_INVENTORY_REVISION, "Inventory-Revision")     \
        X(HEADER_INVENTORY_SOURCE, "Inventory-Source")         \
        X(HEADER_LAST_EVENT_ID, "Last-Event-ID")               \
        X(HEADER_ORIGIN, "Origin")                             \
        X(HEADER_CORS_METHOD, "Access-Control-Request-Method") \
        X(HEADER_PREFER, "Prefer")                             \
        X(HEADER_REQUEST_ID, "X-Request-Id")                   \
        X(HEADER_TRANSFER_ENCODING, "Transfer-Encoding")

#define REQUEST_HEADER_ENUM(header, name) header,
enum request_header { REQUEST_HEADER_TABLE(REQUEST_HEADER_ENUM) REQUEST_HEADER_COUNT };
#undef REQUEST_HEADER_ENUM

struct request {
        const struct rest_context *context;
        struct rest_server *server;
        struct admission *admission;
        struct questions *questions;
        struct settlements *settlements;
        struct replays *replays;
        struct event_streams *streams;
        struct request_counts *counts;
        struct mount_reports *mount_reports;
        void *connection; /* server.c's */
        int64_t started_ms;

        char method[16]; /* longer ones are cut, and match nothing */
        char *target;    /* as sent, path and query; for the log */
        char *path;      /* decoded, no query */
        char *query_text;
        struct form query;    /* in query_text */
        bool is_platform;     /* below /1.0/: the platform's own API (platform_file.h) */
        bool dry_run;         /* ?dry_run=true: the answer is what would be, and nothing is changed */
        bool is_conditional;  /* Gatehouse-If-Revision: only if nothing was committed since `if_revision` */
        uint64_t if_revision; /* with is_conditional */
        uint64_t revision;    /* at which the request's own commit stands, for Gatehouse-Revision; 0 = none */
        char *headers[REQUEST_HEADER_COUNT]; /* NULL = not sent; several fields of a name joined by ", " */
        char id[REQUEST_ID_SIZE];

        struct principal principal;
        unsigned retry_after_s;         /* of a caller that is throttled */
        char source[ADDRESS_TEXT_SIZE]; /* "unix", or the client's address */
        const struct route *route;
        char *parameters[REQUEST_PARAMETERS_MAX]; /* decoded captures of the route's pattern */

        size_t body_most; /* bytes of a body that are taken */
        struct text body;
        size_t body_seen; /* bytes that came, taken or not */

        struct reply reply;
        void (*next)(struct request *request); /* the step after the present one */
        void *work;                            /* of the route's handler */
        void (*work_free)(void *work);
        bool plain;                /* the server's: what is made of memory for it may be kept, by this key */
        struct answer_key key;     /* with plain */
        struct answer_stamp stamp; /* with plain: from before the reply was made */
        bool replying;             /* the server's: counted as to be waited for */
};

/* A request for `target` as it stood in the request line; never NULL. */
struct request *request_new(const struct rest_context *context, const char *target);
void request_free(struct request *request);

/* Takes the target apart into path and query: percent-decoding, UTF-8, no NUL. MALFORMED with one sentence. */
int request_parse_target(struct request *request, struct fault *fault);

/* Chooses the id: the client's X-Request-Id when it is well-formed, a random one otherwise. */
void request_choose_id(struct request *request);

/* The value of a query parameter, or NULL. */
const char *request_query(const struct request *request, const char *name);

/* Adds a violation for each query parameter that is not in `allowed` (NULL-terminated; NULL = none allowed) or
 * stands there twice. Places are written "query/<name>". */
void request_check_query(const struct request *request, const char *const *allowed, struct violations *violations);

/* The content type of the bodies that the request's method takes. */
const char *request_type(const struct request *request);

/* Whether the body's content type is that, with whatever parameters. */
bool request_has_type(const struct request *request);

/* The body as JSON, or NULL with the reply set. Caller owns the reference. */
struct json_t *request_json(struct request *request);

/* Goes on from the end of the header: target, route, query and what the header says of the body. Sets the reply
 * when any of it is wrong. The principal must be known. */
void request_check(struct request *request);

/* Suspends the request until request_resume, which leads to `next` in the event thread. False when the server
 * is stopping: then nothing was suspended, and the step must reply by itself. */
bool request_suspend(struct request *request, void (*next)(struct request *request));

/* From any thread, once, after request_suspend: `request` must not be touched afterwards. */
void request_resume(struct request *request);

/* Lets other requests of the event thread have their turn, then goes on with `next`. False when the server is
 * stopping: go on at once. */
bool request_yield(struct request *request, void (*next)(struct request *request));

/* Suspends the request until `question` (put and deadline are set; it lives until then) is answered, or says by
 * its fault why nobody will; then `next`. */
void request_ask(struct request *request, struct question *question, void (*next)(struct request *request));

/* Writes the line that the log has for each request (at level debug where something was only read): what was
 * asked, by whom, the status of /v1 and how long it took; of a failure of ours what the client was told. No token
 * and no session. */
void request_log(const struct request *request, bool cut_off);
