/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The store keeps documents by (kind, id), each with a revision, and the audit trail. One seam, several
 * engines: SQLite for real, memory for tests; one contract suite for both. Used by one thread (the writer).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/document.h"
#include "domain/event.h"

/* One change: a put of `text` or, with text NULL, a delete (of nothing: nothing). Borrowed for the call. The
 * changes of a commit are made in order, each sees those before it. */
struct store_change {
        enum document_kind kind;
        const char *id;             /* 1 to DOCUMENT_ID_MAX bytes */
        const char *text;           /* stored form: JSON */
        uint64_t expected_revision; /* of the document now; 0 = must not exist; STORE_ANY = not checked */
        bool is_note; /* a put that says what was seen of the document, which keeps expected_revision */
};
#define STORE_ANY UINT64_MAX

#define STORE_PRUNE_MOST 1000 /* a batch takes some milliseconds of the writer's time */

/* One transaction: all of it or nothing. */
struct store_commit {
        const struct store_change *changes;
        size_t change_count;
        struct event *const *events; /* in order, numbered; written in the same transaction */
        size_t event_count;
        uint64_t revision;  /* out: given to every put that is no note; 0 when it failed, or is the first and has
                               no such change and no delete */
        struct fault fault; /* out: CONFLICT when an expected revision did not hold */
};

/* Whether the commit takes a revision of its own: not for events and notes alone. */
static inline bool store_commit_revises(const struct store_commit *commit)
{
        for (size_t i = 0; i < commit->change_count; i++)
                if (!commit->changes[i].is_note)
                        return true;
        return false;
}

struct store {
        const struct store_operations *operations;
};

struct store_operations {
        /* Calls `each` for every document, by kind (in the order of DOCUMENT_TABLE) then id (bytewise); a
         * non-zero return ends the walk with it. MALFORMED when a document is of no kind that is known. */
        int (*load)(struct store *store,
                    int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                const char *text, size_t length, struct fault *fault),
                    void *context, struct fault *fault);
        /* Calls `each` for the events after `number`, oldest first or (`backward`) before it, newest first, until
         * it returns other than 0, which ends the walk and is returned. `event` is borrowed for the call. From any
         * thread, also while commits are made, for which it does not wait. */
        int (*history)(struct store *store, uint64_t number, bool backward,
                       int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                       struct fault *fault);
        /* Removes the oldest events, STORE_PRUNE_MOST at most: those before `before_ms`, and those that are more
         * than `most`; never the newest one, by whose number the next goes. *removed: how many. */
        int (*prune)(struct store *store, int64_t before_ms, uint64_t most, size_t *removed, struct fault *fault);
        /* Makes `count` commits durable with one sync: each is atomic by itself, a failed one (see its fault)
         * leaves the others alone; revisions grow in the order given. Returns a fault only when nothing of the
         * group was kept: then none took place. EXHAUSTED: disk or quota full; UNAVAILABLE: locked or read-only;
         * INTERNAL: input/output error. Each commit that is kept takes the next revision, but one
         * without changes other than notes, which has that of the one before. */
        int (*commit)(struct store *store, struct store_commit *commits, size_t count, struct fault *fault);
        /* The newest revision ever given out. */
        uint64_t (*revision)(struct store *store);
        void (*close)(struct store *store);
};

/* Opens or makes `<folder>/gatehouse.db` (0600): WAL, synchronous=FULL, migrated forward to this version.
 * Refuses a file of a newer version or that is no store (MALFORMED), a folder or file that is not the caller's
 * or that others may enter by (INVALID: folder writable, file readable), and one that another process has open
 * (CONFLICT; `<folder>/gatehouse.lock` is held, reading the database with other programs is fine). Caller
 * closes with store_close. */
int store_sqlite_open(const char *folder, struct store **store, struct fault *fault);

/* For tests: lives in memory. */
struct store *store_memory_new(void);

static inline void store_close(struct store *store)
{
        if (store)
                store->operations->close(store);
}
