/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The client addresses that gatehouse-volfiled serves, each with a bucket that its requests are paid from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "domain/address.h"

struct volfile_rate {
        unsigned burst;      /* requests and connections that an address may make at once */
        unsigned per_second; /* and lastingly */
};

struct volfile_peer {
        struct address address;
        size_t connections; /* open ones, counted by the owner */
        uint64_t tokens;    /* thousandths of a request */
        int64_t filled_at_ms;
};

/* Zeroed = nobody. */
struct volfile_peers {
        struct volfile_peer *items; /* sorted by address, each once */
        size_t count;
};
void volfile_peers_fini(struct volfile_peers *peers);

/* Fills a zeroed `peers` with the `count` addresses, in any order; buckets are those of `old` where it has the
 * address, else full; no connection is counted. */
void volfile_peers_make(struct volfile_peers *peers, const struct address *addresses, size_t count,
                        const struct volfile_peers *old, const struct volfile_rate *rate, int64_t now_ms);

/* NULL: not admitted. */
struct volfile_peer *volfile_peers_find(const struct volfile_peers *peers, const struct address *address);

/* Whether the bucket holds another request at monotonic `now_ms`. */
bool volfile_peer_may_ask(struct volfile_peer *peer, const struct volfile_rate *rate, int64_t now_ms);

/* The same, and takes the request out. */
bool volfile_peer_spend(struct volfile_peer *peer, const struct volfile_rate *rate, int64_t now_ms);

/* What accept(2) says of a peer; IPv4-mapped addresses become v4. False for other families. */
bool volfile_peer_address(const struct sockaddr_storage *from, struct address *address);
