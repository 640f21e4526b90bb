/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The directories of a single storage: a local file system of its own, mounted at the storage's mount_root. The
 * daemon's side (local_files.c) asks; the acts (local_files_acts.c) run in the helper, which trusts nothing it is
 * told: each act first finds the file system exportable, then stays below its root, on it, and follows no link.
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"
#include "protocols/files/directory_wire.h"

/* As volume_files_inspect, below `mount_root`. INVALID also when mount_root cannot be exported. */
int local_files_inspect(const struct act_caller *helper, const char *mount_root, const char *path, int deadline_ms,
                        struct path_seen *seen, struct fault *fault);

/* Makes `path`: parents 0755 root, the last with owner and mode (at most 07777). An existing directory is left as
 * it is. INVALID when a link or something else is on the way, naming the component. */
int local_files_make_directory(const struct act_caller *helper, const char *mount_root, const char *path,
                               const struct directory_wish *wish, int deadline_ms, struct fault *fault);

/* INVALID with a sentence unless mount_root is the root of an ext4 or xfs file system mounted there, not the one
 * that "/" is on, that gives out file handles. */
int local_files_check(const struct act_caller *helper, const char *mount_root, int deadline_ms,
                      struct fault *fault);

/* How much room the file system mounted at mount_root has. Asked of a worker, since statvfs waits without end for
 * a disk that does not answer. UNAVAILABLE when nothing is mounted there, or the worker may not go there. */
int local_files_capacity(const struct act_caller *worker, const char *mount_root, int deadline_ms,
                         struct storage_capacity *capacity, struct fault *fault);

/* The worker's act (local_room_act.c), closed by a row without `run`; no context. */
extern const struct act local_room_acts[];

/* The helper's acts, closed by a row without `run`; no context. */
extern const struct act files_acts[];
