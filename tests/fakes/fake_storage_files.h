/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The directories of storages in memory. tests/contract/contract_storage_files.c holds it to the answers of the
 * real ones. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/seams.h"

struct fake_storage_files;

struct fake_storage_files *fake_storage_files_new(void);
void fake_storage_files_free(struct fake_storage_files *fake);
struct storage_files fake_storage_files_table(struct fake_storage_files *fake);

/* What is there, as somebody else than Gatehouse made or sees it. */
struct fake_file {
        enum path_kind kind;
        uint32_t uid, gid;
        uint16_t mode;
};

/* Puts `file` at `path` of the storage named `storage`; its parent must be there. PATH_ABSENT takes it away, with
 * all that is below. */
void fake_storage_files_put(struct fake_storage_files *fake, const char *storage, const char *path,
                            struct fake_file file);

/* What is at `path` itself; PATH_ABSENT when nothing is. */
struct fake_file fake_storage_files_get(struct fake_storage_files *fake, const char *storage, const char *path);

/* Lets number `nth` of what is asked from now on (1 = the next path, or storage to be checked) fail with `code`,
 * once; 0 = none. */
void fake_storage_files_fail(struct fake_storage_files *fake, unsigned nth, enum fault_code code);

/* The sentence with which check_storage refuses (copied); NULL = it accepts. */
void fake_storage_files_refuse(struct fake_storage_files *fake, const char *sentence);

/* The path (copied) that hangs: TIMEOUT, alone and at once. NULL: none. */
void fake_storage_files_stick(struct fake_storage_files *fake, const char *path);

/* Calls for paths wait while it is held; what is asked of the fake itself does not. */
void fake_storage_files_hold(struct fake_storage_files *fake, bool held);

/* How much room each storage has; some, unless told. */
void fake_storage_files_room(struct fake_storage_files *fake, const struct storage_capacity *room);

/* How many calls there were, for however many paths. */
unsigned fake_storage_files_calls(struct fake_storage_files *fake);
