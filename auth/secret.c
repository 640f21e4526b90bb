/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/secret.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 32
#define SECRET_PREFIX "gh_"
#define SECRET_PREFIX_LENGTH (sizeof SECRET_PREFIX - 1)
#define SECRET_LENGTH (SECRET_TEXT_SIZE - 1)
/* RFC 4648, section 5 */
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_Static_assert(crypto_hash_sha256_BYTES == TOKEN_HASH_SIZE, "a token's hash is a SHA-256");
_Static_assert(sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING) +
                               SECRET_PREFIX_LENGTH ==
                       SECRET_TEXT_SIZE,
               "32 bytes are 43 characters");

void digest_bytes(const void *bytes, size_t length, uint8_t hash[TOKEN_HASH_SIZE])
{
        crypto_hash_sha256(hash, bytes, length);
}

void secret_make(char text[SECRET_TEXT_SIZE], uint8_t hash[TOKEN_HASH_SIZE])
{
        unsigned char bytes[SECRET_BYTES];

        if (sodium_init() < 0)
                abort(); /* no random source: nothing that this program promises can be kept */
        randombytes_buf(bytes, sizeof bytes);
        memcpy(text, SECRET_PREFIX, SECRET_PREFIX_LENGTH);
        sodium_bin2base64(text + SECRET_PREFIX_LENGTH, SECRET_TEXT_SIZE - SECRET_PREFIX_LENGTH, bytes,
                          sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        sodium_memzero(bytes, sizeof bytes);
        digest_bytes(text, SECRET_LENGTH, hash);
}

bool secret_hash(const char *text, uint8_t hash[TOKEN_HASH_SIZE])
{
        char padded[SECRET_TEXT_SIZE] = "";
        size_t length = strnlen(text, SECRET_TEXT_SIZE);
        bool formed = length == SECRET_LENGTH && memcmp(text, SECRET_PREFIX, SECRET_PREFIX_LENGTH) == 0 &&
                      strspn(text + SECRET_PREFIX_LENGTH, BASE64URL) == SECRET_LENGTH - SECRET_PREFIX_LENGTH;

        /* Hashed either way, and always as many bytes: what is wrong with a text does not show in the time. */
        memcpy(padded, text, length < SECRET_LENGTH ? length : SECRET_LENGTH);
        digest_bytes(padded, SECRET_LENGTH, hash);
        sodium_memzero(padded, sizeof padded);
        return formed;
}
