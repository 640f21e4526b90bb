/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Idempotency-Key: the same create with the same key answers the same export, however often it is sent. What a
 * key was answered with is kept in the store, in the commit that made the export, for at least REPLAY_KEPT_MS.
 */
#pragma once

#include <stdint.h>

#include "auth/principal.h"
#include "domain/export.h"
#include "domain/violation.h"
#include "store/writer.h"

struct json_t;

#define REPLAY_KEPT_MS (48 * 3600 * INT64_C(1000))
#define REPLAY_KEY_MOST 255

struct replay {
        char id[2 * TOKEN_HASH_SIZE + 1]; /* of the reply_record; "" = no key was sent */
        uint8_t request_hash[TOKEN_HASH_SIZE];
};

/* A key (NULL = none) of other than 1 to REPLAY_KEY_MOST visible ASCII characters is a violation. */
void replay_check_key(const char *key, struct violations *violations);

/* Starts `replay` for `key` (NULL = none) of `principal`; keys of two principals never meet. `body` is compared as
 * JSON: blanks and the order of members do not count. */
void replay_start(struct replay *replay, const struct principal *principal, const char *key,
                  const struct json_t *body);

/* Looks the key up: *before is the export that it was answered with, NULL when the key is new. INVALID when it
 * came with another body, CONFLICT when its export has been deleted. */
int replay_find(const struct replay *replay, const struct snapshot *now, const struct export **before,
                struct violations *violations, struct fault *fault);

/* Keeps that the key was answered with `export`, in the same commit; lets go of some old ones. */
void replay_keep(const struct replay *replay, struct write *write, const struct export *export);
