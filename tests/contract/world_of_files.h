/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What contract_storage_files holds to one set of answers: a storage, the table that is asked about it, and a way
 * to change it behind the table's back, as its users do.
 */
#pragma once

#include "tests/fakes/direct_caller.h"
#include "tests/fakes/fake_storage_files.h"
#include "protocols/files/storage_files.h"
#include "reconcile/worker_pool.h"

struct world {
        struct storage *storage;
        struct storage_files files;
        const char *view;                /* where the storage can be seen as a directory; NULL: the fake */
        struct fake_storage_files *fake; /* or this */
        struct storage_files_real real;
        struct direct_caller direct;
        struct worker_pool *pool;
        char base[32]; /* "/case-7": each case works below a directory of its own */
};

/* The three worlds; every failure ends the test program. */
void world_open_fake(struct world *world);
void world_open_single(struct world *world, const char *mount_root);
void world_open_cluster(struct world *world, const char *view, const char *server, const char *volume,
                        const char *worker);
void world_close(struct world *world);

/* `path` below the case's directory; valid until the eighth next call. */
const char *world_path(const struct world *world, const char *path);

/* Changes behind the table's back; paths as world_path gives them. */
void world_put_directory(struct world *world, const char *path, uint32_t uid, uint32_t gid, uint16_t mode);
void world_put_link(struct world *world, const char *path, const char *target);
void world_put_file(struct world *world, const char *path);
void world_remove(struct world *world, const char *path);
struct fake_file world_look(struct world *world, const char *path);
