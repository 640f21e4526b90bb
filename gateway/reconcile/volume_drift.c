/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/volume_drift.h"

#include <string.h>

#include "base/memory.h"

static bool is_option(enum difference_kind kind)
{
        return kind == DIFFERENCE_VOLUME_OPTION;
}

static bool is_of_list(enum difference_kind kind)
{
        return kind == DIFFERENCE_VOLUME_GENERATION || kind == DIFFERENCE_VOLUME_LIST ||
               kind == DIFFERENCE_VOLUME_VOLFILE;
}

static size_t count_of(const struct volume_differences *found, bool (*is)(enum difference_kind kind))
{
        size_t count = 0;

        for (size_t i = 0; i < found->count; i++)
                count += is(found->items[i].kind);
        return count;
}

static const struct difference *find(const struct volume_differences *found, enum difference_kind kind)
{
        for (size_t i = 0; i < found->count; i++)
                if (found->items[i].kind == kind)
                        return &found->items[i];
        return NULL;
}

/* Whether a difference is something that somebody else has done, or that would be done, rather than what this is
 * about to do for the first time. */
static bool is_drift(const struct side_world *world, const struct volume_state *volume,
                     const struct difference *found)
{
        if (status_observes(world->status))
                return true;
        if (found->kind == DIFFERENCE_FILTER)
                return volume->filter_seen;
        return is_option(found->kind) ? volume->secured : volume->installed.generation != 0;
}

static bool has_object(const struct volume_differences *differences, const char *object)
{
        for (size_t i = 0; i < differences->count; i++)
                if (strcmp(differences->items[i].object, object) == 0)
                        return true;
        return false;
}

/* What was found of the list and not put right yet: while no list is known to hold, only its end can be told. */
static bool is_pending(const struct volume_state *volume, const struct difference *finding)
{
        return !volume->findings_told && volume->installed.generation == 0 && is_of_list(finding->kind);
}

/* Remembers of `found` what is to be noted; what stood and is not found any more is forgotten. */
static void findings_take(const struct side_world *world, struct volume_state *volume,
                          const struct volume_differences *found)
{
        struct volume_differences kept = { .items = memory_new(found->count + volume->findings.count + 1,
                                                               sizeof *kept.items) };

        for (size_t i = 0; i < found->count; i++)
                if (is_drift(world, volume, &found->items[i]))
                        difference_copy(&kept.items[kept.count++], &found->items[i]);
        for (size_t i = 0; i < volume->findings.count; i++) {
                const struct difference *older = &volume->findings.items[i];

                if (has_object(&kept, older->object))
                        continue;
                if (is_pending(volume, older) && !status_observes(world->status))
                        difference_copy(&kept.items[kept.count++], older);
                else
                        drift_clear(world->drift, PLACE_GLUSTERD, older->object);
        }
        volume_differences_fini(&volume->findings);
        volume->findings = kept;
        volume->findings_told = false;
}

/* While a brick may have been told something else, nobody native comes through the packet filter. */
static void natives_shut(const struct side_world *world, const struct volume_state *volume)
{
        AUTO_ADDRESS_BAG struct address_bag all = { 0 };
        struct fault fault = { 0 };

        if (status_observes(world->status))
                return;
        shares_addresses(&volume->shares, false, &all);
        if (gate_close(world->gate, SERVICE_GLUSTER, all.items, all.count, &fault) != 0)
                side_complain("close the packet filter for Gluster", &fault);
}

/* Whether every brick that runs holds `generation`. */
static bool bricks_hold(const struct gluster_volume *gluster, const char *name, const struct volume_seen *seen,
                        uint64_t generation)
{
        for (size_t i = 0; i < seen->brick_count; i++) {
                enum known held = KNOWN_UNKNOWN;
                struct fault fault = { 0 };

                if (seen->bricks[i].port == 0)
                        continue;
                if (gluster->canary(gluster->context, name, &seen->bricks[i], generation, &held, &fault) != 0 ||
                    held != KNOWN_PRESENT)
                        return false;
        }
        return true;
}

