/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The member's side of the channel from the deciding storage node.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "auth/connections.h"
#include "auth/member_link.h"
#include "auth/member_stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#define IDLE_MS 30000 /* the decider asks every second */

struct server {
        const struct address *decider;
        const struct pool_key *key;
        const struct act *table;
        void *act_context;
        pthread_mutex_t acting; /* held for the length of an act */
};

/* The address that `socket` is connected to. */
static bool peer_address(int socket, struct address *address)
{
        struct sockaddr_storage storage = { 0 };
        socklen_t size = sizeof storage;

        return getpeername(socket, (struct sockaddr *)&storage, &size) == 0 &&
               address_from_socket((const struct sockaddr *)&storage, address) == 0;
}

/* Others than the decider are not worth a line in the log each: anybody could fill it. */
static bool server_admits(void *context, int socket)
{
        const struct server *server = context;
        struct address peer;

        return peer_address(socket, &peer) && address_equal(&peer, server->decider);
}

static int64_t later_ms(int64_t by_ms)
{
        return clock_monotonic_ms(clock_system()) + by_ms;
}

static int act_serve(struct server *server, struct connection *connection, struct member_stream *stream,
                     struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, 0);
        message_init(&reply, 0);
        int failed = member_stream_receive(stream, &request, later_ms(IDLE_MS), fault);
        if (failed)
                return failed;
        connection_mark(connection, true);
        pthread_mutex_lock(&server->acting);
        act_answer(server->table, server->act_context, NULL, &request, &reply);
        pthread_mutex_unlock(&server->acting);
        connection_mark(connection, false);
        return member_stream_send(stream, &reply, later_ms(MEMBER_PATIENCE_MS), fault);
}

static void server_serve(void *context, struct connection *connection, int socket, struct fault *fault)
{
        struct server *server = context;
        struct member_stream stream = { socket, member_channel_new(server->key) };

        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        int failed = member_stream_answer(&stream, later_ms(MEMBER_PATIENCE_MS), fault);
        if (!failed)
                log_info("the deciding storage node has connected");
        while (!failed)
                failed = act_serve(server, connection, &stream, fault);
        member_channel_free(stream.channel); /* the socket is not ours to close */
}

int member_listen(uint16_t port, struct fault *fault)
{
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        AUTO_CLOSE int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        /* IPv4 comes in as mapped addresses. */
        if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
            setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)) < 0 ||
            bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on port %u", port);
        int taken = listener;
        listener = -1;
        return taken;
}

int member_serve(int listener, int stop_fd, const struct address *decider, const struct pool_key *key,
                 const struct act *table, void *act_context, struct fault *fault)
{
        struct server server = { .decider = decider, .key = key, .table = table, .act_context = act_context };
        const struct connection_service service = { server_admits, server_serve, &server };

        pthread_mutex_init(&server.acting, NULL);
        int failed = connections_serve(listener, stop_fd, &service, fault);
        pthread_mutex_destroy(&server.acting);
        return failed;
}
