/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The links of the probe place: pairs of virtual Ethernet interfaces, made and unmade by rtnetlink through libmnl.
 * All but probe_link_make act on the network namespace that the calling thread is in. Needs CAP_NET_ADMIN.
 */
#pragma once

#include <stdbool.h>

#include "base/fault.h"
#include "domain/probe_network.h"

/* Makes a pair: `name` in this namespace, `peer_name` in the one that `peer_namespace` is a descriptor of. Both
 * without IPv6, and down. CONFLICT: there is an interface of that name. */
int probe_link_make(const char *name, const char *peer_name, int peer_namespace, struct fault *fault);

/* Gives the interface its address (PROBE_LINK_PREFIX) and sets it up. What comes in by it is never forwarded,
 * whatever the machine does elsewhere. */
int probe_link_start(const char *name, const struct address *address, struct fault *fault);

/* Sends all that is not on a link by way of `gateway`. */
int probe_route_make(const struct address *gateway, struct fault *fault);

/* Whether the interface is there and carries: its other end is there and up, too. */
bool probe_link_is_up(const char *name);

/* Takes the pair away; 0 also when it is not there. */
int probe_link_remove(const char *name, struct fault *fault);

/* CONFLICT, naming it, when an interface of this machine or a route other than the default one has an address in
 * common with `network`. */
int probe_network_check(const struct probe_network *network, struct fault *fault);
