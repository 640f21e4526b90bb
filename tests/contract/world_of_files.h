/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What contract_storage_files holds to one set of answers: a storage, the table that is asked about it, and a way
 * to change it behind the table's back, as its users do.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
        struct direct_caller direct, room;
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

/* Asking, with PATIENCE_MS. */
#define PATIENCE_MS 20000
int world_inspect(struct world *world, const char *path, struct path_seen *seen, struct fault *fault);
int world_make(struct world *world, const char *path, uint32_t uid, uint32_t gid, uint16_t mode,
               struct fault *fault);

/* The same, failing the test when the answer is another. */
void assert_seen(struct world *world, const char *path, enum path_kind kind, const char *at);
void assert_made(struct world *world, const char *path, uint32_t uid, uint32_t gid, uint16_t mode);
void assert_is(struct world *world, const char *path, enum path_kind kind, uint32_t uid, uint32_t gid,
               unsigned mode);
void assert_refused(struct world *world, const char *path, const char *sentence);

/* Round each case: a directory of its own, in the one world that there is. */
extern struct world the_world;
int case_begin(void **state);
int case_end(void **state);
#define CASE(function) cmocka_unit_test_setup_teardown(function, case_begin, case_end)

/* Runs the common cases and then those of one kind of storage. `arguments` are the program's. */
int cases_run_single(char **arguments);
int cases_run_cluster(char **arguments);
int cases_run_with_common(const char *name, const struct CMUnitTest *more, size_t count);

/* For every real storage: somebody swaps a directory for a link while it is walked. */
void link_swapped_in_during_the_walk_is_never_followed(void **state);
void timings_are_told(void **state);
