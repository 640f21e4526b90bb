/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SETVOLUME, the handshake of a brick with a client that mounts a directory: tells whether the brick's access list
 * lets this machine in. Nothing is mounted and no connection stays. A brick that is stopped in the middle of it
 * never answers in time, so it is for workers.
 */
#pragma once

#include "base/fault.h"
#include "domain/address.h"

struct brick_question {
        struct address address;
        uint16_t port;
        const char *brick_path;
        const char *volume;
        const char *subdir; /* "/a/b" */
        int64_t until_ms;   /* monotonic */
};

enum brick_answer {
        BRICK_UNKNOWN,  /* not reached in time, or it said something else */
        BRICK_CLOSED,   /* the connection was refused: by a packet filter, or because nobody listens */
        BRICK_REFUSED,  /* by the access list */
        BRICK_MISSING,  /* admitted, and there is no such directory */
        BRICK_ADMITTED, /* admitted, and the directory is there */
};

/* For UNKNOWN, CLOSED and REFUSED `why` has the cause. */
enum brick_answer brick_ask(const struct brick_question *question, struct fault *why);
