/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfile_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define LAST_FRAGMENT 0x80000000u /* RFC 5531, 11 */
#define MARK_BYTES 4
#define EVENTS_PER_TURN 64
#define SWEEP_MS 100
#define TELL_MS 60000
#define KEEPALIVE_IDLE_S 60 /* a client that vanished is noticed after two minutes */
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_COUNT 4
#define UNACKNOWLEDGED_MS 30000

const struct volfile_limits volfile_limits_default = {
        .connections_max = 4096,
        .per_address_max = 256,
        .output_bytes_max = 64 << 20,
        .patience_ms = 10000,
        .rate = { .burst = 2000, .per_second = 500 },
};

struct connection {
        int socket;
        size_t place; /* in service->connections */
        size_t peer;  /* in service->peers.items */
        struct text in, out;
        size_t out_at;
        uint64_t fetched; /* number of the volfile that it fetched last, 0 = none */
        int64_t until_ms; /* it is hung up on then; 0 = never */
        bool is_paused;   /* its address has asked too much: nothing is read for a while */
};

struct volfile_service {
        const struct volfile_limits *limits;
        const struct clock *clock;
        int listener, epoll;
        bool is_deaf;   /* no descriptor was left for a connection: the listener is looked at again later */
        int64_t now_ms; /* of this turn */
        int64_t sweep_at_ms;
        int64_t tell_at_ms; /* not before then again who was turned away */
        size_t waiting;     /* connections with a time limit or a pause */
        size_t out_bytes;   /* that wait to be sent */
        struct volfile_served served;
        uint64_t number; /* of `served`; grows when its text or volume changes */
        struct volfile_peers peers;
        struct connection **connections;
        size_t connection_count;
        uint64_t requests, refused;
};

static struct volfile_peer *connection_peer(const struct volfile_service *service,
                                            const struct connection *connection)
{
        return &service->peers.items[connection->peer];
}

static bool is_waiting(const struct connection *connection)
{
        return connection->until_ms != 0 || connection->is_paused;
}

static void limit_set(struct volfile_service *service, struct connection *connection, int64_t until_ms,
                      bool is_paused)
{
        service->waiting -= is_waiting(connection);
        connection->until_ms = until_ms;
        connection->is_paused = is_paused;
        service->waiting += is_waiting(connection);
}

static size_t out_left(const struct connection *connection)
{
        return connection->out.length - connection->out_at;
}

/* Closes with a reset, so that nothing of it stays in the kernel either. */
static void socket_reset(int socket)
{
        const struct linger none = { .l_onoff = 1, .l_linger = 0 };

        setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        close(socket);
}

static void connection_end(struct volfile_service *service, struct connection *connection)
{
        limit_set(service, connection, 0, false);
        service->out_bytes -= out_left(connection);
        if (connection->peer < service->peers.count)
                service->peers.items[connection->peer].connections--;
        struct connection *last = service->connections[--service->connection_count];
        service->connections[connection->place] = last;
        last->place = connection->place;
        socket_reset(connection->socket);
        text_fini(&connection->in);
        text_fini(&connection->out);
        free(connection);
}

/* Says to the kernel what is waited for: an answer goes out before the next request is read. */
static void connection_watch(struct volfile_service *service, struct connection *connection, int operation)
{
        struct epoll_event event = { .data.ptr = connection };

        event.events = out_left(connection) ? EPOLLOUT : connection->is_paused ? EPOLLRDHUP : EPOLLIN;
        epoll_ctl(service->epoll, operation, connection->socket, &event);
}

/* Sends what the peer takes. False: the connection is of no more use. */
static bool connection_flush(struct volfile_service *service, struct connection *connection)
{
        while (out_left(connection)) {
                ssize_t sent = send(connection->socket, connection->out.data + connection->out_at,
                                    out_left(connection), MSG_NOSIGNAL | MSG_DONTWAIT);

                if (sent < 0 && errno == EAGAIN)
                        return true;
                if (sent < 0 && errno != EINTR)
                        return false;
                connection->out_at += sent > 0 ? (size_t)sent : 0;
                service->out_bytes -= sent > 0 ? (size_t)sent : 0;
        }
        text_fini(&connection->out);
        connection->out_at = 0;
        return true;
}

