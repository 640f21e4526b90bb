/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/brick_renewal.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/brick_plan.h"

static void object_name(const struct volume_state *volume, const struct volume_brick *brick,
                        char object[DIFFERENCE_OBJECT_SIZE])
{
        snprintf(object, DIFFERENCE_OBJECT_SIZE, "volume %s, brick %s", volume->storage->volume, brick->path);
}

static void note(const struct side_world *world, const struct volume_state *volume,
                 const struct brick_condition *condition, enum difference_action action, const char *why)
{
        AUTO_FREE char *observed = memory_text(condition->older == KNOWN_UNKNOWN ? "not known when it was started"
                                                                                 : "started before the filter");
        AUTO_FREE char *detail = memory_text(why);
        AUTO_FREE char *desired = memory_text("started after it");
        struct difference found = { .kind = DIFFERENCE_BRICK_OLDER,
                                    .action = action,
                                    .observed = observed,
                                    .desired = desired,
                                    .detail = detail };

        object_name(volume, &condition->brick, found.object);
        drift_note(world->drift, &found);
}

/* What was said of bricks that are not older any more, whoever has started them, is over. */
static void clear_renewed(const struct side_world *world, const struct volume_state *volume,
                          const struct bricks_seen *seen)
{
        for (size_t i = 0; i < seen->brick_count; i++) {
                char object[DIFFERENCE_OBJECT_SIZE];

                object_name(volume, &seen->bricks[i].brick, object);
                if (seen->bricks[i].brick.local && seen->bricks[i].older == KNOWN_ABSENT)
                        drift_clear(world->drift, PLACE_GLUSTERD, object);
        }
}

/* Nothing is done about them, for the same reason: all that are as the one whose turn it would be. */
static void tell_left(const struct side_world *world, const struct volume_state *volume,
                      const struct bricks_seen *seen, enum known older, const char *why)
{
        for (size_t i = 0; i < seen->brick_count; i++)
                if (seen->bricks[i].brick.local && seen->bricks[i].older == older)
                        note(world, volume, &seen->bricks[i], DIFFERENCE_REPORTED, why);
}

static void tell_renewed(const struct side_world *world, struct volume_state *volume,
                         const struct brick_condition *brick)
{
        free(volume->renewal.told);
        volume->renewal.told = memory_text(brick->brick.path);
        note(world, volume, brick, DIFFERENCE_REPAIRED, NULL);
}

/* One that was started again when this was not told so: gatehoused was killed meanwhile, or the helper. */
static void tell_begun(const struct side_world *world, struct volume_state *volume, const struct bricks_seen *seen)
{
        const char *told = volume->renewal.told;

        for (size_t i = 0; seen->begun && i < seen->brick_count; i++) {
                const struct brick_condition *brick = &seen->bricks[i];

                if (brick->brick.local && brick->brick.port != 0 && brick->older == KNOWN_ABSENT &&
                    strcmp(brick->brick.path, seen->begun) == 0 && (!told || strcmp(told, seen->begun) != 0)) {
                        tell_renewed(world, volume, brick);
                        return;
                }
        }
}

/* Whether every brick holds the list that the volume was settled with; what is to be started needs not. */
static bool lists_hold(const struct gluster_volume *gluster, const struct volume_state *volume,
                       const struct bricks_seen *seen, struct brick_plan *plan)
{
        for (size_t i = 0; i < seen->brick_count; i++) {
                const struct volume_brick *brick = &seen->bricks[i].brick;
                enum known held = KNOWN_UNKNOWN;
                struct fault fault = { 0 };

                if (brick->port == 0 && i == plan->brick)
                        continue;
                gluster->canary(gluster->context, volume->storage->volume, brick, volume->installed.generation,
                                &held, &fault);
                if (held == KNOWN_PRESENT)
                        continue;
                plan->step = BRICK_WAIT;
                snprintf(plan->why, sizeof plan->why, "brick %s does not hold the access list yet", brick->path);
                return false;
        }
        return true;
}

