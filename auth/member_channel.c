/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/member_channel.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

#include "base/memory.h"

#define VERSION "GHMEMB02"
#define VERSION_SIZE 8
#define PUBLIC_SIZE crypto_scalarmult_BYTES
#define PROOF_SIZE 32
#define HEAD_SIZE crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define SEAL_SIZE crypto_secretstream_xchacha20poly1305_ABYTES
#define STREAM_KEY_SIZE crypto_secretstream_xchacha20poly1305_KEYBYTES

_Static_assert(MEMBER_HELLO_SIZE == VERSION_SIZE + PUBLIC_SIZE + PROOF_SIZE, "a hello is these three");
_Static_assert(MEMBER_WELCOME_SIZE == PUBLIC_SIZE + HEAD_SIZE + PROOF_SIZE, "a welcome is these three");
_Static_assert(MEMBER_FINISH_SIZE == HEAD_SIZE, "the finish is the head of a stream");
_Static_assert(MEMBER_FRAME_SEALED == MEMBER_FRAME_PLAIN + SEAL_SIZE, "what sealing adds");
_Static_assert(POOL_KEY_BYTES == crypto_kdf_KEYBYTES, "keys are derived from the pool key");

/* What a derived key is for; no two uses share one, so that nothing said by one side can be said back to it. */
enum purpose { PROOF_OF_DECIDER = 1, PROOF_OF_MEMBER = 2, KEYS_OF_SESSION = 3 };

struct member_channel {
        uint8_t pool_key[POOL_KEY_BYTES];
        uint8_t own_secret[crypto_scalarmult_SCALARBYTES];
        uint8_t hello[MEMBER_HELLO_SIZE]; /* as it was said */
        uint8_t in_key[STREAM_KEY_SIZE];
        crypto_secretstream_xchacha20poly1305_state out, in;
};

struct member_channel *member_channel_new(const struct pool_key *key)
{
        struct member_channel *channel = NEW(struct member_channel);

        if (sodium_init() < 0)
                abort(); /* no random source: nothing that this channel promises can be kept */
        memcpy(channel->pool_key, key->bytes, sizeof channel->pool_key);
        return channel;
}

void member_channel_free(struct member_channel *channel)
{
        if (!channel)
                return;
        sodium_memzero(channel, sizeof *channel);
        free(channel);
}

/* A keyed hash of two pieces, under a key that serves this purpose alone. */
static void hash_of(const struct member_channel *channel, enum purpose purpose, const uint8_t *first,
                    size_t first_length, const uint8_t *second, size_t second_length, uint8_t *hash,
                    size_t hash_length)
{
        uint8_t key[crypto_generichash_KEYBYTES];
        crypto_generichash_state state;

        crypto_kdf_derive_from_key(key, sizeof key, purpose, "ghmember", channel->pool_key);
        crypto_generichash_init(&state, key, sizeof key, hash_length);
        crypto_generichash_update(&state, first, first_length);
        crypto_generichash_update(&state, second, second_length);
        crypto_generichash_final(&state, hash, hash_length);
        sodium_memzero(key, sizeof key);
        sodium_memzero(&state, sizeof state);
}

static void own_key_make(struct member_channel *channel, uint8_t public_key[PUBLIC_SIZE])
{
        randombytes_buf(channel->own_secret, sizeof channel->own_secret);
        crypto_scalarmult_base(public_key, channel->own_secret);
}

void member_channel_hello(struct member_channel *channel, uint8_t hello[MEMBER_HELLO_SIZE])
{
        memcpy(hello, VERSION, VERSION_SIZE);
        own_key_make(channel, hello + VERSION_SIZE);
        hash_of(channel, PROOF_OF_DECIDER, hello, VERSION_SIZE + PUBLIC_SIZE, NULL, 0,
                hello + VERSION_SIZE + PUBLIC_SIZE, PROOF_SIZE);
        memcpy(channel->hello, hello, MEMBER_HELLO_SIZE);
}

/* The two keys of the session, the decider's to speak with first: from the pool key, both public keys and the
 * secret that only the holders of their other halves have. */
static int keys_make(struct member_channel *channel, const uint8_t *peer_public, const uint8_t *welcome_public,
                     uint8_t keys[2 * STREAM_KEY_SIZE], struct fault *fault)
{
        uint8_t secret[crypto_scalarmult_BYTES + PUBLIC_SIZE];
        bool made = crypto_scalarmult(secret, channel->own_secret, peer_public) == 0;

        sodium_memzero(channel->own_secret, sizeof channel->own_secret);
        memcpy(secret + crypto_scalarmult_BYTES, welcome_public, PUBLIC_SIZE);
        if (made)
                hash_of(channel, KEYS_OF_SESSION, channel->hello, sizeof channel->hello, secret, sizeof secret,
                        keys, 2 * STREAM_KEY_SIZE);
        sodium_memzero(secret, sizeof secret);
        return made ? 0 : fault_set(fault, FAULT_FORBIDDEN, "agree on keys: the other side's public key is none");
}

