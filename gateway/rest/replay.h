/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Idempotency-Key: the same request with the same key is made once, however often it is sent, and is answered what
 * it was answered at first. The reply is kept in the store, in the commit that it tells of, for REPLAY_KEPT_MS, be
 * the object gone meanwhile. Never a secret: whoever makes one keeps a reply without it.
 */
#pragma once

#include <stdint.h>

#include "domain/token.h"
#include "rest/request.h"
#include "store/writer.h"

struct json_t;
struct replays;

#define REPLAY_KEPT_MS (24 * 3600 * INT64_C(1000))
#define REPLAY_KEY_MOST 255
/* Of one principal; the oldest go first, and a request that comes again after that is made again. */
#define REPLAYS_KEPT_MOST 1000
/* Bytes of a body that is kept, more than POST /v1/apply can answer about what its 8 MiB name. What prune takes
 * away may go beyond; then no reply is kept, and the document is applied again, which changes nothing. */
#define REPLAY_BODY_MOST (16u * 1024 * 1024)
#define REPLAY_BODIES_MOST (64u * 1024 * 1024) /* bytes of all bodies of one principal: the oldest replies go */

struct replay {
        char id[2 * TOKEN_HASH_SIZE + 1]; /* of the reply_record; "" = no key was sent */
        uint8_t request_hash[TOKEN_HASH_SIZE];
        struct replays *running; /* where it is listed while it is under way, or NULL */
        struct replay *next;
};

/* The keys whose requests are under way; of one server, all its listeners. */
struct replays *replays_new(void);
void replays_free(struct replays *replays);

/* Adds a violation unless the request's key, if there is one, has 1 to REPLAY_KEY_MOST visible ASCII characters.
 */
void replay_check_key(const struct request *request, struct violations *violations);

/* Starts `replay` (zeroed) for the request's key and body. Keys of two principals never meet. `body` is compared
 * as JSON: blanks and the order of members do not count; method and path do. False: the reply is set, and that is
 * the one that was kept; or 422 for another request than the key came with, or 409 while that is under way. Of a
 * dry run, and without a key, nothing is kept or found. */
bool replay_start(struct request *request, struct replay *replay, const struct json_t *body);

/* The request is under way no more: what it has committed answers the key. To be called before `replay` goes. */
void replay_end(struct replay *replay);

/* Whether the reply is to be kept: a key was sent. */
static inline bool replay_is_wanted(const struct replay *replay)
{
        return replay->id[0] != '\0';
}

/* For prepare: keeps the reply in the same commit. `body` is borrowed; `location` may be NULL, and `revision` 0
 * when there is no entity tag. Lets go of what is too old, or too much. */
void replay_keep(const struct replay *replay, struct write *write, int status, const char *location,
                 uint64_t revision, const struct json_t *body);
