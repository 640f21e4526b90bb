/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bearer token secrets: "gh_" and 43 characters of base64url = 256 random bits. Only the SHA-256 is stored.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/token.h"

#define SECRET_TEXT_SIZE 47 /* "gh_", 43 characters, NUL */

/* Makes a fresh secret from the kernel's random source and its hash. */
void secret_make(char text[SECRET_TEXT_SIZE], uint8_t hash[TOKEN_HASH_SIZE]);

/* The hash of `text`; false when it has not the form of a secret (`hash` is then of no use). Takes the same time
 * for any text. */
bool secret_hash(const char *text, uint8_t hash[TOKEN_HASH_SIZE]);

/* SHA-256 of any bytes, for idempotency keys and request bodies. */
void digest_bytes(const void *bytes, size_t length, uint8_t hash[TOKEN_HASH_SIZE]);
