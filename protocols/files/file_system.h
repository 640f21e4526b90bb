/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a directory may be the root of a single storage. An NFS server hands out file handles, and whoever holds
 * one reaches any inode of the file system, so the wall round a storage is the file system: it must be mounted
 * there whole, and be no other's.
 */
#pragma once

#include "base/fault.h"

/* Opens `mount_root` (O_PATH) without following a link. Descriptor, or INVALID with the sentence: not an absolute
 * path, "/", not there, a link on the way, not a mount point, a part of a file system or that of "/", neither ext4
 * nor xfs, no file handles. */
int file_system_open(const char *mount_root, struct fault *fault);

/* Opens `mount_root` (O_PATH) without following a link, as anybody can; not whether it may be exported.
 * Descriptor, or UNAVAILABLE: not there, not to be reached, or nothing is mounted there. */
int file_system_find(const char *mount_root, struct fault *fault);
