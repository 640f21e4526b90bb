/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The addresses of the probe place: two clients that Gatehouse is itself, each in a network namespace of the
 * storage node with a link of its own to it. One is admitted to the canary of every storage, the other to nothing,
 * ever. Pure arithmetic on an IPv4 network of eight addresses: two networks of four, one for each link.
 */
#pragma once

#include <stdbool.h>

#include "domain/address.h"

/* Who tries. */
enum probe_client {
        PROBE_ADMITTED, /* is let into the canary and nothing else */
        PROBE_STRANGER, /* is let in nowhere */
        PROBE_CLIENT_COUNT
};

#define PROBE_LINK_PREFIX 30 /* bits of the network of one link */

struct probe_network {
        struct address base; /* ADDRESS_NONE = there is none */
};

/* Parses "a.b.c.d/29", the first address of a network of eight that clients may have. 0, or -1. */
int probe_network_parse(const char *text, struct probe_network *network);

/* The address of a client, and that of the storage node's end of its link. */
struct address probe_network_client(const struct probe_network *network, enum probe_client client);
struct address probe_network_gateway(const struct probe_network *network, enum probe_client client);

/* Whether `address` is one of its eight. */
bool probe_network_has(const struct probe_network *network, const struct address *address);

/* "100.127.255.248/29" */
#define PROBE_NETWORK_TEXT_SIZE (ADDRESS_TEXT_SIZE + 3)
char *probe_network_format(const struct probe_network *network, char text[PROBE_NETWORK_TEXT_SIZE]);

/* Whether it shares an address with the network of `prefix` bits that `address` (IPv4) is in; 0 bits are the
 * default route, which shares with everybody and counts for nothing. */
bool probe_network_meets(const struct probe_network *network, const struct address *address, unsigned prefix);
