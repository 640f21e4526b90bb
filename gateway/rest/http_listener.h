/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One listening socket of the API and the event thread that serves it: how libmicrohttpd is set up, who may
 * connect, and with what certificate. What is asked there is server.c's, which alone includes this, for it has the
 * types of libmicrohttpd's callbacks.
 */
#pragma once

#include <stdbool.h>

#include <microhttpd.h>

#include "base/fault.h"
#include "rest/server.h"

/* What a request may have of line and header, refused in our own words: bytes of the target (414), of both
 * together and fields (431). */
#define HTTP_TARGET_MOST (8u * 1024)
#define HTTP_HEADER_MOST (16u * 1024)
#define HTTP_FIELDS_MOST 100

/* Bytes that a connection may take in memory, those of a request that has just too much of any of these included:
 * a field costs some 100 bytes besides its own. What goes far beyond libmicrohttpd refuses, with a page of its
 * own. It clears all of them after each request: 128 KiB took as long as the rest of a GET of one export. */
#define HTTP_CONNECTION_BYTES (48u * 1024)

struct answer_cache;
struct http_connection;
struct http_connections;

struct http_listener {
        struct rest_server *server;
        const struct http_handlers *handlers;
        struct http_connections *connections;
        struct tls *tls; /* on TCP; NULL = plain HTTP */
        struct MHD_Daemon *daemon;
        int fd;
        bool is_unix;
        struct answer_cache *answers; /* its event thread's */
};

/* What is called in the event thread, with the listener as context. */
struct http_handlers {
        void *(*line)(void *listener, const char *target, struct MHD_Connection *connection);
        MHD_AccessHandlerCallback request;
        MHD_RequestCompletedCallback completed;
};

/* Serves on listener->fd. The other members must be set, but for daemon, is_unix and answers. */
int http_listener_start(struct http_listener *listener, const struct rest_limits *limits, struct fault *fault);

/* Ends its thread, if it was started, and closes all. */
void http_listener_stop(struct http_listener *listener);

/* What is waited for of who asks there. */
struct http_connection *http_listener_connection(struct MHD_Connection *connection);
