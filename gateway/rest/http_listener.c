/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/http_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "rest/answer_cache.h"
#include "rest/http_connections.h"
#include "rest/tls.h"

/* What is kept with a connection. */
struct client {
        struct http_connection *connection;
        struct tls_identity *identity; /* or NULL */
};

__attribute__((format(printf, 2, 0))) static void log_from_mhd(void *context, const char *format,
                                                               va_list arguments)
{
        char text[512];

        (void)context;
        vsnprintf(text, sizeof text, format, arguments);
        text[strcspn(text, "\n")] = '\0';
        log_debug("http: %s", text);
}

static enum MHD_Result on_accept(void *context, const struct sockaddr *from, socklen_t length)
{
        struct http_listener *listener = context;
        struct address address;

        (void)length;
        if (listener->is_unix || address_from_socket(from, &address) != 0 ||
            http_connections_admit(listener->connections, &address))
                return MHD_YES;
        log_debug("http: a client has as many connections as one may have");
        return MHD_NO;
}

static struct client *client_new(struct http_listener *listener, struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *from =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const union MHD_ConnectionInfo *socket =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct client *client = NEW(struct client);
        struct address address;
        bool counted = !listener->is_unix && from && address_from_socket(from->client_addr, &address) == 0;

        client->connection =
                http_connection_open(listener->connections, socket->connect_fd, counted ? &address : NULL);
        if (listener->tls)
                client->identity = tls_session_begin(
                        listener->tls,
                        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
        return client;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_ConnectionNotificationCode what)
{
        struct client *client = *held;

        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                *held = client_new(context, connection);
                return;
        }
        http_connection_close(client->connection);
        tls_session_end(client->identity);
        free(client);
        *held = NULL;
}

static void answer_release(void *answer)
{
        MHD_destroy_response(answer);
}

int http_listener_start(struct http_listener *listener, const struct rest_limits *limits, struct fault *fault)
{
        const struct http_handlers *handlers = listener->handlers;
        struct sockaddr_storage address = { 0 };
        socklen_t length = sizeof address;
        unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

        if (getsockname(listener->fd, (struct sockaddr *)&address, &length) < 0 ||
            fcntl(listener->fd, F_SETFL, fcntl(listener->fd, F_GETFL) | O_NONBLOCK) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "serve on descriptor %d", listener->fd);
        listener->is_unix = address.ss_family == AF_UNIX;
        if (listener->is_unix)
                listener->tls = NULL;
        listener->answers = answer_cache_new(answer_release);
        listener->daemon = MHD_start_daemon(
                listener->tls ? flags | MHD_USE_TLS : flags, 0, on_accept, listener, handlers->request, listener,
                MHD_OPTION_EXTERNAL_LOGGER, log_from_mhd, NULL, MHD_OPTION_LISTEN_SOCKET, listener->fd,
                MHD_OPTION_URI_LOG_CALLBACK, handlers->line, listener, MHD_OPTION_NOTIFY_COMPLETED,
                handlers->completed, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
                MHD_OPTION_CONNECTION_LIMIT, limits->connections, MHD_OPTION_CONNECTION_TIMEOUT,
                limits->request_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
                MHD_OPTION_STRICT_FOR_CLIENT, 1,
                /* Sessions get a certificate when they begin (client_new); the daemon itself has none. */
                listener->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, tls_no_certificate(),
                MHD_OPTION_HTTPS_PRIORITIES, listener->tls ? tls_priorities(listener->tls) : NULL, MHD_OPTION_END);
        if (!listener->daemon)
                return fault_set(fault, FAULT_UNAVAILABLE, "serve on descriptor %d: libmicrohttpd will not start",
                                 listener->fd);
        return 0;
}

void http_listener_stop(struct http_listener *listener)
{
        if (listener->daemon)
                MHD_stop_daemon(listener->daemon);
        close(listener->fd);
        answer_cache_free(listener->answers);
}

struct http_connection *http_listener_connection(struct MHD_Connection *connection)
{
        const struct client *client =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

        return client->connection;
}
