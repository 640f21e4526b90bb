/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/connections.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum connection_state { CONNECTION_FREE, CONNECTION_OPEN, CONNECTION_ENDED /* its thread waits to be joined */ };

struct connection {
        struct server *server;
        enum connection_state state;
        bool is_busy;  /* an act runs */
        uint64_t turn; /* of the server when it connected or its last act ended */
        int socket;
        pthread_t thread;
};

struct server {
        const struct connection_service *service;
        pthread_mutex_t mutex;  /* guards what follows */
        pthread_cond_t changed; /* a connection has ended or fallen idle */
        uint64_t turn;          /* grows with each connection and each act; orders them in time */
        struct connection connections[CONNECTIONS_MAX];
};

void connection_mark(struct connection *connection, bool is_busy)
{
        pthread_mutex_lock(&connection->server->mutex);
        connection->is_busy = is_busy;
        connection->turn = ++connection->server->turn;
        pthread_cond_broadcast(&connection->server->changed);
        pthread_mutex_unlock(&connection->server->mutex);
}

static void *connection_run(void *argument)
{
        struct connection *connection = argument;
        struct server *server = connection->server;
        struct fault fault = { 0 };

        server->service->serve(server->service->context, connection, connection->socket, &fault);
        if (fault.code != FAULT_NONE && fault.code != FAULT_UNAVAILABLE) /* hanging up is how a connection ends */
                log_warning("connection closed: %s", fault.text);
        pthread_mutex_lock(&server->mutex);
        close(connection->socket);
        connection->socket = -1;
        connection->state = CONNECTION_ENDED;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->mutex);
        return NULL;
}

/* Reaps what has ended. With the mutex held. */
static void connections_join(struct server *server)
{
        for (int i = 0; i < CONNECTIONS_MAX; i++) {
                struct connection *connection = &server->connections[i];

                if (connection->state == CONNECTION_ENDED) {
                        pthread_join(connection->thread, NULL); /* at once: it was about to return */
                        connection->state = CONNECTION_FREE;
                }
        }
}

/* The connection that has been silent longest, NULL when all are busy. With the mutex held. */
static struct connection *connection_most_idle(struct server *server)
{
        struct connection *idlest = NULL;

        for (int i = 0; i < CONNECTIONS_MAX; i++) {
                struct connection *connection = &server->connections[i];

                if (connection->state == CONNECTION_OPEN && !connection->is_busy &&
                    (!idlest || connection->turn < idlest->turn))
                        idlest = connection;
        }
        return idlest;
}

/* A place for one connection more. When all are taken the most idle one is closed, so that a client that connects
 * and says nothing costs the others nothing; its caller connects again when it has something to say. */
static struct connection *connection_place(struct server *server)
{
        for (;;) {
                connections_join(server);
                for (int i = 0; i < CONNECTIONS_MAX; i++)
                        if (server->connections[i].state == CONNECTION_FREE)
                                return &server->connections[i];
                struct connection *idlest = connection_most_idle(server);
                if (idlest) /* the answer to its last act may be under way still: that side stays open */
                        shutdown(idlest->socket, SHUT_RD);
                pthread_cond_wait(&server->changed, &server->mutex);
        }
}

static void connection_start(struct server *server, int socket)
{
        pthread_mutex_lock(&server->mutex);
        struct connection *connection = connection_place(server);
        *connection = (struct connection){
                .server = server, .state = CONNECTION_OPEN, .turn = ++server->turn, .socket = socket
        };
        int error = pthread_create(&connection->thread, NULL, connection_run, connection);
        if (error) {
                log_error("start a thread for a connection: error %d", error);
                close(socket);
                connection->state = CONNECTION_FREE;
        }
        pthread_mutex_unlock(&server->mutex);
}

/* Hangs up on everybody and waits for the acts that run. */
static void connections_end(struct server *server)
{
        pthread_mutex_lock(&server->mutex);
        for (int i = 0; i < CONNECTIONS_MAX; i++)
                if (server->connections[i].state == CONNECTION_OPEN)
                        shutdown(server->connections[i].socket, SHUT_RD);
        for (int i = 0; i < CONNECTIONS_MAX; i++)
                while (server->connections[i].state == CONNECTION_OPEN)
                        pthread_cond_wait(&server->changed, &server->mutex);
        connections_join(server);
        pthread_mutex_unlock(&server->mutex);
}

/* Accepts one connection, if it is still there. */
static int connection_accept(struct server *server, int listener, struct fault *fault)
{
        int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (socket < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
                return 0;
        if (socket < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "accept a connection");
        if (server->service->admits(server->service->context, socket))
                connection_start(server, socket);
        else
                close(socket);
        return 0;
}

int connections_serve(int listener, int stop_fd, const struct connection_service *service, struct fault *fault)
{
        struct server server = { .service = service };
        struct pollfd polls[2] = { { .fd = listener, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
        int failed = 0;

        pthread_mutex_init(&server.mutex, NULL);
        pthread_cond_init(&server.changed, NULL);
        while (!failed) {
                if (poll(polls, 2, -1) < 0) {
                        if (errno != EINTR)
                                failed = fault_set_errno(fault, FAULT_INTERNAL, errno, "wait for connections");
                        continue;
                }
                if (polls[1].revents)
                        break;
                if (polls[0].revents)
                        failed = connection_accept(&server, listener, fault);
        }
        connections_end(&server);
        pthread_cond_destroy(&server.changed);
        pthread_mutex_destroy(&server.mutex);
        return failed;
}
