/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/world_of_packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"

/* --- Machines ----------------------------------------------------------------------------------------------- */

static int namespaces[MACHINES];

const struct way_ends ways[WAYS] = {
        { A, "10.98.1.2", "10.98.1.1" },
        { A, "fd98:1::2", "fd98:1::1" },
        { B, "10.98.2.2", "10.98.2.1" },
        { B, "fd98:2::2", "fd98:2::1" },
};

struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

socklen_t end_make(const char *at, uint16_t port, struct sockaddr_storage *end)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)end;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)end;

        memset(end, 0, sizeof *end);
        if (inet_pton(AF_INET, at, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(port);
                return sizeof *v4;
        }
        memset(end, 0, sizeof *end);
        assert_int_equal(inet_pton(AF_INET6, at, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
}

int socket_on(enum machine machine, int family, int type)
{
        assert_int_equal(setns(namespaces[machine], CLONE_NEWNET), 0);
        int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_int_equal(setns(namespaces[STORAGE], CLONE_NEWNET), 0);
        assert_true(fd >= 0);
        return fd;
}

int64_t now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool happens(int fd, short event, int patience_ms)
{
        struct pollfd polled = { .fd = fd, .events = event };

        return poll(&polled, 1, patience_ms) == 1;
}

/* --- Listeners ---------------------------------------------------------------------------------------------- */

int bound(enum machine machine, const char *at, uint16_t port, int type)
{
        struct sockaddr_storage end;
        socklen_t size = end_make(at, port, &end);
        int fd = socket_on(machine, end.ss_family, type), yes = 1;

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        /* "::" alone is both families, as NFS-Ganesha listens; beside "0.0.0.0" it is IPv6. */
        if (end.ss_family == AF_INET6 && port == 49152)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        assert_int_equal(bind(fd, (struct sockaddr *)&end, size), 0);
        if (type == SOCK_STREAM)
                assert_int_equal(listen(fd, 64), 0);
        return fd;
}

struct listener listeners[LISTENERS] = {
        { "::", 111, -1, -1 },   { "::", 2048, -1, -1 },       { "::", 2049, -1, -1 },     { "::", 2379, -1, -1 },
        { "::", 2380, -1, -1 },  { "::", 20048, -1, -1 },      { "::", 24006, -1, -1 },    { "::", 24007, -1, -1 },
        { "::", 24008, -1, -1 }, { "::", 24009, -1, -1 },      { "::", VOLFILED, -1, -1 }, { "::", 49151, -1, -1 },
        { "::", 49152, -1, -1 }, { "0.0.0.0", 49152, -1, -1 }, { "::", 55555, -1, -1 },    { "::", 60999, -1, -1 },
        { "::", 61000, -1, -1 },
};

void listeners_start(void)
{
        for (size_t i = 0; i < LISTENERS; i++) {
                listeners[i].tcp = bound(STORAGE, listeners[i].at, listeners[i].port, SOCK_STREAM);
                listeners[i].udp = bound(STORAGE, listeners[i].at, listeners[i].port, SOCK_DGRAM);
        }
}

const struct listener *listener_at(uint16_t port, enum way way)
{
        for (size_t i = 0; i < LISTENERS; i++)
                if (listeners[i].port == port &&
                    (port != 49152 || (strchr(listeners[i].at, ':') != NULL) == (way == A6 || way == B6)))
                        return &listeners[i];
        fail_msg("nobody listens on %u", port);
        return NULL;
}

/* --- Sessions ----------------------------------------------------------------------------------------------- */

void session_fini(struct session *session)
{
        const struct linger at_once = { 1, 0 };

        if (session->client >= 0) {
                setsockopt(session->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
                close(session->client);
        }
        if (session->server >= 0)
                close(session->server);
}

int session_connect(struct session *session, enum way way, uint16_t port, int patience_ms)
{
        struct sockaddr_storage end;
        socklen_t size = end_make(ways[way].node, port, &end);
        int error = 0;

        *session = (struct session){ socket_on(ways[way].machine, end.ss_family, SOCK_STREAM), -1, 0 };
        if (connect(session->client, (struct sockaddr *)&end, size) && errno != EINPROGRESS)
                return errno;
        if (!happens(session->client, POLLOUT, patience_ms))
                return ETIMEDOUT;
        size = sizeof error;
        assert_int_equal(getsockopt(session->client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
        if (error)
                return error;
        size = sizeof end;
        assert_int_equal(getsockname(session->client, (struct sockaddr *)&end, &size), 0);
        session->client_port = ntohs(end.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&end)->sin_port
                                                              : ((struct sockaddr_in6 *)(void *)&end)->sin6_port);
        return 0;
}

void session_accept(struct session *session, enum way way, uint16_t port)
{
        const struct listener *listener = listener_at(port, way);

        if (!happens(listener->tcp, POLLIN, PATIENCE_MS))
                fail_msg("no connection from %s has come in at %u", ways[way].own, port);
        session->server = accept4(listener->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        assert_true(session->server >= 0);
}

static void send_one(int from, int to)
{
        char byte = 'x';

        assert_int_equal(write(from, &byte, 1), 1);
        assert_true(happens(to, POLLIN, PATIENCE_MS));
        assert_int_equal(read(to, &byte, 1), 1);
}

void session_goes_on(const struct session *session)
{
        send_one(session->client, session->server);
        send_one(session->server, session->client);
}

void session_open(struct session *session, enum way way, uint16_t port)
{
        int error = session_connect(session, way, port, PATIENCE_MS);

        if (error)
                fail_msg("connect %s to %u: %s", ways[way].own, port, strerror(error));
        session_accept(session, way, port);
        session_goes_on(session);
}

unsigned sockets_of(uint16_t client_port)
{
        static const char *const files[] = { "/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6" };
        unsigned count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                AUTO_FCLOSE FILE *file = fopen(files[i], "re");
                char line[512];

                assert_non_null(file);
                while (fgets(line, sizeof line, file)) {
                        unsigned remote, status;

                        if (sscanf(line, " %*u: %*[0-9A-F]:%*x %*[0-9A-F]:%x %x", &remote, &status) == 2 &&
                            remote == client_port && status != 6 /* TIME_WAIT */)
                                count++;
                }
        }
        return count;
}

int machines_open(void)
{
        static const char *const paths[MACHINES] = { "/proc/thread-self/ns/net", "/run/netns/a", "/run/netns/b" };

        for (int i = 0; i < MACHINES; i++)
                if ((namespaces[i] = open(paths[i], O_RDONLY | O_CLOEXEC)) < 0)
                        return -1;
        return 0;
}
