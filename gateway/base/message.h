/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the daemon and its privileged helper, and the daemon and its workers, say to each other: one packet on
 * a SOCK_SEQPACKET Unix socket, holding the number of an act and typed fields in a fixed order. No JSON, no
 * strings to be interpreted: a reader asks for exactly the fields that the act declares and refuses the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define MESSAGE_BODY_MAX 65536 /* bytes of fields in one packet; larger data travels as a file descriptor */

struct message {
        uint16_t act;        /* request: which act; reply: the same number */
        uint16_t fault_code; /* reply: 0 or enum fault_code; then the body is one string, the text */
        bool broken;         /* sticky: a field was put that did not fit, or taken that was not there */
        int fd;              /* one descriptor that travels along, or -1; closed by message_fini */
        size_t length;       /* bytes of body */
        size_t at;           /* where the next take begins */
        unsigned char *body; /* owned */
};

#define AUTO_MESSAGE __attribute__((cleanup(message_fini)))

void message_init(struct message *message, uint16_t act);
void message_fini(struct message *message);

/* Appending. Each field carries its type, so that a reader of another version notices. */
void message_put_u64(struct message *message, uint64_t value);
void message_put_bytes(struct message *message, const void *bytes, size_t length);
void message_put_text(struct message *message, const char *text); /* NULL is sent as "" */

/* Taking, in the order of putting. A field that is absent, of another type or too long sets `broken` and
 * gives 0, NULL or "". Borrowed results live as long as the message. */
uint64_t message_take_u64(struct message *message);
const void *message_take_bytes(struct message *message, size_t *length);
/* `most` = longest allowed in bytes; embedded NUL is refused. */
const char *message_take_text(struct message *message, size_t most);

/* True when nothing was broken and every field has been taken: ask after the last take. */
bool message_is_consumed(const struct message *message);

/* Sends one packet (and the descriptor, which stays the caller's). Faults: UNAVAILABLE when the peer is gone,
 * TOO_LARGE when a field did not fit. */
int message_send(int socket, const struct message *message, struct fault *fault);

/* Receives one packet into an initialised message (old contents are dropped). deadline_ms = how long to wait,
 * -1 = for ever. Faults: TIMEOUT, UNAVAILABLE (peer closed), MALFORMED (not a packet of ours). */
int message_receive(int socket, struct message *message, int deadline_ms, struct fault *fault);
