/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections of a server that has few of them: one thread for each, at most CONNECTIONS_MAX. For one more the
 * connection that has been silent longest is closed, so that whoever connects and says nothing costs the others
 * nothing. Who may connect and what is said is the service's business.
 */
#pragma once

#include <stdbool.h>

#include "base/fault.h"

#define CONNECTIONS_MAX 6

struct connection;

struct connection_service {
        /* Whether the peer of `socket` may stay; called in the thread of connections_serve. */
        bool (*admits)(void *context, int socket);
        /* Serves the peer until it hangs up, or reading fails because the connection was closed over its head. The
         * socket is not closed here. What ended it, unless that is FAULT_UNAVAILABLE, is logged. */
        void (*serve)(void *context, struct connection *connection, int socket, struct fault *fault);
        void *context;
};

/* Accepts on `listener` until `stop_fd` becomes readable; hangs up on everybody then and waits for what is being
 * done. */
int connections_serve(int listener, int stop_fd, const struct connection_service *service, struct fault *fault);

/* Something is being done for the peer: it is not closed for another one meanwhile. */
void connection_mark(struct connection *connection, bool is_busy);
