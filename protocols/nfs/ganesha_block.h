/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The files in which EXPORT blocks are handed over to NFS-Ganesha, which takes a path, not a text.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

/* "<folder>/export-<number>.conf". A file of its own for each export: a call that timed out may still be waiting
 * in the server, and must then find either the newest block of this very export or nothing. Caller frees. */
char *ganesha_block_path(const char *folder, uint16_t number);

/* Makes `folder` when it is missing (0700) and puts `block` at `path` in it (0600), by renaming, because half a
 * block would end the server. INTERNAL when it cannot be written. */
int ganesha_block_write(const char *folder, const char *path, const struct text *block, struct fault *fault);
