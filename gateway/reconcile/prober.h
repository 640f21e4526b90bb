/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Verification on a member of the pool: a thread that tries this node's own bricks from its own probe place, when
 * the node that decides asks for it, and keeps what came of it for the next report. Used by the enforcer, which
 * never waits for it.
 */
#pragma once

#include "domain/pool_member.h"
#include "reconcile/trial.h"

struct prober;

struct prober_settings {
        const struct probe *probe;
        struct gate *gate;
        const struct clock *clock;
        /* Lets the admitted probe client in, or (NULL: there is no probe place) not any more. Called by the
         * thread, may block. A fault: it is not let in. */
        int (*admit)(void *context, const struct address *admitted, struct fault *fault);
        void *context;
};

/* Starts the thread. `settings` is copied; what it points to must outlive prober_free. INTERNAL: no thread. */
int prober_new(const struct prober_settings *settings, struct prober **prober, struct fault *fault);

/* Ends it after the try in hand, and takes the probe place away. NULL is fine. */
void prober_free(struct prober *prober);

/* From now on this order counts: where to try from, which volume, the addresses that may be this node's. What was
 * found out for another decider is forgotten. Copied. */
void prober_follow(struct prober *prober, const struct member_order *order);

/* Asks for run number `run`, if it is newer than what was asked for before; `generation` is that of the access
 * list that the volfile filter finds now. A run during which it or the order changed is begun anew, twice at most.
 */
void prober_ask(struct prober *prober, uint64_t run, uint64_t generation);

/* What the last run has found; its age is as of now. */
void prober_tell(struct prober *prober, struct member_findings *findings);
