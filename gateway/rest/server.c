/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "rest/admission.h"
#include "rest/answer_cache.h"
#include "rest/cors.h"
#include "rest/event_stream.h"
#include "rest/http_connections.h"
#include "rest/http_listener.h"
#include "rest/peer.h"
#include "rest/mount_report.h"
#include "rest/question.h"
#include "rest/refusal.h"
#include "rest/replay.h"
#include "rest/request.h"
#include "rest/request_counts.h"
#include "rest/response.h"
#include "rest/route.h"
#include "rest/settlement.h"

#define LISTENERS_MAX 16
/* A body that will be refused is read to its end before the refusal is sent, for a client that is cut off while
 * it sends often never reads the reply; up to this size. */
#define DISCARD_MOST (16u * 1024 * 1024)
/* How long rest_stop lets replies that are ready reach their clients. */
#define STOP_GRACE_S 2

struct rest_server {
        struct rest_context context;
        struct http_listener listeners[LISTENERS_MAX];
        size_t listener_count;
        struct http_connections *connections;
        struct admission *admission;
        struct questions *questions;
        struct settlements *settlements;
        struct replays *replays;
        struct event_streams *streams;
        struct refusals *refusals;
        struct request_counts *counts;
        struct mount_reports *mount_reports;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool stopping;
        size_t suspended; /* requests that another thread will resume */
        size_t replying;  /* requests that were resumed and whose reply has not left yet */
};

bool request_suspend(struct request *request, void (*next)(struct request *request))
{
        struct rest_server *server = request->server;
        bool stopping;

        pthread_mutex_lock(&server->lock);
        stopping = server->stopping;
        if (!stopping)
                server->suspended++;
        pthread_mutex_unlock(&server->lock);
        if (stopping)
                return false;
        request->next = next;
        MHD_suspend_connection(request->connection);
        return true;
}

void request_resume(struct request *request)
{
        struct rest_server *server = request->server;

        pthread_mutex_lock(&server->lock);
        if (!request->replying)
                server->replying++;
        request->replying = true;
        pthread_mutex_unlock(&server->lock);
        /* Not counted down before: with a connection still suspended the daemon must not be stopped. */
        MHD_resume_connection(request->connection);
        pthread_mutex_lock(&server->lock);
        server->suspended--;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
}

static void *on_request_line(void *context, const char *target, struct MHD_Connection *connection)
{
        struct http_listener *listener = context;
        struct request *request = request_new(&listener->server->context, target);

        (void)connection;
        request->server = listener->server;
        request->admission = listener->server->admission;
        request->questions = listener->server->questions;
        request->settlements = listener->server->settlements;
        request->replays = listener->server->replays;
        request->streams = listener->server->streams;
        request->counts = listener->server->counts;
        request->mount_reports = listener->server->mount_reports;
        return request;
}

/* Which of the fields that are looked at is called `name`; REQUEST_HEADER_COUNT for none. */
static enum request_header header_place(const char *name)
{
        static const char *const names[REQUEST_HEADER_COUNT] = {
#define HEADER_NAME(header, name) [header] = name,
                REQUEST_HEADER_TABLE(HEADER_NAME)
#undef HEADER_NAME
        };
        size_t place = 0;

        while (place < REQUEST_HEADER_COUNT && strcasecmp(names[place], name) != 0)
                place++;
        return (enum request_header)place;
}

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct request *request = context;
        enum request_header place = header_place(name);

        (void)kind;
        if (place < REQUEST_HEADER_COUNT) {
                char *before = request->headers[place];

                request->headers[place] = before ? memory_format("%s, %s", before, value ? value : "")
                                                 : memory_text(value ? value : "");
                free(before);
        }
        return MHD_YES;
}

