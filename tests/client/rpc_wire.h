/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the RPC clients of the tests that try to break in share: a connection with patience, and the next reply on
 * it (RFC 5531). They end with one of these codes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum outcome {
        OUTCOME_OK = 0,
        OUTCOME_FAILED = 1,
        OUTCOME_USAGE = 2,
        OUTCOME_REFUSED = 10, /* the server answered no */
        OUTCOME_UNREACHABLE = 20,
        OUTCOME_NO_ANSWER = 21,
};

#define LAST_FRAGMENT 0x80000000u /* RFC 5531, 11 */
#define REPLY_WORDS 6             /* of an accepted call with AUTH_NONE, before the results */
#define RECORD_MAX (1 << 20)

/* An answer without its record mark. */
struct record {
        unsigned char bytes[RECORD_MAX];
        size_t length;
};

/* The word of that index, in host order; 0 beyond the end. */
uint32_t word_at(const struct record *record, size_t index);

/* A connection over TCP that waits 10 s for anything; -1 when none comes about. */
int server_connect(const char *host, const char *port);

/* The next record of one fragment that is a reply; GlusterFS also makes calls of its own. UNREACHABLE: cut off. */
enum outcome reply_take(int fd, struct record *record);
