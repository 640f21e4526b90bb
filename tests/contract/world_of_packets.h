/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A storage node (this process's network namespace) with listeners on its ports, and two client machines `a` and
 * `b` as further namespaces: tests/contract/with_firewall makes them. All sockets are this process's; a socket
 * stays in the namespace in which it was made. What does not work fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "domain/address.h"

#define PATIENCE_MS 5000 /* for what shall happen */
#define VOLFILED 24107   /* where gatehouse-volfiled would listen */

enum machine { STORAGE, A, B, MACHINES };

/* Opens the namespaces; -1 when they are not there. */
int machines_open(void);

/* How a client machine reaches the node: its own address, and the node's address in the same network. */
enum way { A4, A6, B4, B6, WAYS };
extern const struct way_ends {
        enum machine machine;
        const char *own;
        const char *node;
} ways[WAYS];

struct address address(const char *text);
int64_t now_us(void);

/* Whether `event` (POLLIN, POLLOUT) comes about, or an error. */
bool happens(int fd, short event, int patience_ms);

/* The end of a connection, for connect(2) or bind(2). */
socklen_t end_make(const char *at, uint16_t port, struct sockaddr_storage *end);

int socket_on(enum machine machine, int family, int type);

/* A socket of SOCK_STREAM, listening, or of SOCK_DGRAM. */
int bound(enum machine machine, const char *at, uint16_t port, int type);

/* The node listens on guarded ports and on those beside them; TCP and UDP, IPv4 and IPv6. On most one socket takes
 * both, as NFS-Ganesha's does; on 49152 there is one for each, as glusterfsd listens on IPv4 alone. */
#define LISTENERS 17
extern struct listener {
        const char *at;
        uint16_t port;
        int tcp, udp;
} listeners[LISTENERS];
void listeners_start(void);
const struct listener *listener_at(uint16_t port, enum way way);

/* A connection: both ends. */
struct session {
        int client, server; /* -1 = none */
        uint16_t client_port;
};

#define AUTO_SESSION __attribute__((cleanup(session_fini)))
void session_fini(struct session *session);

/* Connects from a client machine; 0, or the errno, ETIMEDOUT when nothing has come back. */
int session_connect(struct session *session, enum way way, uint16_t port, int patience_ms);

/* Takes the node's side of a connection that has come in at `port`. */
void session_accept(struct session *session, enum way way, uint16_t port);

/* One byte each way. */
void session_goes_on(const struct session *session);

/* All three. */
void session_open(struct session *session, enum way way, uint16_t port);

/* Sockets of the node with this port at the other end, but for those that linger (TIME_WAIT). */
unsigned sockets_of(uint16_t client_port);
