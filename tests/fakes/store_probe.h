/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A store that passes everything on to another one, counts, can be held up and can be made to fail.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "store/store.h"

struct store_probe {
        struct store store; /* give this to whom it is for */
        struct store *inner;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        bool is_held;         /* commits wait */
        size_t waiting;       /* commits that do */
        size_t group_count;   /* calls of `commit` that came through */
        size_t commit_count;  /* commits in them */
        size_t largest_group; /* commits in one call */
        size_t fail_at;       /* this call of `commit` (1 = the first) keeps nothing; 0 = none */
        enum fault_code fail_with;
        size_t refuse_at; /* this commit (1 = the first of all) gets a CONFLICT of its own; 0 = none */
        size_t fail_load_at;
        size_t load_count;
};

/* Takes `inner`: closing the probe's store closes and frees both. */
struct store_probe *store_probe_new(struct store *inner);

/* From now on commits wait, until store_probe_release. */
void store_probe_hold(struct store_probe *probe);
void store_probe_release(struct store_probe *probe);

/* Waits until a commit is held up; false after five seconds. */
bool store_probe_wait_held(struct store_probe *probe);