/* Whether line and header are within what is read of them; false and `fault`. */
static bool header_is_fit(const struct request *request, struct fault *fault)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
        int fields = MHD_get_connection_values(request->connection, MHD_HEADER_KIND, NULL, NULL);
        size_t length = strlen(request->target);

        if (length > HTTP_TARGET_MOST)
                fault_set(fault, FAULT_TARGET_TOO_LONG, "the target has %zu bytes, at most %u are allowed", length,
                          HTTP_TARGET_MOST);
        else if (info->header_size > HTTP_HEADER_MOST)
                fault_set(fault, FAULT_HEADER_TOO_LARGE,
                          "line and header have %zu bytes together, at most %u are allowed", info->header_size,
                          HTTP_HEADER_MOST);
        else if (fields > HTTP_FIELDS_MOST)
                fault_set(fault, FAULT_HEADER_TOO_LARGE, "the header has %d fields, at most %d are allowed",
                          fields, HTTP_FIELDS_MOST);
        return fault->code == FAULT_NONE;
}

/* The header has been read: finds out who asks for what, and whether the body is worth reading. */
static void request_admit(struct request *request, const struct http_listener *listener)
{
        struct fault fault = { 0 };

        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, request);
        request_choose_id(request);
        peer_source(request, listener->is_unix);
        struct fault malformed = { 0 };
        int parsed = header_is_fit(request, &malformed) ? request_parse_target(request, &malformed)
                                                        : -(int)malformed.code;
        bool is_public = parsed == 0 && route_is_public(request->path);

        if (parsed < 0) {
                reply_problem(&request->reply, &malformed, NULL, NULL);
        } else if (cors_preflight(request)) {
                return; /* a browser's own question, which has no token */
        } else if (!request->is_platform && peer_principal(request, listener->is_unix, is_public, &fault) < 0 &&
                   !is_public) {
                admission_refuse(request, &fault);
        } else {
                request_check(request);
        }
}

struct plain_header {
        const char *authorization;
        bool plain; /* no other field that is looked at; what is kept is JSON, whatever is accepted */
};

static enum MHD_Result on_plain_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct plain_header *header = context;
        enum request_header place = header_place(name);

        (void)kind;
        if (place == HEADER_AUTHORIZATION && !header->authorization)
                header->authorization = value;
        else if (place < REQUEST_HEADER_COUNT && place != HEADER_ACCEPT) /* what looks at it is not kept */
                header->plain = false;
        return header->plain ? MHD_YES : MHD_NO;
}

/* Whether the request can be answered with what another was answered: a GET with a token and nothing else in its
 * header that is looked at. */
static bool request_is_plain(struct request *request, const struct http_listener *listener)
{
        struct plain_header header = { .plain = true };
        struct fault fault = { 0 };

        if (listener->is_unix || !header_is_fit(request, &fault) ||
            strcmp(request->method, MHD_HTTP_METHOD_GET) != 0)
                return false;
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_plain_header, &header);
        return header.plain && header.authorization &&
               answer_key_make(listener->answers, request->target, header.authorization, &request->key);
}

/* Answers with what was kept; false when there is nothing that still holds. */
static bool answer_again(struct request *request, struct http_listener *listener, enum MHD_Result *result)
{
        const struct rest_context *context = request->context;
        struct MHD_Response *response;
        size_t bytes;

        answer_stamp_take(&request->stamp, context->writer, context->status, context->clock);
        response = answer_cache_find(listener->answers, &request->stamp, &request->key, &request->route, &bytes);
        if (!response)
                return false;
        http_connection_reply(http_listener_connection(request->connection), bytes);
        request->reply.status = MHD_HTTP_OK;
        *result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
        return true;
}

/* Whether the reply must go out before the body is read: the client waits for leave to send it, or it is too
 * long to be read for nothing. */
static bool reply_is_urgent(const struct request *request)
{
        const char *length = request->headers[HEADER_CONTENT_LENGTH];

        return request->reply.status != 0 &&
               (request->headers[HEADER_EXPECT] || (length && strtoull(length, NULL, 10) > DISCARD_MOST));
}