/* The volume goes on without: its grants go over to NFS. */
static void filter_stays_away(struct volume_state *volume, const struct fault *fault)
{
        for (size_t i = 0; i < volume->findings.count; i++)
                if (volume->findings.items[i].kind == DIFFERENCE_FILTER)
                        volume->findings.items[i].detail = memory_text(fault->text);
}

/* Sets the options and puts the filter back, where these differ. */
static int parts_repair(const struct gluster_volume *gluster, struct volume_state *volume,
                        const struct volume_differences *found, bool *repaired, struct fault *fault)
{
        const struct storage *storage = volume->storage;
        struct fault filter = { 0 };
        int failed = 0;

        if (!find(found, DIFFERENCE_FILTER)) {
                volume->filter_seen = true;
        } else if (volume->filter_seen) { /* it is not put where nobody has put it before */
                if (gluster->put_filter_back(gluster->context, &filter) == 0)
                        *repaired = true;
                else if (filter.code == FAULT_OBSERVING)
                        failed = fault_set(fault, filter.code, "%s", filter.text);
                else
                        filter_stays_away(volume, &filter);
        }
        if (!failed && count_of(found, is_option) > 0)
                failed = gluster->secure(gluster->context, storage->volume, storage->addresses,
                                         storage->address_count, fault);
        volume->secured = !failed;
        return failed;
}

int volume_drift_look(const struct side_world *world, const struct gluster_volume *gluster,
                      struct volume_state *volume, const struct volume_seen *seen,
                      const struct access_list *wanted, bool *holds, bool *repaired, struct fault *fault)
{
        __attribute__((cleanup(volume_differences_fini))) struct volume_differences found = { 0 };
        const struct storage *storage = volume->storage;
        int64_t now_ms = clock_monotonic_ms(world->clock);
        bool known = volume->installed.generation != 0;
        struct access_list list = known ? volume->installed : *wanted; /* borrowed */
        int failed;

        if (known && volume->secured && now_ms < volume->next_compare_ms &&
            seen->generation == volume->installed.generation)
                return 0;
        if (!known)
                list.generation = seen->generation;
        failed = gluster->compare(gluster->context, storage->volume, storage->addresses, storage->address_count,
                                  list.generation ? &list : NULL, &found, fault);
        drift_looked(world->drift, PLACE_GLUSTERD, volume->revision, now_ms, failed ? fault : NULL);
        if (failed)
                return failed;
        volume->next_compare_ms = now_ms + world->interval_ms;
        findings_take(world, volume, &found);
        if (known && find(&found, DIFFERENCE_VOLUME_VOLFILE))
                natives_shut(world, volume);
        if ((failed = parts_repair(gluster, volume, &found, repaired, fault)))
                return failed;
        if (known && count_of(&found, is_of_list) > 0)
                volume->installed.generation = 0;
        *holds = !known && list.generation != 0 && count_of(&found, is_of_list) == 0 &&
                 bricks_hold(gluster, storage->volume, seen, list.generation);
        return 0;
}

/* What became of one, which then carries why not. */
static void finding_tell(const struct side_world *world, struct difference *item, const struct fault *fault)
{
        char *detail = item->detail; /* it could not be put right, whatever became of the rest */

        item->action = DIFFERENCE_REPAIRED;
        if (fault || detail)
                item->action = fault && fault->code == FAULT_OBSERVING ? DIFFERENCE_REPORTED : DIFFERENCE_FAILED;
        AUTO_FREE char *why = item->action == DIFFERENCE_FAILED && !detail ? memory_text(fault->text) : NULL;
        if (why)
                item->detail = why;
        drift_note(world->drift, item);
        item->detail = detail;
}

void volume_drift_settled(const struct side_world *world, struct volume_state *volume, const struct fault *fault)
{
        if (volume->findings_told)
                return;
        for (size_t i = 0; i < volume->findings.count; i++)
                finding_tell(world, &volume->findings.items[i], fault);
        volume->findings_told = fault == NULL;
}
