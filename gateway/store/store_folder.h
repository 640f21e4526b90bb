/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The folder that the embedded store lives in: whose it is, who else can enter, and that one process at a time
 * uses it. Knows nothing of what is in the files.
 */
#pragma once

#include "base/fault.h"

#define STORE_FOLDER_DATABASE "gatehouse.db"
#define STORE_FOLDER_LOCK "gatehouse.lock"

/* Checks `folder`, locks it (flock on gatehouse.lock: a lock of its own, because closing any descriptor of the
 * database drops the locks that SQLite holds on it) and makes gatehouse.db, empty and 0600, when there is none.
 * *lock_fd is the caller's; closing it ends the lock. Faults: INVALID (not a folder, not ours, others may write
 * into it or read the file), CONFLICT (another process has it), UNAVAILABLE (cannot be written). */
int store_folder_take(const char *folder, int *lock_fd, struct fault *fault);
