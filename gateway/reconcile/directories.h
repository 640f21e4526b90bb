/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sees to it that the directory of each export exists, in a thread of its own, since a volume that does not
 * answer must not keep exports of other storages waiting. What waits of one storage is made by one
 * call. Asked by both sides; tells them when something new is known.
 */
#pragma once

#include "base/clock.h"
#include "domain/seams.h"

struct directories;

/* `changed` is called from the thread whenever directories were made, or could not be. */
struct directories *directories_new(const struct storage_files *files, const struct clock *clock,
                                    void (*changed)(void *context), void *context);

/* Ends the thread; `changed` is not called any more. Asking goes on to be allowed, and stays unanswered. */
void directories_stop(struct directories *directories);
void directories_free(struct directories *directories);

/* PRESENT: the directory of `export` was there, or was made, since this export was first asked about, or the look
 * before its commit has found it (export.h, directory_seen). UNKNOWN: being seen to; ask again after `changed`.
 * ABSENT: it could not be made, `fault` says why; it is tried again by itself. Never blocks. */
enum known directories_ask(struct directories *directories, const struct storage *storage,
                           const struct export *export, struct fault *fault);

/* What is known of this export's directory may be of the past: it is seen to again, now. */
void directories_doubt(struct directories *directories, const struct storage *storage,
                       const struct export *export);

/* Forgets an export that is no more. */
void directories_forget(struct directories *directories, const char *export_id);
