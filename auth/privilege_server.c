/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The helper's side of the channel: who may connect, one thread for each connection, a capability raised for
 * the length of an act.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/log.h"
#include "base/memory.h"

#define CONNECTIONS_MAX 4

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
        uid_t client_uid;
        const struct act *table;
        void *act_context;
        pthread_mutex_t mutex;  /* guards what follows */
        pthread_cond_t changed; /* a connection has ended or fallen idle */
        uint64_t turn;          /* grows with each connection and each act; orders them in time */
        struct connection connections[CONNECTIONS_MAX];
};

static void connection_mark(struct connection *connection, bool is_busy)
{
        pthread_mutex_lock(&connection->server->mutex);
        connection->is_busy = is_busy;
        connection->turn = ++connection->server->turn;
        pthread_cond_broadcast(&connection->server->changed);
        pthread_mutex_unlock(&connection->server->mutex);
}

static int act_before(void *context, const struct act *act, struct fault *fault)
{
        int failed = privilege_raise(act->capabilities, fault);

        if (!failed)
                connection_mark(context, true);
        return failed;
}

static void act_after(void *context, const struct act *act)
{
        struct fault fault = { 0 };

        if (privilege_raise(0, &fault)) {
                log_error("act %s left its capabilities in force: %s", act->name, fault.text);
                abort();
        }
        connection_mark(context, false);
}

static void *connection_run(void *argument)
{
        struct connection *connection = argument;
        struct server *server = connection->server;
        const struct act_hooks hooks = { act_before, act_after, connection };
        struct fault fault = { 0 };

        while (!act_serve_one(connection->socket, server->table, server->act_context, &hooks, &fault))
                ;
        if (fault.code != FAULT_UNAVAILABLE) /* hanging up is how a connection ends */
                log_warning("connection closed: %s", fault.text);
        pthread_mutex_lock(&server->mutex);
        close(connection->socket);
        connection->socket = -1;
        connection->state = CONNECTION_ENDED;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->mutex);
        return NULL;
}

/* Whether the peer of `socket` is one that the helper serves. */
static bool peer_is_client(const struct server *server, int socket)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        char uid[16], pid[16];

        if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return false;
        if (peer.uid == server->client_uid || peer.uid == 0)
                return true;
        snprintf(uid, sizeof uid, "%u", peer.uid);
        snprintf(pid, sizeof pid, "%d", peer.pid);
        log_line(LOG_LEVEL_WARNING, (const char *[]){ "uid", uid, "pid", pid, NULL },
                 "connection refused: the helper serves user %u only", server->client_uid);
        return false;
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
        if (peer_is_client(server, socket))
                connection_start(server, socket);
        else
                close(socket);
        return 0;
}

int privilege_serve(int listener, int stop_fd, uid_t client_uid, const struct act *table, void *act_context,
                    struct fault *fault)
{
        struct server server = { .client_uid = client_uid, .table = table, .act_context = act_context };
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

/* Removes a socket that nobody listens on any more; anything else at `path` stays and makes bind fail. */
static int stale_socket_remove(const struct sockaddr_un *address, struct fault *fault)
{
        AUTO_CLOSE int probe = -1;
        struct stat status;

        if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
                return 0;
        probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) == 0)
                return fault_set(fault, FAULT_CONFLICT, "listen on %s: another process does", address->sun_path);
        unlink(address->sun_path);
        return 0;
}

int privilege_listen(const char *path, uid_t owner, struct fault *fault)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        AUTO_CLOSE int listener = -1;
        int failed;

        if (strlen(path) >= sizeof address.sun_path)
                return fault_set(fault, FAULT_INVALID, "listen on %s: longer than %zu bytes", path,
                                 sizeof address.sun_path - 1);
        memcpy(address.sun_path, path, strlen(path));
        if ((failed = stale_socket_remove(&address, fault)))
                return failed;
        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (listener < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make a socket");
        /* The mode of the descriptor is the mode that bind gives the file: never wider, not for a moment. */
        if (fchmod(listener, 0600) < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", path);
        if (lchown(path, owner, (gid_t)-1) < 0 || listen(listener, SOMAXCONN) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", path);
        int taken = listener;
        listener = -1;
        return taken;
}
