/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One group of jobs that the writer commits with one sync: runs each job's `prepare` on a draft of the snapshot,
 * collects what it asks for, commits it all, and says how it went for each. Knows nothing of threads; used by
 * writer.c only.
 */
#pragma once

#include <stdbool.h>

#include "store/writer.h"

struct write_entry {
        struct write_job *job;
        struct fault fault;           /* code NONE = committed, or nothing was asked for */
        struct store_change *changes; /* ids and texts are owned */
        size_t change_count;
        bool revises;          /* they are not notes alone: its commit takes a revision */
        struct event **events; /* owned; numbered when they are committed */
        size_t event_count;
        bool follows;      /* prepared on changes of jobs before it: what it saw stands and falls with them */
        bool is_committed; /* has a commit of its own in the group, the next of `commits` */
};

struct write_group {
        struct snapshot *draft; /* with the changes of every job that was accepted so far */
        int64_t now_ms;
        struct writer *writer;
        uint64_t event_number; /* of the newest event; the next is numbered from it */
        struct write_entry *entries;
        size_t entry_count;
        size_t commit_count;    /* entries with is_committed */
        size_t revisions;       /* those of them that revise: each takes a revision */
        struct snapshot *trial; /* while a job is prepared: the draft with its changes */
};

enum write_outcome {
        WRITE_NOTHING,   /* nobody asked for anything; the store was not called */
        WRITE_KEPT,      /* the draft is what the store holds: publish it */
        WRITE_LOST,      /* the store kept nothing: drop the draft */
        WRITE_DISAGREES, /* the store kept something else than the draft: load it anew */
};

/* Starts a group upon `base` (a draft of it is made); ends with write_group_fini. */
void write_group_init(struct write_group *group, const struct snapshot *base, int64_t now_ms,
                      struct writer *writer);
void write_group_fini(struct write_group *group);

/* Prepares `job` and takes what it asks for into the draft, or leaves no trace of it. */
void write_group_add(struct write_group *group, struct write_job *job);

/* Makes durable what was asked for, and sets each entry's fault. */
enum write_outcome write_group_commit(struct write_group *group, struct store *store);