/* After bytes were added to connection->out: counts and sends them. False: there is no room for them. */
static bool connection_send(struct volfile_service *service, struct connection *connection, size_t added)
{
        service->out_bytes += added;
        if (!connection_flush(service, connection) || service->out_bytes > service->limits->output_bytes_max)
                return false;
        limit_set(service, connection, out_left(connection) ? service->now_ms + service->limits->patience_ms : 0,
                  connection->is_paused);
        return true;
}

/* Bytes of the record that is being read that are not there yet, its mark included; -1 for a record that is none
 * of a client's: in parts, empty, or too long. */
static ssize_t record_left(const struct text *in)
{
        uint32_t mark;

        if (in->length < MARK_BYTES)
                return (ssize_t)(MARK_BYTES - in->length);
        memcpy(&mark, in->data, sizeof mark);
        mark = ntohl(mark);
        uint32_t length = mark & ~LAST_FRAGMENT;
        if (!(mark & LAST_FRAGMENT) || length == 0 || length > VOLFILE_REQUEST_MAX)
                return -1;
        return (ssize_t)(MARK_BYTES + length - in->length);
}

/* Reads on in the record. -1: hang up; 0: it is not whole yet; 1: it is. */
static int record_read(struct volfile_service *service, struct connection *connection)
{
        char bytes[MARK_BYTES + VOLFILE_REQUEST_MAX];
        ssize_t left;

        while ((left = record_left(&connection->in)) > 0) {
                ssize_t got = recv(connection->socket, bytes, (size_t)left, MSG_DONTWAIT);

                if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
                        return -1;
                if (got < 0)
                        return 0;
                if (connection->in.length == 0 && connection->until_ms == 0)
                        limit_set(service, connection, service->now_ms + service->limits->patience_ms, false);
                text_add_bytes(&connection->in, bytes, (size_t)got);
        }
        return left < 0 ? -1 : 1;
}

/* Answers the whole record in connection->in. False: hang up. */
static bool record_answer(struct volfile_service *service, struct connection *connection)
{
        size_t before = connection->out.length;
        enum volfile_verdict verdict = volfile_answer(&service->served, connection->in.data + MARK_BYTES,
                                                      connection->in.length - MARK_BYTES, &connection->out);

        text_fini(&connection->in);
        if (verdict == VOLFILE_HANG_UP)
                return false;
        if (verdict == VOLFILE_FETCHED)
                connection->fetched = service->number;
        service->requests++;
        return connection_send(service, connection, connection->out.length - before);
}

/* Whether the other side is gone and nothing that it said before is left. */
static bool is_hung_up(const struct connection *connection)
{
        char byte;
        ssize_t got = recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

        return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* One event: the rest of an answer, or at most one request, so that everybody gets a turn. False: hang up. */
static bool connection_serve(struct volfile_service *service, struct connection *connection, uint32_t events)
{
        if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) /* the last: who is paused does not wait for it */
                return false;
        if (out_left(connection)) {
                if (!connection_flush(service, connection))
                        return false;
                if (!out_left(connection))
                        limit_set(service, connection, 0, connection->is_paused);
                return true;
        }
        if (connection->in.length == 0 && is_hung_up(connection))
                return false; /* before anything is paid: going costs nothing */
        if (connection->in.length == 0 &&
            !volfile_peer_spend(connection_peer(service, connection), &service->limits->rate, service->now_ms)) {
                limit_set(service, connection, connection->until_ms, true);
                return true;
        }
        int whole = record_read(service, connection);
        return whole == 0 || (whole > 0 && record_answer(service, connection));
}

