/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is mounted, as the kernel tells (proc_pid_mountinfo(5)). The table is read once and again after it has
 * changed: the kernel says so to who polls the file, for mounts and unmounts of this process's mount namespace.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/export.h"

struct mount_line {
        char root[EXPORT_PATH_MAX + 1]; /* the directory of the file system that is mounted */
        char type[64];                  /* of the file system: "ext4" */
};

/* The mount with this id (statx(2), stx_mnt_id), which the caller holds a descriptor on, so that the id is not
 * given to another meanwhile. False: there is none, or nobody can say. Thread-safe. */
bool mount_table_find(uint64_t id, struct mount_line *found);