static enum MHD_Result body_take(struct request *request, const char *bytes, size_t length)
{
        request->body_seen += length;
        if (request->body_seen > DISCARD_MOST)
                return MHD_NO;
        if (request->reply.status != 0)
                return MHD_YES;
        if (request->body_seen > request->body_most) {
                text_fini(&request->body);
                reply_fault(&request->reply, FAULT_TOO_LARGE, "the body may have %zu bytes at most",
                            request->body_most);
                return MHD_YES;
        }
        text_add_bytes(&request->body, bytes, length);
        return MHD_YES;
}

static enum MHD_Result reply_send(struct request *request, struct http_listener *listener)
{
        bool kept = request->plain && request->reply.of_memory && request->reply.status == MHD_HTTP_OK;
        struct MHD_Response *response = response_make(request, kept);
        size_t length = request->reply.length;
        enum MHD_Result result =
                MHD_queue_response(request->connection, (unsigned)request->reply.status, response);

        if (!request->reply.read) /* a stream ends when nothing of it is taken, and after its time */
                http_connection_reply(http_listener_connection(request->connection), length);
        if (kept)
                answer_cache_keep(listener->answers, &request->stamp, &request->key, request->route, response,
                                  length);
        else
                MHD_destroy_response(response);
        return result;
}

/* Runs the next step; MHD_YES with nothing queued when it has suspended the request. */
static enum MHD_Result request_step(struct request *request, struct http_listener *listener)
{
        void (*step)(struct request *) = request->next ? request->next : request->route->handle;

        request->next = NULL;
        step(request);
        if (request->next)
                return MHD_YES;
        if (request->reply.status == 0)
                reply_fault(&request->reply, FAULT_INTERNAL, "the operation ended without a reply");
        return reply_send(request, listener);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes, size_t *length,
                                  void **held)
{
        struct request *request = *held;
        struct http_listener *listener = context;
        struct http_connection *client = http_listener_connection(connection);

        (void)url;
        (void)version;
        if (!request->connection) {
                request->connection = connection;
                snprintf(request->method, sizeof request->method, "%s", method);
                request->plain = request_is_plain(request, listener);
                http_connection_await(client); /* a body, now */
                if (request->plain)            /* nothing more will come of it */
                        return MHD_YES;
                request_admit(request, listener);
                if (!reply_is_urgent(request))
                        return MHD_YES;
                http_connection_serve(client);
                return reply_send(request, listener);
        }
        if (*length == 0)
                http_connection_serve(client);
        if (request->plain && !request->stamp.now) {
                enum MHD_Result result;

                if (answer_again(request, listener, &result))
                        return result;
                request_admit(request, listener);
        }
        if (*length > 0) {
                enum MHD_Result result = body_take(request, bytes, *length);

                *length = 0;
                return result;
        }
        return request->reply.status != 0 ? reply_send(request, listener) : request_step(request, listener);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **held,
                         enum MHD_RequestTerminationCode how)
{
        struct rest_server *server = ((struct http_listener *)context)->server;
        struct request *request = *held;

        http_connection_await(http_listener_connection(connection)); /* what it asks next */
        if (!request)
                return;
        if (request->connection) {
                request_log(request, how != MHD_REQUEST_TERMINATED_COMPLETED_OK);
                refusals_note(server->refusals, request);
                request_counts_note(server->counts, request);
        }
        if (request->replying) {
                pthread_mutex_lock(&server->lock);
                server->replying--;
                pthread_cond_broadcast(&server->changed);
                pthread_mutex_unlock(&server->lock);
        }
        request_free(request);
        *held = NULL;
}

static const struct http_handlers handlers = { on_request_line, on_request, on_completed };

static void kernel_random(void *bytes, size_t length)
{
        if (getrandom(bytes, length, 0) != (ssize_t)length)
                abort();
}

