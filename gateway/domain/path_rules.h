/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a path may be, on the storage and on the client. Pure; the world is not asked.
 */
#pragma once

#include <stdbool.h>

#include "domain/violation.h"

#define PATH_MAX_BYTES 1023
#define PATH_COMPONENT_MAX_BYTES 255

/* Checks a storage path: absolute, canonical ("/", or "/a/b": no empty, "." or ".." component, no trailing
 * slash), UTF-8, no control character (C0, DEL, C1), no double quote, no backslash, at most PATH_MAX_BYTES,
 * components at most PATH_COMPONENT_MAX_BYTES. Names of Gatehouse's own (first component beginning with
 * ".gatehouse") and ".glusterfs" are refused. Each violation is added under `pointer`. */
void path_check_storage(const char *path, const char *pointer, struct violations *violations);

/* Checks a mount path on the client: the same form; not "/", not one of the platform's forbidden paths
 * (path_forbidden_trees: the path or anything below; path_forbidden_exact: the path itself). */
void path_check_mount(const char *path, const char *pointer, struct violations *violations);

/* NULL-terminated lists that path_check_mount uses. Source: the platform's documentation of mount points. */
extern const char *const path_forbidden_trees[]; /* /proc /dev /sys /run */
extern const char *const path_forbidden_exact[]; /* / /bin /lib /lib32 /lib64 /usr /usr/bin ... */

/* Whether `inner` is `outer` or lies below it, on a component boundary. Both canonical. */
bool path_is_within(const char *inner, const char *outer);

/* Whether the path keeps to [A-Za-z0-9._/-]: what a volfile and an access list can carry, since glusterfs
 * executes backticks in a volfile and the lists have no escape. */
bool path_is_gluster_expressible(const char *path);

/* Whether mount.glusterfs can mount there: it uses the mount point unquoted, in `[ ]` and as words of a command,
 * and by echo, which takes backslashes apart (glusterfs 10.3, xlators/mount/fuse/utils/mount.glusterfs.in). */
bool path_is_gluster_mountable(const char *mount_path);
