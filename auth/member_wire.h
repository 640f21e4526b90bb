/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a message of base/message.h, with the memory that travels along with it, becomes bytes for another machine
 * and back. Pure. All numbers in network order:
 *
 *     act u16, fault u16, has memory u8 (0 or 1), length of the body u32, body, then the memory to the end
 */
#pragma once

#include "base/message.h"
#include "base/text.h"

/* Bytes of one message, memory included: 262,144 records of the packet filter are 4.5 MiB, a list 1 MiB. */
#define MEMBER_MESSAGE_MAX (8 * 1024 * 1024)

/* Appends `message` to `out`. MALFORMED or TOO_LARGE: a field did not fit, or the memory along with it is none. */
int member_wire_print(const struct message *message, struct text *out, struct fault *fault);

/* Parses into an initialised `message` (old contents are dropped); what came as memory is sealed memory again.
 * MALFORMED: not printed by member_wire_print. */
int member_wire_parse(const void *bytes, size_t length, struct message *message, struct fault *fault);
