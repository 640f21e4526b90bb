/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The directories of one Gluster volume, through gfapi. The daemon's side (volume_files.c) asks; the acts
 * (volume_files_acts.c) run in a worker, because glfs_init for a client that the bricks do not admit never
 * returns. Paths are walked from handle to handle, so that no link is ever followed, whoever swaps what.
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"
#include "protocols/files/directory_wire.h"

/* What is at `path` (canonical, checked by the caller and again by the act) of `volume`. `servers` are storage
 * nodes whose glusterd is asked for the volume, the first that answers. Faults: INVALID (a path or name that
 * cannot be), UNAVAILABLE (the volume), TIMEOUT. */
int volume_files_inspect(const struct act_caller *worker, const struct address *servers, size_t server_count,
                         const char *volume, const char *path, int deadline_ms, struct path_seen *seen,
                         struct fault *fault);

/* Makes `path`: parents 0755 root, the last with owner and mode (at most 07777). An existing directory is left as
 * it is. INVALID when a link or something else is on the way, naming the component. */
int volume_files_make_directory(const struct act_caller *worker, const struct address *servers,
                                size_t server_count, const char *volume, const char *path,
                                const struct directory_wish *wish, int deadline_ms, struct fault *fault);

/* The worker's acts, closed by a row without `run`. Their context is not used: a volume that was opened stays
 * open for the next call, for as long as the process lives. */
extern const struct act volume_files_acts[];

/* Whether the process should end after this call: a volume failed, or too many are open. The next process opens
 * what it needs in some 25 ms; closing and opening again in this one can take seconds, or hang. */
bool volume_files_is_stale(void);
