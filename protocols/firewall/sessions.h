/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TCP connections to this machine that shall not go on: their sockets are ended through the kernel's socket
 * diagnostics (CONFIG_INET_DIAG_DESTROY), so that a server does not keep what a client can no longer use, and an
 * idle client learns of it at once by a reset. Needs CAP_NET_ADMIN.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/address.h"

/* Whether a connection from `remote` to `local_port` shall end. */
typedef bool session_test(const void *context, uint16_t local_port, const struct address *remote);

/* One connection that was ended. */
struct session_ended {
        uint16_t local_port;
        struct address remote;
};

/* Ends each connection for which `ends` answers true, in whatever state but listening or lingering (TIME_WAIT);
 * those between two addresses of this machine never. IPv4, IPv6 and IPv4 on IPv6 sockets, which `ends` is asked
 * about as IPv4. *ended = which ones, *count = how many, also on a fault; the caller frees *ended. Idempotent.
 * UNAVAILABLE: the kernel cannot end sockets. */
int sessions_end(session_test *ends, const void *context, struct session_ended **ended, size_t *count,
                 struct fault *fault);
