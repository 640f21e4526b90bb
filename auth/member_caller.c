/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The deciding storage node's side of the channel to one member.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "auth/member_link.h"
#include "auth/member_stream.h"
#include "base/clock.h"
#include "base/memory.h"

struct member_caller {
        struct address member;
        uint16_t port;
        struct pool_key key;
        pthread_mutex_t mutex; /* held for the length of a call */
        struct member_stream stream;
};

struct member_caller *member_caller_new(const struct address *member, uint16_t port, const struct pool_key *key)
{
        struct member_caller *caller = NEW(struct member_caller);

        caller->member = *member;
        caller->port = port;
        caller->key = *key;
        caller->stream.socket = -1;
        pthread_mutex_init(&caller->mutex, NULL);
        return caller;
}

void member_caller_free(struct member_caller *caller)
{
        if (!caller)
                return;
        member_stream_close(&caller->stream);
        pool_key_wipe(&caller->key);
        pthread_mutex_destroy(&caller->mutex);
        free(caller);
}

static socklen_t socket_address(const struct address *address, uint16_t port, struct sockaddr_storage *storage)
{
        *storage = (struct sockaddr_storage){ 0 };
        if (address->family == ADDRESS_V6) {
                struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

                memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);
                memcpy(storage, &v6, sizeof v6);
                return sizeof v6;
        }
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

        memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
        memcpy(storage, &v4, sizeof v4);
        return sizeof v4;
}

static int connect_await(int socket, int64_t left_ms)
{
        struct pollfd wait = { .fd = socket, .events = POLLOUT };
        int error = ETIMEDOUT;
        socklen_t size = sizeof error;

        if (poll(&wait, 1, (int)left_ms) == 1 && getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
                return error;
        return ETIMEDOUT;
}

static int caller_connect(struct member_caller *caller, int64_t until_ms, struct fault *fault)
{
        int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());
        int family = caller->member.family == ADDRESS_V6 ? AF_INET6 : AF_INET, error = 0;
        AUTO_CLOSE int made = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_storage storage;
        socklen_t size = socket_address(&caller->member, caller->port, &storage);

        if (made < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make a socket");
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        if (connect(made, (struct sockaddr *)&storage, size) < 0)
                error = errno == EINPROGRESS ? connect_await(made, left_ms > 0 ? left_ms : 0) : errno;
        if (error)
                return fault_set_errno(fault, error == ETIMEDOUT ? FAULT_TIMEOUT : FAULT_UNAVAILABLE, error,
                                       "connect to its gatehoused");
        caller->stream.socket = made;
        caller->stream.channel = member_channel_new(&caller->key);
        made = -1;
        return member_stream_call(&caller->stream, until_ms, fault);
}

/* Between two calls nothing comes from the member: when there is something to read, it has hung up. */
static bool caller_is_connected(const struct member_caller *caller)
{
        struct pollfd idle = { .fd = caller->stream.socket, .events = POLLIN };

        return caller->stream.socket >= 0 && poll(&idle, 1, 0) == 0;
}

/* One call with the mutex held. *answered: the fault is the act's own answer. */
static int caller_exchange(struct member_caller *caller, const struct message *request, struct message *reply,
                           int64_t until_ms, bool *answered, struct fault *fault)
{
        int failed = 0;

        if (!caller_is_connected(caller)) {
                member_stream_close(&caller->stream);
                failed = caller_connect(caller, until_ms, fault);
        }
        if (failed || (failed = member_stream_send(&caller->stream, request, until_ms, fault)) ||
            (failed = member_stream_receive(&caller->stream, reply, until_ms, fault)))
                return failed;
        *answered = reply->act == request->act;
        return act_reply_check(request, reply, fault);
}

static int caller_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        struct member_caller *caller = context;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
        bool answered = false;

        if (pthread_mutex_clocklock(&caller->mutex, CLOCK_MONOTONIC, &until))
                return fault_set(fault, FAULT_TIMEOUT, "call its gatehoused: busy with other calls for %d ms",
                                 deadline_ms);
        int failed = caller_exchange(caller, request, reply, until_ms, &answered, fault);
        if (failed && !answered) /* what comes later on this connection answers nothing any more */
                member_stream_close(&caller->stream);
        pthread_mutex_unlock(&caller->mutex);
        return failed;
}

struct act_caller member_caller_acts(struct member_caller *caller)
{
        return (struct act_caller){ caller_call, caller };
}
