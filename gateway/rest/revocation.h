/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Operations that take access away: each puts a task into its commit, waits for it if the client asked to, and
 * answers 200 with the receipt, or 202 and where it will be.
 */
#pragma once

#include "domain/task.h"
#include "reconcile/status.h"
#include "rest/commit.h"

struct json_t;

/* First member of a handler's own struct (its request->work). */
struct revocation {
        struct commit commit;    /* first */
        struct task *task;       /* what prepare has begun, or NULL: nobody loses anything */
        struct status_wait wait; /* what is waited for besides the task; sides may be set before revocation_done */
        unsigned wait_s;
        int64_t until_ms; /* monotonic: the end of what is left of wait_s; 0 = all of it is */
        bool waits;
        bool in_time;
        /* Answers with `status`; `task` (to be taken) is the receipt so far, or NULL. */
        void (*reply)(struct request *request, int status, struct json_t *task);
};

/* Frees what the fields hold, not the struct. */
void revocation_fini(struct revocation *revocation);

/* The whole of an operation that has no more of its own than `prepare` and `reply`. */
void revocation_start(struct request *request,
                      int (*prepare)(struct commit *commit, struct write *write, struct fault *fault),
                      void (*reply)(struct request *request, int status, struct json_t *task));

/* Reads `Prefer`; false: the reply is set. */
bool revocation_read(struct request *request, struct revocation *revocation);

/* For prepare: begins the task; exports and clients are the caller's to add. */
struct task *revocation_begin(struct revocation *revocation, const struct write *write, enum task_kind kind,
                              const char *subject, const char *account);

/* For prepare: whoever may use `export` now is about to lose it. */
void revocation_add_grants(struct revocation *revocation, const struct snapshot *now, const struct export *export);

/* For prepare: `node` is about to lose every export of its environment that it has. */
void revocation_add_node(struct revocation *revocation, const struct snapshot *now, const struct node *node);

/* For prepare: every node of `environment` is about to lose every export. */
void revocation_add_environment(struct revocation *revocation, const struct snapshot *now,
                                const struct environment *environment);

/* For prepare: those who may do less with the export of `id` in `after` than in `before`; false when nobody. */
bool revocation_add_losses(struct revocation *revocation, const struct snapshot *before,
                           const struct snapshot *after, const char *id);

/* For prepare, at its end: puts the task, if one was begun. */
void revocation_put(struct revocation *revocation, struct write *write);

/* For prepare, at its end: a write that says what is there now, and not whose access goes. If anybody may do less
 * by `write` than in `before`, puts a task of all that and gives a reference to it; else NULL, as for a dry run.
 */
struct task *revocation_of_losses(const struct commit *commit, struct write *write, const struct snapshot *before,
                                  enum task_kind kind, const char *subject);

/* Adds such a task (NULL: nothing) as it stands to the body of a reply. */
void revocation_tell(const struct request *request, const struct task *task, struct json_t *body);

/* The step after the commit: waits, and answers by `reply`. */
void revocation_done(struct request *request);
