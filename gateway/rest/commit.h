/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A request's change to what is wanted: a job for the writer, during which the request is suspended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rest/request.h"
#include "store/writer.h"

struct dry_run;
struct json_t;

/* First member of a handler's own struct (its request->work). Zeroed, then filled by commit_start. */
struct commit {
        struct write_job job; /* first: the writer hands back its address */
        struct request *request;
        /* Runs in the writer's thread and may read the request: 0, or a fault with what is in `violations`. */
        int (*prepare)(struct commit *commit, struct write *write, struct fault *fault);
        struct violations violations;     /* out: what prepare found wrong */
        struct fault fault;               /* out: FAULT_NONE = durable */
        struct document *document;        /* out: what stands there now; a reference */
        bool created;                     /* out: nothing was there before */
        uint64_t revision;                /* out: of the snapshot that holds it */
        char conflict_id[EXPORT_ID_SIZE]; /* out: the export in the way, or "" */
        struct dry_run *dry_run;          /* of a request that only asks what would be */
        /* Adds to a dry run's answer what its operation has to tell besides; NULL = nothing. */
        void (*tell)(const struct commit *commit, struct json_t *answer);
};

/* Frees what the fields hold, not the struct. */
void commit_fini(struct commit *commit);

/* Suspends the request, has `prepare` run and its changes committed, then goes on with `next` (also when it
 * failed, and at once when the server is stopping: see commit_failed). A dry run commits nothing and never comes
 * to `next`: it is answered from here. */
void commit_start(struct request *request, struct commit *commit,
                  int (*prepare)(struct commit *commit, struct write *write, struct fault *fault),
                  void (*next)(struct request *request));

/* Runs `prepare` now on a draft that nobody commits, to learn what speaks against it before anybody is asked about
 * it: what it puts is gone afterwards. 0, or the commit's fault. */
int commit_rehearse(struct request *request, struct commit *commit,
                    int (*prepare)(struct commit *commit, struct write *write, struct fault *fault));

/* Whether the commit failed: then the reply is set. */
bool commit_failed(struct request *request, const struct commit *commit);

/* For prepare: turns its violations into `code`, with a sentence. Returns the negative code, or 0 if there are
 * none. */
int commit_violations(struct commit *commit, enum fault_code code, struct fault *fault);

/* For prepare: keeps `document` (a reference is taken) as what stands there. */
void commit_keep(struct commit *commit, const struct document *document);

/* Whether two objects of one id have the same stored form; `document` gets the other's created_at. */
bool commit_says_same(const struct document *existing, struct document *document);

/* Whether `existing` (may be NULL) already says what `document` does: then it is kept, and nothing is to be put.
 */
bool commit_unchanged(struct commit *commit, const struct document *existing, struct document *document);

/* Puts `document` unless what is there (`existing`, may be NULL) already says the same; keeps it, and writes
 * the audit line `action`. */
void commit_put(struct commit *commit, struct write *write, const char *action, const struct document *existing,
                struct document *document);

/* As commit_put, and writes it even when it says the same: its revision tells that it was said again. */
void commit_rewrite(struct commit *commit, struct write *write, const char *action,
                    const struct document *existing, struct document *document);

/* Removes `document` and writes the audit line. */
void commit_remove(struct commit *commit, struct write *write, const char *action,
                   const struct document *document);
