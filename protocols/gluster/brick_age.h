/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which bricks of this node run since before the filter was in its place, and the end of one. Two notes in the
 * access folder, which is root's, make the answer the same after a restart of anything: <volume>.since says when
 * the filter was put there, as it stood when the volume was looked at first, and in which boot of the machine: an
 * upgrade that links the filter anew makes no brick older. <volume>.restart names the brick that was ended to be
 * started again, until the volume is well after it. For root only; the helper's acts use it.
 *
 * A brick's process is the one that holds the lock on the pid file that glusterd has it write (glusterfsd.c,
 * glusterfs_pidfile_update, GlusterFS 10.3; glusterd looks at the same lock), and that file was written when it
 * started. So no number is trusted that might be another process's by now, and /proc is not needed.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/fault.h"
#include "domain/seams.h"

/* Where things are. */
struct brick_places {
        const char *access_folder;
        const char *library_folder; /* as access_filter_is_installed */
        const char *run_folder;     /* "/run/gluster": pid files are below vols/<volume> */
        const char *boot_id;        /* file with the id of the machine's boot */
};

struct brick_since {
        bool known;
        bool this_boot; /* else the filter was there before the machine was started, and so before any process */
        struct timespec filter;
        const char *why; /* not known; static storage */
};

/* Reads the note, or writes it when there is none of this volume. What stands there and is not in order is not
 * known, and left. */
void brick_since_get(const struct brick_places *places, const char *volume, const char *volume_id,
                     struct brick_since *since);

struct brick_process {
        enum known older;
        int pid; /* 0: it does not run; also when that cannot be told (`older` UNKNOWN) */
};

/* Looks at the process of the brick `host`:`path`. */
struct brick_process brick_process_look(const struct brick_places *places, const char *volume, const char *host,
                                        const char *path, const struct brick_since *since);

/* Ends it as glusterd does, by SIGTERM, if it is `pid` and older than the filter, and returns when it is gone.
 * PRECONDITION: it is not; TIMEOUT: it is still there after BRICK_END_MS. */
#define BRICK_END_MS 10000 /* one with 100 connections takes 0.1 s */
int brick_process_end(const struct brick_places *places, const char *volume, const char *host, const char *path,
                      const struct brick_since *since, int pid, struct fault *fault);

/* The brick that was ended to be started again: a path that the caller frees, or NULL; and the note of it, which
 * stands until it is taken away (`path` NULL). */
char *brick_begun_get(const struct brick_places *places, const char *volume, const char *volume_id);
int brick_begun_set(const struct brick_places *places, const char *volume, const char *volume_id, const char *path,
                    struct fault *fault);