/* Says why of the brick whose turn it is, once it has waited for long, and again while it does. */
static void wait_longer(const struct side_world *world, struct volume_state *volume,
                        const struct bricks_seen *seen, const char *why)
{
        struct brick_renewal *renewal = &volume->renewal;
        int64_t now_ms = clock_monotonic_ms(world->clock);

        if (!renewal->waiting_since_ms)
                renewal->waiting_since_ms = now_ms;
        if (now_ms - renewal->waiting_since_ms < RENEWAL_PATIENCE_MS)
                return;
        renewal->next_ms = now_ms + world->interval_ms;
        for (size_t i = 0; i < seen->brick_count; i++)
                if (seen->bricks[i].brick.local && seen->bricks[i].older == KNOWN_PRESENT) {
                        note(world, volume, &seen->bricks[i], DIFFERENCE_FAILED, why);
                        return;
                }
        log_warning("Gluster volume %s: its last brick was started again, and all is not well since: %s",
                    volume->storage->volume, why);
}

static void restart(const struct side_world *world, const struct gluster_volume *gluster,
                    struct volume_state *volume, const struct bricks_seen *seen, const struct brick_plan *plan)
{
        const struct brick_condition *brick = &seen->bricks[plan->brick];
        const char *name = volume->storage->volume, *path = brick->brick.path;
        struct fault fault = { 0 };

        volume_state_doubt(volume); /* its port may be another: gatehouse-volfiled is to be told */
        if (gluster->brick_restart(gluster->context, name, path, &fault) == 0) {
                log_notice("Gluster volume %s: brick %s was started again: %s", name, path, plan->why);
                volume->renewal.waiting_since_ms = 0;
                tell_renewed(world, volume, brick);
                return;
        }
        if (fault.code != FAULT_PRECONDITION &&
            fault.code != FAULT_CONFLICT) /* else nothing was done, and is waited for */
                log_warning("Gluster volume %s: %s", name, fault.text);
        wait_longer(world, volume, seen, fault.text);
}

/* The operator has said that none is to be ended; one that was ended is started all the same. */
static bool is_forbidden(const struct side_world *world, const struct brick_condition *brick)
{
        return !world->restart_bricks && brick->older == KNOWN_PRESENT;
}

static void step(const struct side_world *world, const struct gluster_volume *gluster, struct volume_state *volume,
                 const struct bricks_seen *seen, struct brick_plan *plan)
{
        const struct brick_condition *brick = &seen->bricks[plan->brick];

        if (plan->step == BRICK_NONE) {
                volume->renewal.done = true;
        } else if (plan->step == BRICK_UNKNOWN || plan->step == BRICK_NEVER || is_forbidden(world, brick)) {
                volume->renewal.next_ms = clock_monotonic_ms(world->clock) + world->interval_ms;
                tell_left(world, volume, seen, brick->older,
                          is_forbidden(world, brick) ? "brick_restart = off" : plan->why);
        } else if (plan->step == BRICK_RESTART && lists_hold(gluster, volume, seen, plan)) {
                restart(world, gluster, volume, seen, plan);
        } else {
                wait_longer(world, volume, seen, plan->why);
        }
}

void brick_renewal_turn(const struct side_world *world, const struct gluster_volume *gluster,
                        struct volume_state *volume)
{
        __attribute__((cleanup(bricks_seen_fini))) struct bricks_seen seen = { 0 };
        struct brick_renewal *renewal = &volume->renewal;
        int64_t now_ms = clock_monotonic_ms(world->clock);
        struct fault fault = { 0 };
        struct brick_plan plan;

        if (renewal->done || now_ms < renewal->next_ms || status_observes(world->status))
                return;
        renewal->next_ms = now_ms + (world->interval_ms < RENEWAL_LOOK_MS ? world->interval_ms : RENEWAL_LOOK_MS);
        if (gluster->bricks_look(gluster->context, volume->storage->volume, renewal->waiting_since_ms != 0, &seen,
                                 &fault) != 0) {
                if (fault.code != FAULT_CONFLICT) { /* else it is somebody else's turn */
                        renewal->next_ms = now_ms + world->interval_ms;
                        log_warning("Gluster volume %s: %s", volume->storage->volume, fault.text);
                }
                return;
        }
        clear_renewed(world, volume, &seen);
        tell_begun(world, volume, &seen);
        brick_plan_make(&seen, &plan);
        step(world, gluster, volume, &seen, &plan);
}
