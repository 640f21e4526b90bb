/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SETS 512 /* of so many ways: 4096 addresses, 160 KiB */
#define WAYS 8

/* `empty_at_ms` is when the bucket will have run dry: 0, in the past, is one that nobody has. */
struct bucket {
        struct address network;
        int64_t empty_at_ms;
};

struct throttle {
        pthread_mutex_t lock;
        unsigned char key[crypto_shorthash_KEYBYTES]; /* nobody can choose addresses that share a set */
        struct bucket buckets[SETS][WAYS];
};

struct throttle *throttle_new(void)
{
        struct throttle *throttle = NEW(struct throttle);

        if (sodium_init() < 0)
                abort();
        randombytes_buf(throttle->key, sizeof throttle->key);
        pthread_mutex_init(&throttle->lock, NULL);
        return throttle;
}

void throttle_free(struct throttle *throttle)
{
        if (!throttle)
                return;
        pthread_mutex_destroy(&throttle->lock);
        free(throttle);
}

struct address throttle_network(const struct address *address)
{
        struct address network = *address;

        if (network.family == ADDRESS_V6)
                memset(network.bytes + 8, 0, 8);
        return network;
}

/* The bucket of `network`, or the one that runs dry first. All ways are looked at, found or not. */
static struct bucket *bucket_find(struct throttle *throttle, const struct address *network)
{
        unsigned char hash[crypto_shorthash_BYTES];
        struct bucket *found = NULL, *oldest, *set;
        uint16_t place;

        crypto_shorthash(hash, (const unsigned char *)network, sizeof *network, throttle->key);
        memcpy(&place, hash, sizeof place);
        set = throttle->buckets[place % SETS];
        oldest = set;
        for (size_t way = 0; way < WAYS; way++) {
                if (address_equal(&set[way].network, network))
                        found = &set[way];
                if (set[way].empty_at_ms < oldest->empty_at_ms)
                        oldest = &set[way];
        }
        if (found)
                return found;
        *oldest = (struct bucket){ .network = *network };
        return oldest;
}

unsigned throttle_failure(struct throttle *throttle, const struct address *address, int64_t now_ms)
{
        struct address network = throttle_network(address);
        int64_t wait_ms;

        pthread_mutex_lock(&throttle->lock);
        struct bucket *bucket = bucket_find(throttle, &network);
        int64_t empty_at_ms = bucket->empty_at_ms > now_ms ? bucket->empty_at_ms : now_ms;
        wait_ms = empty_at_ms + THROTTLE_INTERVAL_MS - now_ms - (int64_t)THROTTLE_BURST * THROTTLE_INTERVAL_MS;
        bucket->empty_at_ms = wait_ms > 0 ? empty_at_ms : empty_at_ms + THROTTLE_INTERVAL_MS;
        pthread_mutex_unlock(&throttle->lock);
        return wait_ms > 0 ? (unsigned)((wait_ms + 999) / 1000) : 0;
}
