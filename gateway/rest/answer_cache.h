/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Answers to GETs that were made from memory alone, kept to be given again while nothing that they were made of
 * has changed. Owned by one listener and used in its event thread only, so it has no lock. All answers in it were
 * made under one stamp - the newest snapshot and what the servers were seen to hold - and within ANSWER_LIFE_MS,
 * for what the clock alone changes (an export or a token that expires); with another stamp it is empty. Keys are
 * hashes under a key of its own, so that no token stands in memory here and nobody can choose keys that meet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reconcile/status.h"
#include "store/writer.h"

#define ANSWER_LIFE_MS 100
#define ANSWER_PLACES 4096                    /* a later answer takes the place of one whose key ends alike */
#define ANSWER_BYTES_MOST (16u * 1024 * 1024) /* of all bodies; then it starts anew */

struct answer_cache;
struct route;

/* What an answer was made of; valid while its holder has the snapshot. */
struct answer_stamp {
        const struct snapshot *now;
        uint64_t status_version;
        int64_t wall_ms;
};

/* The stamp of this moment, to be taken before an answer is made. Caller drops it with answer_stamp_fini. */
void answer_stamp_take(struct answer_stamp *stamp, struct writer *writer, struct status *status,
                       const struct clock *clock);
#define AUTO_STAMP __attribute__((cleanup(answer_stamp_fini)))
void answer_stamp_fini(struct answer_stamp *stamp);

struct answer_key {
        uint64_t halves[2];
};

/* An empty cache; `release` lets go of what was kept. */
struct answer_cache *answer_cache_new(void (*release)(void *answer));
void answer_cache_free(struct answer_cache *cache);

/* The key of who asks for what: the target and the Authorization field, each as it was sent. False when they are
 * longer than ANSWER_KEY_MOST bytes: such requests are not kept. */
#define ANSWER_KEY_MOST 1024
bool answer_key_make(const struct answer_cache *cache, const char *target, const char *authorization,
                     struct answer_key *key);

/* The answer that was kept for `key` and still holds at `stamp`, with the route that made it and its bytes; or
 * NULL. Borrowed until the next call. */
void *answer_cache_find(struct answer_cache *cache, const struct answer_stamp *stamp, const struct answer_key *key,
                        const struct route **route, size_t *bytes);

/* Keeps `answer` (taken, also when it is not kept) of `bytes`, which was made after `stamp` was taken. */
void answer_cache_keep(struct answer_cache *cache, const struct answer_stamp *stamp, const struct answer_key *key,
                       const struct route *route, void *answer, size_t bytes);
