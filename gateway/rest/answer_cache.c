/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/answer_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"

struct place {
        struct answer_key key;
        const struct route *route;
        void *answer; /* NULL = free */
        size_t bytes;
};

struct answer_cache {
        uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES];
        void (*release)(void *answer);
        struct answer_stamp stamp; /* of all that is in it */
        size_t bytes;
        struct place places[ANSWER_PLACES];
};

void answer_stamp_take(struct answer_stamp *stamp, struct writer *writer, struct status *status,
                       const struct clock *clock)
{
        stamp->now = writer_snapshot(writer);
        stamp->status_version = status_version(status);
        stamp->wall_ms = clock_wall_ms(clock);
}

void answer_stamp_fini(struct answer_stamp *stamp)
{
        shared_put(stamp->now);
        stamp->now = NULL;
}

struct answer_cache *answer_cache_new(void (*release)(void *answer))
{
        struct answer_cache *cache = NEW(struct answer_cache);

        if (sodium_init() < 0)
                abort();
        randombytes_buf(cache->secret, sizeof cache->secret);
        cache->release = release;
        return cache;
}

static void cache_clear(struct answer_cache *cache)
{
        for (size_t i = 0; cache->bytes > 0 && i < ANSWER_PLACES; i++) {
                if (cache->places[i].answer)
                        cache->release(cache->places[i].answer);
                cache->places[i].answer = NULL;
        }
        cache->bytes = 0;
        answer_stamp_fini(&cache->stamp);
}

void answer_cache_free(struct answer_cache *cache)
{
        if (!cache)
                return;
        cache_clear(cache);
        sodium_memzero(cache->secret, sizeof cache->secret);
        free(cache);
}

bool answer_key_make(const struct answer_cache *cache, const char *target, const char *authorization,
                     struct answer_key *key)
{
        char text[ANSWER_KEY_MOST];
        int length = snprintf(text, sizeof text, "%s\n%s", authorization, target);

        _Static_assert(sizeof *key == crypto_shorthash_siphashx24_BYTES, "a key is one hash");
        if (length < 0 || (size_t)length >= sizeof text)
                return false;
        crypto_shorthash_siphashx24((uint8_t *)key, (const uint8_t *)text, (unsigned long long)length,
                                    cache->secret);
        sodium_memzero(text, strcspn(text, "\n"));
        return true;
}

static struct place *place_of(struct answer_cache *cache, const struct answer_key *key)
{
        return &cache->places[key->halves[0] % ANSWER_PLACES];
}

static bool stamp_holds(const struct answer_stamp *kept, const struct answer_stamp *stamp)
{
        return kept->now == stamp->now && kept->status_version == stamp->status_version &&
               stamp->wall_ms >= kept->wall_ms && stamp->wall_ms - kept->wall_ms < ANSWER_LIFE_MS;
}

void *answer_cache_find(struct answer_cache *cache, const struct answer_stamp *stamp, const struct answer_key *key,
                        const struct route **route, size_t *bytes)
{
        const struct place *place = place_of(cache, key);

        if (!stamp_holds(&cache->stamp, stamp)) {
                cache_clear(cache);
                return NULL;
        }
        if (!place->answer || memcmp(&place->key, key, sizeof *key) != 0)
                return NULL;
        *route = place->route;
        *bytes = place->bytes;
        return place->answer;
}

void answer_cache_keep(struct answer_cache *cache, const struct answer_stamp *stamp, const struct answer_key *key,
                       const struct route *route, void *answer, size_t bytes)
{
        struct place *place = place_of(cache, key);

        if (!stamp_holds(&cache->stamp, stamp) || cache->bytes + bytes > ANSWER_BYTES_MOST)
                cache_clear(cache);
        if (cache->bytes ==
            0) { /* it may be of a stamp that is older than the newest: then the next look clears it */
                answer_stamp_fini(&cache->stamp);
                cache->stamp =
                        (struct answer_stamp){ shared_get(stamp->now), stamp->status_version, stamp->wall_ms };
        }
        if (bytes > ANSWER_BYTES_MOST) {
                cache->release(answer);
                return;
        }
        if (place->answer)
                cache->release(place->answer);
        *place = (struct place){ *key, route, answer, bytes };
        cache->bytes += bytes + 1;
}