static void socket_prepare(int socket)
{
        const struct {
                int level, option, value;
        } settings[] = {
                { SOL_SOCKET, SO_KEEPALIVE, 1 },
                { IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
                { IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
                { IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
                { IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS },
                { IPPROTO_TCP, TCP_NODELAY, 1 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                setsockopt(socket, settings[i].level, settings[i].option, &settings[i].value,
                           sizeof settings[i].value);
}

/* Who has no request left in the bucket is not turned away, but waits as with a request. */
static void connection_begin(struct volfile_service *service, int socket, struct volfile_peer *peer)
{
        bool is_paused = !volfile_peer_spend(peer, &service->limits->rate, service->now_ms);
        struct connection *connection = NEW(struct connection);

        socket_prepare(socket);
        connection->socket = socket;
        connection->place = service->connection_count;
        connection->peer = (size_t)(peer - service->peers.items);
        peer->connections++;
        service->connections[service->connection_count++] = connection;
        limit_set(service, connection, service->now_ms + service->limits->patience_ms, is_paused);
        connection_watch(service, connection, EPOLL_CTL_ADD);
}

/* Whether to hear the listener. */
static void listener_watch(struct volfile_service *service, int operation, bool is_deaf)
{
        struct epoll_event event = { .events = is_deaf ? 0 : EPOLLIN, .data.ptr = service };

        service->is_deaf = is_deaf;
        epoll_ctl(service->epoll, operation, service->listener, &event);
}

/* An operator must know why an admitted client is turned away; once in a while, for it may try often. */
static void limits_tell(struct volfile_service *service, const struct volfile_peer *peer)
{
        char text[ADDRESS_TEXT_SIZE];

        if (service->tell_at_ms > service->now_ms)
                return;
        service->tell_at_ms = service->now_ms + TELL_MS;
        address_format(&peer->address, text);
        log_warning("reset connection of %s, which has %zu of at most %zu; all clients together have %zu of %zu",
                    text, peer->connections, service->limits->per_address_max, service->connection_count,
                    service->limits->connections_max);
}

static void listener_serve(struct volfile_service *service)
{
        for (int i = 0; i < EVENTS_PER_TURN; i++) {
                struct sockaddr_storage from = { 0 };
                socklen_t from_length = sizeof from;
                struct address address;
                struct volfile_peer *peer = NULL;
                int socket = accept4(service->listener, (struct sockaddr *)&from, &from_length,
                                     SOCK_CLOEXEC | SOCK_NONBLOCK);

                if (socket < 0) {
                        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                                listener_watch(service, EPOLL_CTL_MOD, true);
                        return;
                }
                if (volfile_peer_address(&from, &address))
                        peer = volfile_peers_find(&service->peers, &address);
                if (peer && service->connection_count < service->limits->connections_max &&
                    peer->connections < service->limits->per_address_max) {
                        connection_begin(service, socket, peer);
                } else {
                        service->refused++;
                        socket_reset(socket);
                        if (peer)
                                limits_tell(service, peer);
                }
        }
}

/* Hangs up on who let their time pass, and reads again from who had to pause. */
static void service_sweep(struct volfile_service *service)
{
        service->sweep_at_ms = service->now_ms + SWEEP_MS;
        if (service->is_deaf)
                listener_watch(service, EPOLL_CTL_MOD, false);
        for (size_t i = service->connection_count; i-- > 0 && service->waiting > 0;) {
                struct connection *connection = service->connections[i];

                if (connection->until_ms && connection->until_ms <= service->now_ms) {
                        connection_end(service, connection);
                } else if (connection->is_paused) {
                        if (volfile_peer_may_ask(connection_peer(service, connection), &service->limits->rate,
                                                 service->now_ms)) {
                                limit_set(service, connection, connection->until_ms, false);
                                connection_watch(service, connection, EPOLL_CTL_MOD);
                        }
                }
        }
}

void volfile_service_turn(struct volfile_service *service)
{
        struct epoll_event events[EVENTS_PER_TURN];
        int count = epoll_wait(service->epoll, events, EVENTS_PER_TURN, 0);

        service->now_ms = clock_monotonic_ms(service->clock);
        for (int i = 0; i < count; i++) {
                struct connection *connection = events[i].data.ptr;

                if (events[i].data.ptr == service)
                        listener_serve(service);
                else if (connection_serve(service, connection, events[i].events))
                        connection_watch(service, connection, EPOLL_CTL_MOD);
                else
                        connection_end(service, connection);
        }
        if (service->now_ms >= service->sweep_at_ms)
                service_sweep(service);
}

int volfile_service_wait_ms(const struct volfile_service *service)
{
        return service->waiting > 0 || service->is_deaf ? SWEEP_MS : -1;
}

int volfile_service_fd(const struct volfile_service *service)
{
        return service->epoll;
}

struct volfile_service *volfile_service_new(int listener, const struct volfile_limits *limits,
                                            const struct clock *clock, struct fault *fault)
{
        struct volfile_service *service = NEW(struct volfile_service);

        service->limits = limits;
        service->clock = clock;
        service->listener = listener;
        service->connections = memory_new(limits->connections_max, sizeof(struct connection *));
        service->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (service->epoll < 0) {
                fault_set_errno(fault, FAULT_INTERNAL, errno, "serve volfiles: epoll");
                volfile_service_free(service);
                return NULL;
        }
        listener_watch(service, EPOLL_CTL_ADD, false);
        return service;
}

void volfile_service_free(struct volfile_service *service)
{
        if (!service)
                return;
        while (service->connection_count > 0)
                connection_end(service, service->connections[service->connection_count - 1]);
        memory_auto_close(&service->epoll);
        memory_auto_close(&service->listener);
        volfile_served_fini(&service->served);
        free(service->connections);
        volfile_peers_fini(&service->peers);
        free(service);
}

static void peers_replace(struct volfile_service *service, const struct address *admitted, size_t count)
{
        struct volfile_peers old = service->peers, peers = { 0 };

        volfile_peers_make(&peers, admitted, count, &old, &service->limits->rate, service->now_ms);
        for (size_t i = service->connection_count; i-- > 0;) {
                struct connection *connection = service->connections[i];
                struct volfile_peer *peer = volfile_peers_find(&peers, &old.items[connection->peer].address);

                connection->peer = peer ? (size_t)(peer - peers.items) : SIZE_MAX;
                if (peer)
                        peer->connections++;
                else
                        connection_end(service, connection);
        }
        service->peers = peers;
        volfile_peers_fini(&old);
}

static bool is_same_volfile(const struct volfile_served *a, const struct volfile_served *b)
{
        return a->volume && a->length == b->length && strcmp(a->volume, b->volume) == 0 &&
               memcmp(a->text, b->text, a->length) == 0;
}

static void service_push(struct volfile_service *service)
{
        for (size_t i = service->connection_count; i-- > 0;) {
                struct connection *connection = service->connections[i];
                size_t before = connection->out.length;

                if (connection->fetched == 0)
                        continue;
                volfile_push_render(&connection->out);
                if (connection_send(service, connection, connection->out.length - before))
                        connection_watch(service, connection, EPOLL_CTL_MOD);
                else
                        connection_end(service, connection);
        }
}

int volfile_service_configure(struct volfile_service *service, struct volfile_served *served,
                              const struct address *admitted, size_t count, struct fault *fault)
{
        AUTO_VOLFILE_SERVED struct volfile_served taken = *served;
        int failed;

        *served = (struct volfile_served){ 0 };
        if (count > VOLFILE_ADMITTED_MAX)
                return fault_set(fault, FAULT_INVALID, "serve a volfile: %zu addresses, at most %d are allowed",
                                 count, VOLFILE_ADMITTED_MAX);
        if ((failed = volfile_served_check(&taken, fault)))
                return failed;
        service->now_ms = clock_monotonic_ms(service->clock);
        peers_replace(service, admitted, count);
        bool is_new = !is_same_volfile(&service->served, &taken);
        struct volfile_served old = service->served;
        service->served = taken;
        taken = old;
        service->number += is_new;
        if (is_new)
                service_push(service);
        return 0;
}

void volfile_service_status(const struct volfile_service *service, struct volfile_status *status)
{
        *status = (struct volfile_status){ .number = service->number,
                                           .admitted = service->peers.count,
                                           .connections = service->connection_count,
                                           .requests = service->requests,
                                           .refused = service->refused };
        for (size_t i = 0; i < service->connection_count; i++) {
                uint64_t fetched = service->connections[i]->fetched;

                status->current += fetched && fetched == service->number;
                status->behind += fetched && fetched != service->number;
        }
}