static struct rest_server *server_new(const struct rest_context *context)
{
        struct rest_server *server = NEW(struct rest_server);
        struct rest_limits *limits = &server->context.limits;

        server->context = *context;
        server->context.listeners = NULL;
        if (!context->random_bytes)
                server->context.random_bytes = kernel_random;
        limits->connections = limits->connections ? limits->connections : 256;
        limits->connections_per_address = limits->connections_per_address ? limits->connections_per_address : 64;
        limits->request_timeout_s = limits->request_timeout_s ? limits->request_timeout_s : 30;
        limits->heartbeat_ms = limits->heartbeat_ms ? limits->heartbeat_ms : 15000;
        pthread_mutex_init(&server->lock, NULL);
        condition_init(&server->changed);
        server->connections = http_connections_start(context->clock, limits->request_timeout_s,
                                                     limits->connections, limits->connections_per_address);
        server->admission = admission_new(&server->context);
        server->questions = questions_start(context->clock);
        server->settlements = settlements_new();
        server->replays = replays_new();
        server->counts = request_counts_new();
        server->refusals = refusals_new(context->writer, context->clock);
        server->streams = event_streams_start(writer_trail(context->writer), (int)limits->heartbeat_ms);
        server->mount_reports = mount_reports_new();
        return server;
}

int rest_start(const struct rest_context *context, struct rest_server **started, struct fault *fault)
{
        struct rest_server *server = server_new(context);
        const struct rest_limits *limits = &server->context.limits;
        int result = 0;

        *started = NULL;
        for (size_t i = 0; i < context->listener_count; i++) {
                if (i >= LISTENERS_MAX) {
                        close(context->listeners[i]);
                        result = fault_set(fault, FAULT_INVALID, "at most %d listeners are taken", LISTENERS_MAX);
                        continue;
                }
                server->listeners[i] = (struct http_listener){ .server = server,
                                                               .handlers = &handlers,
                                                               .connections = server->connections,
                                                               .tls = context->tls,
                                                               .fd = context->listeners[i] };
                server->listener_count++;
        }
        for (size_t i = 0; i < server->listener_count && result == 0; i++)
                result = http_listener_start(&server->listeners[i], limits, fault);
        if (result < 0)
                rest_stop(server);
        else
                *started = server;
        return result;
}

/* Waits until no request is suspended, and a little for replies to reach their clients. */
static void server_drain(struct rest_server *server)
{
        struct timespec until;

        pthread_mutex_lock(&server->lock);
        while (server->suspended > 0)
                pthread_cond_wait(&server->changed, &server->lock);
        until = condition_moment(STOP_GRACE_S * 1000);
        while (server->replying > 0 &&
               pthread_cond_timedwait(&server->changed, &server->lock, &until) != ETIMEDOUT)
                ;
        pthread_mutex_unlock(&server->lock);
}

void rest_stop(struct rest_server *server)
{
        if (!server)
                return;
        pthread_mutex_lock(&server->lock);
        server->stopping = true;
        pthread_mutex_unlock(&server->lock);
        for (size_t i = 0; i < server->listener_count; i++)
                if (server->listeners[i].daemon)
                        MHD_quiesce_daemon(server->listeners[i].daemon);
        questions_end(server->questions);
        settlements_end(server->settlements);
        event_streams_end(server->streams);
        server_drain(server);
        for (size_t i = 0; i < server->listener_count; i++)
                http_listener_stop(&server->listeners[i]);
        http_connections_free(server->connections);
        admission_free(server->admission);
        questions_free(server->questions);
        settlements_free(server->settlements);
        replays_free(server->replays);
        event_streams_free(server->streams);
        refusals_free(server->refusals);
        request_counts_free(server->counts);
        mount_reports_free(server->mount_reports);
        pthread_cond_destroy(&server->changed);
        pthread_mutex_destroy(&server->lock);
        free(server);
}
