/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TCP connections to this machine, through the kernel's socket diagnostics: which there are, and the end of those
 * that shall not go on (CONFIG_INET_DIAG_DESTROY), so that a server does not keep what a client can no longer use,
 * and an idle client learns of it at once by a reset. Ending them needs CAP_NET_ADMIN, looking nothing.
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

/* Tells each established connection from `remote` to `local_port`, and looks at the same ones as sessions_end.
 * Ends nothing. UNAVAILABLE: the kernel does not tell. */
typedef void session_teller(void *context, uint16_t local_port, const struct address *remote);
int sessions_each(session_teller *each, void *context, struct fault *fault);
