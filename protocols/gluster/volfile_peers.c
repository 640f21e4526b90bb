/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfile_peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REQUEST 1000 /* tokens */

void volfile_peers_fini(struct volfile_peers *peers)
{
        free(peers->items);
        *peers = (struct volfile_peers){ 0 };
}

static int peer_compare(const void *a, const void *b)
{
        return address_compare(&((const struct volfile_peer *)a)->address,
                               &((const struct volfile_peer *)b)->address);
}

struct volfile_peer *volfile_peers_find(const struct volfile_peers *peers, const struct address *address)
{
        const struct volfile_peer key = { .address = *address };

        return peers->count ? bsearch(&key, peers->items, peers->count, sizeof key, peer_compare) : NULL;
}

void volfile_peers_make(struct volfile_peers *peers, const struct address *addresses, size_t count,
                        const struct volfile_peers *old, const struct volfile_rate *rate, int64_t now_ms)
{
        struct volfile_peer *items = memory_new(count + 1, sizeof *items);

        for (size_t i = 0; i < count; i++)
                items[i].address = addresses[i];
        qsort(items, count, sizeof *items, peer_compare);
        peers->items = items;
        for (size_t i = 0; i < count; i++)
                if (peers->count == 0 || peer_compare(&items[peers->count - 1], &items[i]) != 0)
                        items[peers->count++] = items[i];
        for (size_t i = 0; i < peers->count; i++) {
                const struct volfile_peer *before = volfile_peers_find(old, &items[i].address);

                items[i].tokens = before ? before->tokens : (uint64_t)rate->burst * REQUEST;
                items[i].filled_at_ms = before ? before->filled_at_ms : now_ms;
        }
}

bool volfile_peer_may_ask(struct volfile_peer *peer, const struct volfile_rate *rate, int64_t now_ms)
{
        uint64_t most = (uint64_t)rate->burst * REQUEST;

        peer->tokens += (uint64_t)(now_ms - peer->filled_at_ms) * rate->per_second; /* per_second for 1000 ms */
        if (peer->tokens > most)
                peer->tokens = most;
        peer->filled_at_ms = now_ms;
        return peer->tokens >= REQUEST;
}

bool volfile_peer_spend(struct volfile_peer *peer, const struct volfile_rate *rate, int64_t now_ms)
{
        if (!volfile_peer_may_ask(peer, rate, now_ms))
                return false;
        peer->tokens -= REQUEST;
        return true;
}

bool volfile_peer_address(const struct sockaddr_storage *from, struct address *address)
{
        return address_from_socket((const struct sockaddr *)from, address) == 0;
}
