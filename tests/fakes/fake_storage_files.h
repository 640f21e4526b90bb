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

/* Lets call number `nth` from now on (1 = the next, whatever it is) fail with `code`, once; 0 = none. */
void fake_storage_files_fail(struct fake_storage_files *fake, unsigned nth, enum fault_code code);

/* The sentence with which check_storage refuses (copied); NULL = it accepts. */
void fake_storage_files_refuse(struct fake_storage_files *fake, const char *sentence);

/* How many calls there were. */
unsigned fake_storage_files_calls(struct fake_storage_files *fake);
