/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections of the API's clients, of all its listeners: how many each address has, and what each is waited for.
 * libmicrohttpd ends a connection on which nothing comes; here ends one whose request does not become whole in
 * time, however often a byte of it comes, or that does not take its reply. The listeners' event threads call; the
 * thread "rest-patience" hangs up. Knows no HTTP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "domain/address.h"

struct http_connections;
struct http_connection;

/* Starts the thread. `timeout_s`: how long a client has for each of what it is waited for. `most`: connections
 * from addresses, on all listeners together; those without, on a Unix socket, are its own listener's to count: who
 * fills the network's keeps nobody on the node out. `most_per_address`: connections of one address (IPv6: of its
 * /64, which one customer has whole). */
struct http_connections *http_connections_start(const struct clock *clock, unsigned timeout_s, unsigned most,
                                                unsigned most_per_address);
/* When no connection is left. NULL is fine. */
void http_connections_free(struct http_connections *connections);

/* Whether one more connection of `from` may be accepted. */
bool http_connections_admit(struct http_connections *connections, const struct address *from);

/* One is there; `from` is NULL when there is no address to count, as on a Unix socket. The socket must stay open
 * until http_connection_close: it is shut down here, not closed. Waits at once: handshake and header of the first
 * request must come. */
struct http_connection *http_connection_open(struct http_connections *connections, int socket,
                                             const struct address *from);
void http_connection_close(struct http_connection *connection);

/* From now on the client has the whole time for what comes next: the rest of its request, or the next one. */
void http_connection_await(struct http_connection *connection);

/* A reply of `length` bytes begins: the client has the whole time for each HTTP_REPLY_PART of it that is begun. */
#define HTTP_REPLY_PART (1024u * 1024)
void http_connection_reply(struct http_connection *connection, size_t length);

/* The request is whole: nothing is waited for. */
void http_connection_serve(struct http_connection *connection);
