/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A number that only grows and outlives its process: the newest revision of the store that a member of the pool
 * has obeyed. One line in a file of its own, "gatehouse-mark 1 " and the number.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"

/* No file: 0. MALFORMED or INTERNAL when there is one and it cannot be read. */
int mark_read(const char *path, uint64_t *number, struct fault *fault);

/* All or nothing, and through to the disk. */
int mark_write(const char *path, uint64_t number, struct fault *fault);
