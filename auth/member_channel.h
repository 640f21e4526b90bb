/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The secret channel between the deciding storage node and a member of its pool, without its sockets: three small
 * records make fresh keys out of the pool key, frames are sealed with them. docs/member-protocol.md draws it.
 * Nothing that is not authentic makes it allocate, and nobody without the pool key is answered.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/pool_key.h"
#include "base/text.h"

struct member_channel;

/* Copies the key; no more of it is needed. */
struct member_channel *member_channel_new(const struct pool_key *key);
/* Wipes what is secret; NULL is fine. */
void member_channel_free(struct member_channel *channel);

#define MEMBER_HELLO_SIZE 72   /* decider: 8 bytes of version, 32 of a fresh public key, 32 of proof */
#define MEMBER_WELCOME_SIZE 88 /* member: 32 of a fresh public key, 24 of a stream's head, 32 of proof */
#define MEMBER_FINISH_SIZE 24  /* decider: its stream's head; the first frame is the proof */

/* The decider's first word. */
void member_channel_hello(struct member_channel *channel, uint8_t hello[MEMBER_HELLO_SIZE]);

/* The member's answer to it. FORBIDDEN: who said it does not hold the key, or it was not said to a member. */
int member_channel_welcome(struct member_channel *channel, const uint8_t hello[MEMBER_HELLO_SIZE],
                           uint8_t welcome[MEMBER_WELCOME_SIZE], struct fault *fault);

/* The decider's answer to that. FORBIDDEN: the other side does not hold the key, or did not answer this hello. */
int member_channel_finish(struct member_channel *channel, const uint8_t welcome[MEMBER_WELCOME_SIZE],
                          uint8_t finish[MEMBER_FINISH_SIZE], struct fault *fault);

/* The member takes it. What it is worth shows with the first frame: a hello that was recorded leads to keys that
 * nobody has. */
int member_channel_begin(struct member_channel *channel, const uint8_t finish[MEMBER_FINISH_SIZE],
                         struct fault *fault);

/* A frame: 4 bytes of length (network order) of what follows, then the sealed bytes. */
#define MEMBER_FRAME_HEAD 4
#define MEMBER_FRAME_PLAIN 65536
#define MEMBER_FRAME_SEALED (MEMBER_FRAME_PLAIN + 17)

/* Appends `bytes` to `out` as frames; the last of them says so. */
void member_channel_seal(struct member_channel *channel, const void *bytes, size_t length, struct text *out);

/* How many sealed bytes follow this head; 0 = it is none. */
size_t member_frame_length(const uint8_t head[MEMBER_FRAME_HEAD]);

/* Opens one frame and appends its bytes to `out`; *last when it ends what was sealed together. FORBIDDEN when it
 * was not sealed by the other side, in this session, as the next frame. */
int member_channel_open(struct member_channel *channel, const uint8_t *sealed, size_t length, struct text *out,
                        bool *last, struct fault *fault);
