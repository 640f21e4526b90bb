/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Certificates for tests, made while they run: each is for 127.0.0.1 and its own authority.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes `path` anew, with exactly this mode. */
void certificate_file_write(const char *path, const void *bytes, size_t length, mode_t mode);

/* Writes a certificate to `path` and its key to `path`.key; valid from and until so many seconds from now. Each
 * has another name. */
void certificate_make(const char *path, int64_t from_s, int64_t until_s);
