/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/brick_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void plan_set(struct brick_plan *plan, enum brick_step step, size_t brick, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
static void plan_set(struct brick_plan *plan, enum brick_step step, size_t brick, const char *format, ...)
{
        va_list arguments;

        plan->step = step;
        plan->brick = brick;
        va_start(arguments, format);
        vsnprintf(plan->why, sizeof plan->why, format, arguments);
        va_end(arguments);
}

/* The first local brick of which that is so; the number of bricks when there is none. */
static size_t find_older(const struct bricks_seen *seen, enum known older)
{
        size_t i = 0;

        while (i < seen->brick_count && !(seen->bricks[i].brick.local && seen->bricks[i].older == older))
                i++;
        return i;
}

/* The local brick that was ended last, while not all is well; the number of bricks when there is none. */
static size_t find_begun(const struct bricks_seen *seen)
{
        size_t i = 0;

        while (i < seen->brick_count && !(seen->begun && seen->bricks[i].brick.local &&
                                          strcmp(seen->bricks[i].brick.path, seen->begun) == 0))
                i++;
        return i;
}

/* Whether it is down, and to be started: its process has gone. */
static bool is_ended(const struct brick_condition *brick)
{
        return brick->brick.port == 0 && brick->older == KNOWN_ABSENT;
}

/* Whether every brick of the volume is well; otherwise plans to wait. */
static bool all_are_well(const struct bricks_seen *seen, size_t brick, struct brick_plan *plan)
{
        for (size_t i = 0; i < seen->brick_count; i++) {
                const struct brick_condition *other = &seen->bricks[i];
                const char *path = other->brick.path;

                if (other->brick.port == 0)
                        plan_set(plan, BRICK_WAIT, brick, "brick %s is down", path);
                else if (other->healed == KNOWN_UNKNOWN)
                        plan_set(plan, BRICK_WAIT, brick, "brick %s does not tell how much needs heal", path);
                else if (other->healed != KNOWN_PRESENT)
                        plan_set(plan, BRICK_WAIT, brick, "brick %s counts %" PRIu64 " entries that need heal",
                                 path, other->heals);
                else if (other->clients_missing > 0)
                        plan_set(plan, BRICK_WAIT, brick,
                                 "brick %s lacks %zu connections of clients that the others have", path,
                                 other->clients_missing);
                else
                        continue;
                return false;
        }
        return true;
}

void brick_plan_make(const struct bricks_seen *seen, struct brick_plan *plan)
{
        size_t begun = find_begun(seen), older = find_older(seen, KNOWN_PRESENT);
        size_t unknown = find_older(seen, KNOWN_UNKNOWN);

        *plan = (struct brick_plan){ .step = BRICK_NONE };
        if (begun < seen->brick_count && is_ended(&seen->bricks[begun]))
                plan_set(plan, BRICK_RESTART, begun, "it was ended to be started again");
        else if (begun < seen->brick_count && !all_are_well(seen, begun, plan))
                return;
        else if (older == seen->brick_count && unknown < seen->brick_count)
                plan_set(plan, BRICK_UNKNOWN, unknown,
                         "it cannot be told whether it runs since before the filter was in place");
        else if (older < seen->brick_count && !replicas_can_spare_one(seen->replica, seen->quorum))
                plan_set(
                        plan, BRICK_NEVER, older,
                        "the volume has fewer than %d replicas, or its cluster.quorum-count needs all of them, so "
                        "that clients would notice; start it again when they may",
                        REPLICA_LEAST);
        else if (older < seen->brick_count && all_are_well(seen, older, plan))
                plan_set(plan, BRICK_RESTART, older, "it runs since before the filter was in place");
}
