/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is too large for a packet travels between processes as memory that nobody can change any more: a sealed
 * memfd. Any other file could change under its reader, or never answer.
 */
#pragma once

#include <stddef.h>

#include "base/fault.h"
#include "base/text.h"

/* A memfd that holds `length` bytes, sealed; `name` shows in /proc. Descriptor, which the caller closes, or
 * EXHAUSTED. */
int sealed_memory_make(const char *name, const void *bytes, size_t length, struct fault *fault);

/* Appends what `fd` holds to `text`. MALFORMED: it is not sealed against writing, growing and shrinking, or holds
 * more than `most` bytes. The place where the descriptor reads is left alone. */
int sealed_memory_read(int fd, size_t most, struct text *text, struct fault *fault);
