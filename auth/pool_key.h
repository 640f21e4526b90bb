/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The key that the storage nodes of one Gluster pool share: 256 random bits in a file that only its owner can
 * read. Whoever holds it can tell a member whom to let in (docs/member-protocol.md).
 *
 * The file is one line: "gatehouse-pool-key 1 " and 64 hexadecimal digits.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

#define POOL_KEY_BYTES 32

struct pool_key {
        uint8_t bytes[POOL_KEY_BYTES];
};

#define AUTO_POOL_KEY __attribute__((cleanup(pool_key_wipe)))
void pool_key_wipe(struct pool_key *key);

/* Makes a fresh key in a new file `path`, mode 0600, of `owner` ((uid_t)-1: the caller). CONFLICT when there is
 * one already; INTERNAL when it cannot be written. */
int pool_key_make(const char *path, uid_t owner, struct fault *fault);

/* FORBIDDEN when others than its owner may read it, or the owner is neither the caller nor root; INVALID when it
 * is no key; UNAVAILABLE when it cannot be read. */
int pool_key_read(const char *path, struct pool_key *key, struct fault *fault);
