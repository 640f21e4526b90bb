/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What both sides of the reconciler (NFS and Gluster) are made of: where they get snapshots, whom they tell,
 * how they are woken, and how long they hold back after a failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "reconcile/directories.h"
#include "reconcile/drift.h"
#include "reconcile/gate.h"
#include "reconcile/pool.h"
#include "reconcile/status.h"
#include "reconcile/versions.h"

/* Given by reconcile.c; outlives the sides. */
struct side_world {
        const struct snapshot *(*snapshot)(void *context); /* newest, with a reference */
        void *snapshot_context;
        struct status *status;
        struct directories *directories;
        struct gate *gate;
        const struct firewall *firewall; /* count_sessions alone, the rest is the gate's; NULL = none */
        struct drift *drift;
        struct versions *versions;
        struct pool *pool;              /* NULL: no member of the Gluster pool enforces but this node */
        const struct probe *probe;      /* NULL: nothing is verified */
        const struct native_door *door; /* NULL: native clients reach glusterd itself */
        const struct clock *clock;
        void (*facts_changed)(void *context); /* the protocol choice may come out differently: wake both sides */
        void *facts_context;
        int64_t interval_ms; /* how often to look for drift unasked */
        bool restart_bricks; /* those from before the filter, one after another */
};

/* A wake-up call: an eventfd and the reasons. */
struct side_wake {
        int fd;
        atomic_bool stop;
        atomic_bool facts;       /* protocol facts changed */
        atomic_bool members;     /* something has changed about a member of the pool */
        atomic_bool directories; /* something new is known of directories */
};

int side_wake_init(struct side_wake *wake, struct fault *fault);
void side_wake_fini(struct side_wake *wake);
void side_wake_call(struct side_wake *wake);

/* Empties the eventfd; true when somebody had called. */
bool side_wake_drain(struct side_wake *wake);

/* Both sides follow a new snapshot by this first: from where its nodes may come. Failures are logged; the gate
 * makes up for them. */
void side_bind(const struct side_world *world, const struct snapshot *snapshot);

/* Logs that `what` failed, as an error; nothing when nothing is to be changed (OBSERVING), which was said at the
 * start and is told as drift. */
void side_complain(const char *what, const struct fault *fault);

/* The pause after `failures` failures in a row (at least 1): 0.25 s doubling to 30 s. */
int64_t side_backoff_ms(unsigned failures);
