/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What to do next about bricks from before the filter: one at a time, when nothing else of the volume is amiss.
 * Pure; it keeps nothing, so that a gatehoused that is started again goes on where it was.
 */
#pragma once

#include "domain/seams.h"

enum brick_step {
        BRICK_NONE,    /* no brick of this node is older, and none will be */
        BRICK_UNKNOWN, /* of `brick` it cannot be told */
        BRICK_NEVER,   /* `brick` is older, and the volume not one whose bricks can be started again unnoticed */
        BRICK_WAIT,    /* `brick` is older; something is amiss */
        BRICK_RESTART, /* `brick` may be ended and started, or is to be started */
};

struct brick_plan {
        enum brick_step step;
        size_t brick;
        char why[FAULT_TEXT_SIZE]; /* what is amiss: NEVER, WAIT, UNKNOWN */
};

void brick_plan_make(const struct bricks_seen *seen, struct brick_plan *plan);
