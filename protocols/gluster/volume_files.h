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

/* What is at each path (canonical, checked by the caller and again by the act) of the cluster storage's volume, as
 * `struct storage_files` has it. Its storage nodes are asked for the volume, the first that answers. One call of a
 * worker for what fits into a message, which is all of them but for long paths. Faults: INVALID (a path or name
 * that cannot be), UNAVAILABLE (the volume), TIMEOUT. */
void volume_files_inspect(const struct act_caller *worker, const struct storage *storage, struct path_item *items,
                          size_t count, int deadline_ms);

/* Makes each path: parents 0755 root, the last with owner and mode (at most 07777). An existing directory is left
 * as it is. INVALID when a link or something else is on the way, naming the component. */
void volume_files_make_directories(const struct act_caller *worker, const struct storage *storage,
                                   struct path_item *items, size_t count, int deadline_ms);

/* How much room the volume has. UNAVAILABLE; TIMEOUT. */
int volume_files_capacity(const struct act_caller *worker, const struct storage *storage, int deadline_ms,
                          struct storage_capacity *capacity, struct fault *fault);

/* The worker's acts, closed by a row without `run`. Their context is not used: a volume that was opened stays
 * open for the next call, for as long as the process lives. */
extern const struct act volume_files_acts[];