int member_channel_welcome(struct member_channel *channel, const uint8_t hello[MEMBER_HELLO_SIZE],
                           uint8_t welcome[MEMBER_WELCOME_SIZE], struct fault *fault)
{
        uint8_t proof[PROOF_SIZE], keys[2 * STREAM_KEY_SIZE];
        const uint8_t *said = hello + VERSION_SIZE + PUBLIC_SIZE;

        hash_of(channel, PROOF_OF_DECIDER, hello, VERSION_SIZE + PUBLIC_SIZE, NULL, 0, proof, sizeof proof);
        if (sodium_memcmp(proof, said, sizeof proof) != 0 || memcmp(hello, VERSION, VERSION_SIZE) != 0)
                return fault_set(fault, FAULT_FORBIDDEN, "welcome the decider: it does not hold the pool key");
        memcpy(channel->hello, hello, MEMBER_HELLO_SIZE);
        own_key_make(channel, welcome);
        int failed = keys_make(channel, hello + VERSION_SIZE, welcome, keys, fault);
        if (failed)
                return failed;
        memcpy(channel->in_key, keys, STREAM_KEY_SIZE);
        crypto_secretstream_xchacha20poly1305_init_push(&channel->out, welcome + PUBLIC_SIZE,
                                                        keys + STREAM_KEY_SIZE);
        sodium_memzero(keys, sizeof keys);
        hash_of(channel, PROOF_OF_MEMBER, hello, MEMBER_HELLO_SIZE, welcome, PUBLIC_SIZE + HEAD_SIZE,
                welcome + PUBLIC_SIZE + HEAD_SIZE, PROOF_SIZE);
        return 0;
}

int member_channel_finish(struct member_channel *channel, const uint8_t welcome[MEMBER_WELCOME_SIZE],
                          uint8_t finish[MEMBER_FINISH_SIZE], struct fault *fault)
{
        uint8_t proof[PROOF_SIZE], keys[2 * STREAM_KEY_SIZE];

        hash_of(channel, PROOF_OF_MEMBER, channel->hello, sizeof channel->hello, welcome, PUBLIC_SIZE + HEAD_SIZE,
                proof, sizeof proof);
        if (sodium_memcmp(proof, welcome + PUBLIC_SIZE + HEAD_SIZE, sizeof proof) != 0)
                return fault_set(fault, FAULT_FORBIDDEN, "trust the member: it does not hold the pool key");
        int failed = keys_make(channel, welcome, welcome, keys, fault);
        if (failed)
                return failed;
        crypto_secretstream_xchacha20poly1305_init_push(&channel->out, finish, keys);
        int wrong = crypto_secretstream_xchacha20poly1305_init_pull(&channel->in, welcome + PUBLIC_SIZE,
                                                                    keys + STREAM_KEY_SIZE);
        sodium_memzero(keys, sizeof keys);
        return wrong ? fault_set(fault, FAULT_FORBIDDEN, "trust the member: the head of its stream is none") : 0;
}

int member_channel_begin(struct member_channel *channel, const uint8_t finish[MEMBER_FINISH_SIZE],
                         struct fault *fault)
{
        int wrong = crypto_secretstream_xchacha20poly1305_init_pull(&channel->in, finish, channel->in_key);

        sodium_memzero(channel->in_key, sizeof channel->in_key);
        return wrong ? fault_set(fault, FAULT_FORBIDDEN, "hear the decider: the head of its stream is none") : 0;
}

/* The length is sealed along with the bytes, so that a head that was changed shows. */
static void frame_seal(struct member_channel *channel, const uint8_t *bytes, size_t length, bool last,
                       struct text *out)
{
        uint8_t frame[MEMBER_FRAME_HEAD + MEMBER_FRAME_SEALED];
        uint32_t head = htonl((uint32_t)(length + SEAL_SIZE));
        unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_PUSH
                                 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;

        memcpy(frame, &head, sizeof head);
        crypto_secretstream_xchacha20poly1305_push(&channel->out, frame + MEMBER_FRAME_HEAD, NULL, bytes, length,
                                                   frame, MEMBER_FRAME_HEAD, tag);
        text_add_bytes(out, frame, MEMBER_FRAME_HEAD + length + SEAL_SIZE);
}

void member_channel_seal(struct member_channel *channel, const void *bytes, size_t length, struct text *out)
{
        const uint8_t *at = bytes;

        while (length > MEMBER_FRAME_PLAIN) {
                frame_seal(channel, at, MEMBER_FRAME_PLAIN, false, out);
                at += MEMBER_FRAME_PLAIN;
                length -= MEMBER_FRAME_PLAIN;
        }
        frame_seal(channel, at, length, true, out);
}

size_t member_frame_length(const uint8_t head[MEMBER_FRAME_HEAD])
{
        uint32_t length;

        memcpy(&length, head, sizeof length);
        length = ntohl(length);
        return length >= SEAL_SIZE && length <= MEMBER_FRAME_SEALED ? length : 0;
}

int member_channel_open(struct member_channel *channel, const uint8_t *sealed, size_t length, struct text *out,
                        bool *last, struct fault *fault)
{
        uint8_t plain[MEMBER_FRAME_PLAIN];
        uint32_t head = htonl((uint32_t)length);
        unsigned long long plain_length = 0;
        unsigned char tag = 0;

        if (length < SEAL_SIZE || length > MEMBER_FRAME_SEALED ||
            crypto_secretstream_xchacha20poly1305_pull(&channel->in, plain, &plain_length, &tag, sealed, length,
                                                       (const uint8_t *)&head, sizeof head) != 0)
                return fault_set(fault, FAULT_FORBIDDEN, "open a frame: it is not the next one of this session");
        text_add_bytes(out, plain, (size_t)plain_length);
        *last = tag == crypto_secretstream_xchacha20poly1305_TAG_PUSH;
        return 0;
}
