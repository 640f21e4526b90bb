/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whole messages through a member_channel over a connected TCP socket, each by a moment of the
 * monotonic clock. Used by both sides of member_link.h.
 *
 * Faults: UNAVAILABLE (the other side is gone), TIMEOUT, FORBIDDEN (not sealed by it), MALFORMED, TOO_LARGE.
 */
#pragma once

#include "auth/member_channel.h"
#include "base/message.h"

struct member_stream {
        int socket; /* -1 = none */
        struct member_channel *channel;
};

/* Ends the connection, wipes the channel. */
void member_stream_close(struct member_stream *stream);

/* Agrees on keys: the decider speaks first. */
int member_stream_call(struct member_stream *stream, int64_t until_ms, struct fault *fault);
int member_stream_answer(struct member_stream *stream, int64_t until_ms, struct fault *fault);

int member_stream_send(struct member_stream *stream, const struct message *message, int64_t until_ms,
                       struct fault *fault);

/* Waits until `idle_until_ms` for the first byte, then takes PATIENCE_MS at most for the rest. `message` is
 * initialised by the caller. */
#define MEMBER_PATIENCE_MS 5000
int member_stream_receive(struct member_stream *stream, struct message *message, int64_t idle_until_ms,
                          struct fault *fault);
