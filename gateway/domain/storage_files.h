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
        PATH_ABSENT, /* nothing there; every component before it that exists is a directory */
        PATH_DIRECTORY,
        PATH_LINK,  /* the path, or a component on the way, is a symbolic link */
        PATH_OTHER, /* the path, or a component on the way, is a file or something else */
};
struct path_seen {
        enum path_kind kind;
        char at[EXPORT_PATH_MAX + 1]; /* for LINK and OTHER: the component that is one */
};

/* The directories of a storage: gfapi in a worker for a cluster, the helper for a single storage. Thread-safe;
 * each call takes at most deadline_ms. UNAVAILABLE and TIMEOUT: nobody could say. */
struct storage_files {
        int (*inspect)(void *context, const struct storage *storage, const char *path, int deadline_ms,
                       struct path_seen *seen, struct fault *fault);
        /* Makes `path` and what is missing on the way (those 0755, root); gives the last one owner and mode. An
         * existing directory is left as it is. Links on the way: INVALID. Idempotent. */
        int (*make_directory)(void *context, const struct storage *storage, const char *path, uint32_t uid,
                              uint32_t gid, uint16_t mode, int deadline_ms, struct fault *fault);
        /* single: whether mount_root is a file system of its own that can be exported (file handles). INVALID
         * with the sentence when it is not. cluster: 0. */
        int (*check_storage)(void *context, const struct storage *storage, int deadline_ms, struct fault *fault);
        void *context;
};
