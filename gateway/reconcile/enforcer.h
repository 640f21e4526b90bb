/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A member of the Gluster pool at work: makes its packet filter, its access lists and its gatehouse-volfiled be
 * what another storage node has decided, keeps them so, and says how that stands. Decides nothing and stores
 * nothing but how new the newest decision was. When nobody speaks to it, it keeps what it holds. What clients can
 * do here is tried by prober.h, beside all that.
 */
#pragma once

#include "base/clock.h"
#include "domain/seams.h"

struct enforcer;

struct enforcer_world {
        const struct firewall *firewall;
        const struct gluster_volume *gluster; /* only looked at: where this node's bricks listen */
        const struct gluster_node *node;
        const struct native_door *door; /* NULL: native clients reach glusterd itself */
        const struct probe *probe;      /* NULL: nothing is verified here */
        const struct clock *clock;
        const char *mark_path;  /* file of the newest revision that was obeyed */
        struct address decider; /* is let through to everything, whatever the order says */
        int64_t interval_ms;    /* how often to look for drift unasked */
};

/* Takes over what the kernel holds from before. `world` is copied; what it points to must outlive it. */
int enforcer_new(const struct enforcer_world *world, struct enforcer **enforcer, struct fault *fault);
void enforcer_free(struct enforcer *enforcer);

/* What it does for the one that decides. Thread-safe. */
struct pool_member enforcer_member(struct enforcer *enforcer);

/* Looks for drift when it is time: to be called every few seconds. */
void enforcer_turn(struct enforcer *enforcer);
