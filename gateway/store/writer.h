/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The only way to change what is wanted. One thread takes jobs in order: each looks at the newest snapshot,
 * checks, and asks for puts and deletes; jobs that wait together are committed as one group with one sync; then
 * the next snapshot is published and each job's caller is told. A reply to a client is sent from there: it
 * means that the state is on disk.
 */
#pragma once

#include "base/clock.h"
#include "domain/latency.h"
#include "domain/snapshot.h"
#include "store/store.h"
#include "store/trail.h"

struct writer;

/* What a job works on: the draft already holds the changes of the jobs before it in the group. */
struct write {
        const struct snapshot *now; /* what this job sees: look things up here */
        int64_t now_ms;
        struct writer *writer; /* for the functions below only */
        const char *request;   /* id of the request that the job is of, for its events: set by prepare; or NULL */
        void *internal;
};

/* Asks for `document` to be put (a reference of its own is taken, the caller drops the caller's; its revision and,
 * when an object of this id exists, its created_at_ms are set at once; created_at_ms is now_ms when it was left
 * 0). It must be a fresh object, revision 0, and must not change afterwards. Visible in write->now at once, and
 * borrowed pointers to the object it replaces may end with the call.
 * An environment: say environment_keep_state_revision() first. */
void write_put(struct write *write, struct document *document);
/* Asks for `document`, which is in write->now, to be written down anew for what has been seen of it, and was noted
 * in the object itself: what is asked for is the same, and so is its revision. A job with nothing but notes gives
 * the store no new revision, and no snapshot follows: everybody has the object already. */
void write_note(struct write *write, const struct document *document);
/* Asks for the removal; nothing happens when there is no such object. */
void write_remove(struct write *write, enum document_kind kind, const char *id);

/* Adds an audit line to this job's; strings are copied. A job with nothing else is committed too, and gives the
 * store no new revision. before/after (either may be NULL): what differs between their stored forms as they are
 * now is kept. That an address has come to be claimed by two nodes, or by one alone again, is added by itself, in
 * the name of the job's first line. */
void write_event(struct write *write, const char *actor, const char *source, const char *action,
                 const char *object, const struct document *before, const struct document *after);
/* The same with both sides as JSON of the caller's (copied; either may be NULL). */
void write_event_text(struct write *write, const char *actor, const char *source, const char *action,
                      const char *object, const char *before, const char *after);
/* The same with all that an event has; number, revision and at_ms are given to it. */
void write_event_whole(struct write *write, const struct event *event);

/* A job. `prepare` runs in the writer thread: 0 = commit what was asked for (nothing asked for is fine), or a
 * fault = nothing of it happens. `done` runs in the writer thread after the commit is durable (or not), in the
 * order of submission: `fault->code` is FAULT_NONE on success; `published` is the newest snapshot, which then
 * holds it (borrowed for the call). When the store lost the group, its fault also goes to jobs that only saw
 * changes of the lost ones. `done` must not block. The job's memory stays the caller's and must live until
 * `done`, which may free it. */
struct write_job {
        int (*prepare)(struct write_job *job, struct write *write, struct fault *fault);
        void (*done)(struct write_job *job, const struct snapshot *published, const struct fault *fault);
        struct write_job *next; /* the writer's */
};

/* Loads everything from `store` (taken: closed by writer_free) and starts the thread. `on_publish` (may be NULL)
 * is called in the writer thread after each new snapshot is published, before the jobs' `done`; must not block. */
int writer_new(struct store *store, const struct clock *clock, void (*on_publish)(void *context), void *context,
               struct writer **writer, struct fault *fault);

/* Ends after the jobs already queued. */
void writer_free(struct writer *writer);

void writer_submit(struct writer *writer, struct write_job *job);

/* Runs the job's `prepare` now, in the calling thread, on a draft that nobody commits, so that nothing of it
 * happens; `done` is not called. *base: the newest snapshot, *draft: what the job would make of it; the caller
 * drops both with shared_put. Or `prepare`'s fault, and neither is set. */
int writer_try(struct writer *writer, struct write_job *job, const struct snapshot **base,
               const struct snapshot **draft, struct fault *fault);

/* How long events are kept: before_ms until they are too old, and as many. To be called once, before any thread.
 */
struct trail_limits {
        int64_t age_ms; /* 0 = for ever */
        uint64_t most;  /* 0 = without a limit */
};
void writer_limit_trail(struct writer *writer, const struct trail_limits *limits);

/* Counts in `latency` (borrowed) how long commits take. To be called once, before any job. */
void writer_time_commits(struct writer *writer, struct latency *latency);

/* The newest events; the writer's. */
struct trail *writer_trail(struct writer *writer);

/* The newest published snapshot; caller drops it with shared_put. Never waits for a commit. */
const struct snapshot *writer_snapshot(struct writer *writer);
