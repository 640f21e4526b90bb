/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a status is made of: for status.c, which keeps what was seen, and status_wait.c, which ends waits. All of
 * it is under the lock, and so are the functions below called.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/pmap.h"
#include "reconcile/address_bag.h"
#include "reconcile/lag.h"
#include "reconcile/status.h"

enum side_state { SIDE_UNSEEN, SIDE_HELD, SIDE_FAILED };

struct side {
        enum side_state state;
        enum fault_code code; /* SIDE_FAILED */
        uint64_t revision;
        int64_t since_ms; /* SIDE_HELD: monotonic */
        char *text;       /* SIDE_FAILED */
};

/* What is known of one export; changed under the lock only. */
struct status_entry {
        struct shared shared;
        struct side sides[2];
};

struct status {
        pthread_mutex_t lock;
        pthread_cond_t changed; /* a wait was added, or it is time to stop */
        pthread_t timer;
        const struct clock *clock;
        struct pmap entries;      /* export id -> struct status_entry */
        _Atomic uint64_t version; /* written under the lock */
        struct receipts receipts;
        struct lag lag;
        struct address_bag connected; /* by NFS, at the last look; sorted */
        bool connected_known;
        size_t members[2];    /* of the pool: those that do not enforce, and those that do */
        atomic_size_t coming; /* not under the lock */
        struct status_wait *waits;
        size_t change_waits;                 /* of them, those for any change */
        void (*held_changed)(void *context); /* or NULL */
        void *held_context;
        struct protocol_facts facts;
        struct fault backends[BACKEND_COUNT];
        bool backend_noted[BACKEND_COUNT];
        int64_t backend_at_ms[BACKEND_COUNT]; /* wall clock */
        bool observes;
        bool stopping;
};

/* What is known of the export, or NULL. */
struct status_entry *status_entry_find(struct status *status, const char *export_id);

/* Takes the waits that have settled, or whose time is over, off the list and tells their callers. */
void status_waits_end(struct status *status);

/* Makes status_version grow. */
void status_count_change(struct status *status);

/* The thread that ends waits at their deadlines. */
void *status_timer_run(void *status);
