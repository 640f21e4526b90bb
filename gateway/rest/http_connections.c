/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/http_connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "auth/throttle.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"

#define ROWS 256 /* of addresses; who chooses some that share a row makes it as long as he has connections */

struct http_connection {
        struct http_connections *connections;
        struct http_connection *before, *after; /* in the line of those waited for */
        struct http_connection *next;           /* in the row of its address */
        int64_t deadline_ms;                    /* 0 = not in the line */
        size_t more; /* times that it joins the line again: parts of a reply that are not due yet */
        int socket;
        struct address network; /* ADDRESS_NONE: not counted */
};

struct http_connections {
        const struct clock *clock;
        int64_t timeout_ms;
        unsigned most, most_per_address;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        pthread_t thread;
        bool idle; /* the thread sleeps until it is called; otherwise it wakes before anything new is due */
        bool ending;
        struct http_connection *first, *last; /* everybody has the same time, so the line is in order */
        struct http_connection *rows[ROWS];
        unsigned counted; /* in the rows */
};

static void line_leave(struct http_connections *connections, struct http_connection *connection)
{
        if (connection->deadline_ms == 0)
                return;
        *(connection->before ? &connection->before->after : &connections->first) = connection->after;
        *(connection->after ? &connection->after->before : &connections->last) = connection->before;
        connection->before = connection->after = NULL;
        connection->deadline_ms = 0;
}

static void line_join(struct http_connections *connections, struct http_connection *connection)
{
        connection->deadline_ms = clock_monotonic_ms(connections->clock) + connections->timeout_ms;
        connection->before = connections->last;
        *(connections->last ? &connections->last->after : &connections->first) = connection;
        connections->last = connection;
        if (connections->idle)
                pthread_cond_signal(&connections->changed);
}

static void *patience_run(void *argument)
{
        struct http_connections *connections = argument;

        pthread_setname_np(pthread_self(), "rest-patience");
        pthread_mutex_lock(&connections->lock);
        while (!connections->ending) {
                struct http_connection *first = connections->first;
                int64_t now_ms = clock_monotonic_ms(connections->clock);

                if (!first) {
                        connections->idle = true;
                        pthread_cond_wait(&connections->changed, &connections->lock);
                        connections->idle = false;
                } else if (first->deadline_ms > now_ms) {
                        const struct timespec until = condition_moment(first->deadline_ms - now_ms);

                        pthread_cond_timedwait(&connections->changed, &connections->lock, &until);
                } else if (first->more > 0) {
                        line_leave(connections, first);
                        line_join(connections, first);
                        first->more--;
                } else {
                        log_debug("http: a client has not sent its request, or taken its reply, in time");
                        line_leave(connections, first);
                        shutdown(first->socket, SHUT_RDWR); /* its event thread sees the end, and closes */
                }
        }
        pthread_mutex_unlock(&connections->lock);
        return NULL;
}

struct http_connections *http_connections_start(const struct clock *clock, unsigned timeout_s, unsigned most,
                                                unsigned most_per_address)
{
        struct http_connections *connections = NEW(struct http_connections);

        connections->clock = clock;
        connections->timeout_ms = (int64_t)timeout_s * 1000;
        connections->most = most;
        connections->most_per_address = most_per_address;
        pthread_mutex_init(&connections->lock, NULL);
        condition_init(&connections->changed);
        if (pthread_create(&connections->thread, NULL, patience_run, connections) != 0)
                abort();
        return connections;
}

void http_connections_free(struct http_connections *connections)
{
        if (!connections)
                return;
        pthread_mutex_lock(&connections->lock);
        connections->ending = true;
        pthread_cond_signal(&connections->changed);
        pthread_mutex_unlock(&connections->lock);
        pthread_join(connections->thread, NULL);
        pthread_cond_destroy(&connections->changed);
        pthread_mutex_destroy(&connections->lock);
        free(connections);
}

/* The row of `network`. */
static struct http_connection **row_of(struct http_connections *connections, const struct address *network)
{
        unsigned sum = 0;

        for (size_t i = 0; i < sizeof network->bytes; i++)
                sum = sum * 31 + network->bytes[i];
        return &connections->rows[sum % ROWS];
}

bool http_connections_admit(struct http_connections *connections, const struct address *from)
{
        struct address network = throttle_network(from);
        unsigned count = 0;
        bool has_room;

        pthread_mutex_lock(&connections->lock);
        has_room = connections->counted < connections->most;
        for (struct http_connection *at = *row_of(connections, &network); at; at = at->next)
                count += address_equal(&at->network, &network);
        pthread_mutex_unlock(&connections->lock);
        return has_room && count < connections->most_per_address;
}

struct http_connection *http_connection_open(struct http_connections *connections, int socket,
                                             const struct address *from)
{
        struct http_connection *connection = NEW(struct http_connection);

        connection->connections = connections;
        connection->socket = socket;
        if (from)
                connection->network = throttle_network(from);
        pthread_mutex_lock(&connections->lock);
        if (from) {
                struct http_connection **row = row_of(connections, &connection->network);

                connection->next = *row;
                *row = connection;
                connections->counted++;
        }
        line_join(connections, connection);
        pthread_mutex_unlock(&connections->lock);
        return connection;
}

void http_connection_close(struct http_connection *connection)
{
        struct http_connections *connections = connection->connections;

        pthread_mutex_lock(&connections->lock);
        line_leave(connections, connection);
        for (struct http_connection **at = row_of(connections, &connection->network); *at; at = &(*at)->next)
                if (*at == connection) {
                        *at = connection->next;
                        connections->counted--;
                        break;
                }
        pthread_mutex_unlock(&connections->lock);
        free(connection);
}

/* Has the whole time from now on, and again `more` times. */
static void connection_wait(struct http_connection *connection, size_t more)
{
        struct http_connections *connections = connection->connections;

        pthread_mutex_lock(&connections->lock);
        line_leave(connections, connection);
        line_join(connections, connection);
        connection->more = more;
        pthread_mutex_unlock(&connections->lock);
}

void http_connection_await(struct http_connection *connection)
{
        connection_wait(connection, 0);
}

void http_connection_reply(struct http_connection *connection, size_t length)
{
        connection_wait(connection, length / HTTP_REPLY_PART);
}

void http_connection_serve(struct http_connection *connection)
{
        pthread_mutex_lock(&connection->connections->lock);
        line_leave(connection->connections, connection);
        pthread_mutex_unlock(&connection->connections->lock);
}
