/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the main files of the daemons share before they do their own: sockets that the service manager passed in,
 * the user that root becomes, the signals that end them. Called while there is one thread.
 */
#pragma once

#include <pwd.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sandbox.h"

enum daemon_socket {
        DAEMON_STREAM,  /* SOCK_STREAM of any family */
        DAEMON_TCP,     /* SOCK_STREAM of IPv4 or IPv6 */
        DAEMON_CHANNEL, /* AF_UNIX, SOCK_SEQPACKET */
};

/* Where sockets of one kind go. */
struct daemon_place {
        enum daemon_socket kind;
        int *sockets; /* room for `most` */
        size_t most, count;
};

/* Takes the listening sockets that the service manager passed in (sd_listen_fds(3)), each to the first place of
 * its kind; place->count tells how many, 0 also when none was passed in. INVALID: one has no place; `expected`
 * says in words what does. Close-on-exec; blocking as they came. */
int daemon_sockets_inherit(struct daemon_place *places, size_t count, const char *expected, struct fault *fault);

/* Who the calling process, if it is root, is to become: *user, valid until the next getpw*; NULL for who is not
 * root, and stays what he is. INVALID: there is no such user, or it is root. */
int daemon_user_find(const char *name, const struct passwd **user, struct fault *fault);

/* Becomes `user` with his group alone, and without a bounding set; NULL: only the latter, for who may. Other
 * capabilities are for privilege_drop_all, afterwards. */
int daemon_user_become(const struct passwd *user, struct fault *fault);

/* sandbox_enter, when start-up has done what it alone needs. Where system calls cannot be filtered the log says so
 * and the program goes on: without it there would be no storage, and it is one wall of several. */
void daemon_sandbox_enter(enum sandbox_program program);

/* A descriptor that is readable once SIGTERM or SIGINT has come; both are blocked from now on, in every thread. */
int daemon_stop_signals(struct fault *fault);
