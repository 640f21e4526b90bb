/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam to the directories of storages: what is at a path, and making one. One of those in domain/seams.h,
 * which includes this.
 */
#pragma once

#include "base/fault.h"
#include "domain/storage.h"

/* What is at a path of a storage. */
enum path_kind {
        /* Nothing there, or a directory of ours that is half made; every component before it that exists is a
         * directory. */
        PATH_ABSENT,
        PATH_DIRECTORY,
        PATH_LINK,  /* the path, or a component on the way, is a symbolic link */
        PATH_OTHER, /* the path, or a component on the way, is a file or something else */
};
struct path_seen {
        enum path_kind kind;
        char at[EXPORT_PATH_MAX + 1]; /* for LINK and OTHER: the component that is one */
};

/* How the last directory of a path shall be, should it have to be made. */
struct directory_wish {
        uint32_t uid, gid;
        uint16_t mode; /* at most 07777 */
};

/* One of the paths that a call is about. */
struct path_item {
        const char *path; /* borrowed */
        struct directory_wish wish;
        struct path_seen seen; /* the answer, when `fault` is none */
        struct fault fault;    /* zeroed before: what stands in the way of this path, whatever became of others */
};

/* How many paths of a storage are given to one call: what waits goes together where a call is dear (a process, and
 * round trips to every brick). The helper takes one at a time, so that one that hangs has nobody behind it. */
#define STORAGE_PATHS_MAX 64
static inline size_t storage_paths_together(const struct storage *storage)
{
        return storage->kind == STORAGE_CLUSTER ? STORAGE_PATHS_MAX : 1;
}

/* How much room there is, as statvfs(3) tells. `available` is what users may still use: the rest is kept for root.
 * A file system that has no fixed number of inodes tells 0 of 0. */
struct storage_capacity {
        uint64_t bytes_total, bytes_available;
        uint64_t inodes_total, inodes_available;
};

/* The directories of a storage: gfapi in a worker for a cluster, the helper for a single storage. Thread-safe;
 * each call is for 1..STORAGE_PATHS_MAX paths and takes at most deadline_ms. Each path has an outcome of its own:
 * one that hangs is TIMEOUT alone, a second after the others at the latest. UNAVAILABLE and TIMEOUT: nobody could
 * say. */
struct storage_files {
        void (*inspect)(void *context, const struct storage *storage, struct path_item *items, size_t count,
                        int deadline_ms);
        /* Makes each path and what is missing on the way (those 0755, root); gives the last one owner and mode. An
         * existing directory is left as it is. Links on the way: INVALID. Idempotent. */
        void (*make_directories)(void *context, const struct storage *storage, struct path_item *items,
                                 size_t count, int deadline_ms);
        /* single: whether mount_root is a file system of its own that can be exported (file handles). INVALID
         * with the sentence when it is not. cluster: 0. */
        int (*check_storage)(void *context, const struct storage *storage, int deadline_ms, struct fault *fault);
        /* cluster: of the volume, by gfapi; single: of the file system at mount_root, in a worker of its own, so
         * that one that hangs costs that worker. UNAVAILABLE, with the sentence, when nothing is mounted there. */
        int (*capacity)(void *context, const struct storage *storage, int deadline_ms,
                        struct storage_capacity *capacity, struct fault *fault);
        void *context;
};
