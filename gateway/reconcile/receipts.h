/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The receipts of the tasks that run: which layer has been seen to let go, when, and what stands in the way of the
 * others. Fed by the sides through the status, under whose lock it lives; a task that has ended is kept here until
 * a snapshot says so. Bookkeeping alone: asks nobody, has no thread and no lock. An observation: after a restart
 * the sides look at everything, and what is confirmed then is confirmed again.
 */
#pragma once

#include "domain/seams.h"
#include "domain/snapshot.h"
#include "domain/task.h"

struct receipt;

/* Zeroed = of a storage node without a name, with no layer in use. */
struct receipts {
        char *storage_node; /* this one; owned */
        char **members;     /* other storage nodes that have to let go too, natively; owned */
        size_t member_count;
        bool in_use[LAYER_COUNT];      /* off: the operator has switched it off, or it is not there */
        const struct snapshot *newest; /* the one that was followed last; reference */
        struct receipt *first;
};
void receipts_fini(struct receipts *receipts);

/* Names the members; once, before any receipt. */
void receipts_set_members(struct receipts *receipts, const struct address *members, size_t count);

/* Begins a receipt for each task that runs in `snapshot` and has none; ends those of tasks that have ended there.
 * To be called before anything is done about the snapshot; an older one than the newest is left alone. */
void receipts_follow(struct receipts *receipts, const struct snapshot *snapshot, int64_t wall_ms);

/* What a side says of one export of a task, asked by receipts_review: */
enum let_go {
        LET_GO_SEEN,    /* seen to let nobody in beyond what is wanted now */
        LET_GO_IN_HAND, /* not yet */
        LET_GO_HINDERED /* not yet, and `fault` says what stands in the way */
};
struct let_go_question {
        enum task_layer layer;
        uint64_t revision; /* of the snapshot that the side has followed: younger tasks are not asked about */
        enum let_go (*ask)(void *context, const struct task_export *export, struct fault *fault);
        void *context;
};

/* Asks about every export that `layer` has not confirmed. True when a task has ended by that. */
bool receipts_review(struct receipts *receipts, const struct let_go_question *question, int64_t wall_ms);

/* One service of the packet filter lets in nobody beyond what the snapshot of `revision` wants, or `fault` (not
 * NULL) says why that is not known; the layer has confirmed once both services have. PRECONDITION: the node's root
 * has switched it off, and nobody waits for it. True as receipts_review. */
bool receipts_review_firewall(struct receipts *receipts, enum firewall_service service, uint64_t revision,
                              const struct fault *fault, int64_t wall_ms);

/* A layer of member number `member` (its packet filter, its gatehouse-volfiled, its bricks) lets in natively
 * nobody beyond what the snapshot of `revision` wants, or `fault` (not NULL) says why that is not known. True as
 * receipts_review. */
bool receipts_review_member(struct receipts *receipts, size_t member, enum task_layer layer, uint64_t revision,
                            const struct fault *fault, int64_t wall_ms);

/* Connections of a client that is shut out were ended: noted with each task that shuts it out. */
void receipts_note_cut(struct receipts *receipts, const struct firewall_pair *pair, unsigned connections);

/* Whether this task was seen to end. */
bool receipts_have_ended(const struct receipts *receipts, const char *task_id);

/* `task` with what has become of it; a reference that the caller drops. */
struct task *receipts_show(const struct receipts *receipts, const struct task *task);

/* Calls `each` with a fresh form of every task that has ended and whose end no snapshot has yet; `each` takes the
 * reference. */
void receipts_each_ended(const struct receipts *receipts, void (*each)(void *context, struct task *task),
                         void *context);
