/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's side of the channel to the helper.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/clock.h"
#include "base/memory.h"

struct privilege_caller {
        struct sockaddr_un address;
        pthread_mutex_t mutex; /* held for the length of a call */
        int socket;            /* -1 = not connected */
};

struct privilege_caller *privilege_caller_new(const char *path)
{
        struct privilege_caller *caller = NEW(struct privilege_caller);

        caller->address.sun_family = AF_UNIX;
        if (strlen(path) < sizeof caller->address.sun_path)
                memcpy(caller->address.sun_path, path, strlen(path));
        pthread_mutex_init(&caller->mutex, NULL);
        caller->socket = -1;
        return caller;
}

static void caller_hang_up(struct privilege_caller *caller)
{
        memory_auto_close(&caller->socket);
        caller->socket = -1;
}

void privilege_caller_free(struct privilege_caller *caller)
{
        if (!caller)
                return;
        caller_hang_up(caller);
        pthread_mutex_destroy(&caller->mutex);
        free(caller);
}

/* Connects within `left_ms`; the kernel waits when the helper's backlog is full. */
static int caller_connect(struct privilege_caller *caller, int64_t left_ms, struct fault *fault)
{
        struct timeval wait = { .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 };
        AUTO_CLOSE int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (made < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make a socket");
        if (caller->address.sun_path[0] == '\0')
                return fault_set(fault, FAULT_UNAVAILABLE,
                                 "connect to the helper: the path of its socket is too long");
        setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        if (connect(made, (struct sockaddr *)&caller->address, sizeof caller->address) < 0)
                return fault_set_errno(fault, errno == EAGAIN ? FAULT_TIMEOUT : FAULT_UNAVAILABLE, errno,
                                       "connect to the helper at %s", caller->address.sun_path);
        caller->socket = made;
        made = -1;
        return 0;
}

/* Between two calls nothing comes from the helper: when there is something to read, it has hung up (restarted, or
 * closed what was idle). */
static bool caller_is_connected(const struct privilege_caller *caller)
{
        struct pollfd idle = { .fd = caller->socket, .events = POLLIN };

        return caller->socket >= 0 && poll(&idle, 1, 0) == 0;
}

/* One call with the mutex held. */
static int caller_exchange(struct privilege_caller *caller, const struct message *request, struct message *reply,
                           int64_t until_ms, struct fault *fault)
{
        int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());
        int failed = 0;

        if (left_ms <= 0)
                return fault_set(fault, FAULT_TIMEOUT, "call the helper: it was busy with other calls");
        if (!caller_is_connected(caller)) {
                caller_hang_up(caller);
                failed = caller_connect(caller, left_ms, fault);
        }
        if (failed)
                return failed;
        message_fini(reply);
        reply->act = 0;
        failed = act_exchange(caller->socket, request, reply, (int)left_ms, fault);
        /* A fault that is not the act's answer: what comes later on this connection answers nothing any more. */
        if (failed && (reply->act != request->act || reply->fault_code == FAULT_NONE))
                caller_hang_up(caller);
        return failed;
}

static int caller_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                       struct fault *fault)
{
        struct privilege_caller *caller = context;
        int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

        if (pthread_mutex_clocklock(&caller->mutex, CLOCK_MONOTONIC, &until))
                return fault_set(fault, FAULT_TIMEOUT, "call the helper: it was busy with other calls for %d ms",
                                 deadline_ms);
        int failed = caller_exchange(caller, request, reply, until_ms, fault);
        pthread_mutex_unlock(&caller->mutex);
        return failed;
}

struct act_caller privilege_caller_acts(struct privilege_caller *caller)
{
        return (struct act_caller){ caller_call, caller };
}
