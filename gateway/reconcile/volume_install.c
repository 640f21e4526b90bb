/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/volume_install.h"

#include <poll.h>

#define CANARY_DEADLINE_MS 5000 /* bricks take a list of 10,000 entries within 0.7 s */
#define CANARY_PAUSE_FIRST_MS 2
#define CANARY_PAUSE_LAST_MS 50
#define MEMBERS_MS 2000

/* Waits until one brick holds `generation`. A brick that is not running takes the list when it starts. */
static int brick_await(const struct volume_installer *installer, const struct volume_state *volume,
                       const struct volume_brick *brick, uint64_t generation, int64_t deadline_ms,
                       struct fault *fault)
{
        const struct gluster_volume *gluster = installer->gluster;
        int pause_ms = CANARY_PAUSE_FIRST_MS;

        while (brick->port != 0) {
                enum known held = KNOWN_UNKNOWN;
                struct fault asked = { 0 };

                gluster->canary(gluster->context, volume->storage->volume, brick, generation, &held, &asked);
                if (held == KNOWN_PRESENT)
                        return 0;
                if (clock_monotonic_ms(installer->clock) >= deadline_ms || atomic_load(installer->stop))
                        return fault_set(fault, FAULT_TIMEOUT, "wait for brick %s to take the access list: %s",
                                         brick->path,
                                         held == KNOWN_ABSENT ? "it still holds an older one" : asked.text);
                poll(NULL, 0, pause_ms);
                pause_ms = pause_ms * 2 > CANARY_PAUSE_LAST_MS ? CANARY_PAUSE_LAST_MS : pause_ms * 2;
        }
        return 0;
}

/* The list of this generation, made of the shares as they are now, is being put in force. */
static void enforced_note(struct volume_state *volume, uint64_t generation)
{
        volume->enforced = generation;
        volume->enforced_revision = volume->revision;
        address_bag_fini(&volume->behind);
}

/* The list stands at every node that can be told: puts it in force and waits for all bricks. Each is asked, for
 * the receipts tell storage nodes apart; the first fault is told. */
static int list_enforce(const struct volume_installer *installer, struct volume_state *volume,
                        const struct volume_seen *seen, const struct access_list *list, struct fault *fault)
{
        const struct gluster_volume *gluster = installer->gluster;
        int failed = gluster->install(gluster->context, volume->storage->volume, list, fault);
        int64_t deadline_ms = clock_monotonic_ms(installer->clock) + CANARY_DEADLINE_MS;
        struct fault first = { 0 };

        if (failed)
                return failed;
        enforced_note(volume, list->generation);
        for (size_t i = 0; i < seen->brick_count; i++) {
                const struct volume_brick *brick = &seen->bricks[i];
                struct fault late = { 0 };

                if (brick_await(installer, volume, brick, list->generation, deadline_ms, &late) == 0)
                        continue;
                address_bag_add(&volume->behind, &brick->address, 1);
                if (first.code == FAULT_NONE)
                        first = late;
        }
        if (first.code != FAULT_NONE)
                *fault = first;
        return -(int)first.code;
}

/* Installs `list` under a new generation. */
static int list_install(const struct volume_installer *installer, struct volume_state *volume,
                        const struct volume_seen *seen, struct access_list *list, struct fault *fault)
{
        bool takes_away = volume->unsure || !access_list_covers(list, &volume->installed);
        struct fault untold = { 0 };

        if (seen->generation > volume->generation)
                volume->generation = seen->generation;
        list->generation = ++volume->generation;
        volume->installed.generation = 0;
        if (installer->pool)
                pool_take_list(installer->pool, volume->storage->volume, list, MEMBERS_MS, &untold);
        if (untold.code != FAULT_NONE && !takes_away) {
                *fault = untold;
                return -(int)fault->code;
        }
        volume->unsure = true;
        int failed = list_enforce(installer, volume, seen, list, fault);
        if (untold.code != FAULT_NONE) {
                *fault = untold;
                failed = -(int)fault->code;
        }
        if (failed)
                return failed;
        access_list_fini(&volume->installed);
        volume->installed = *list;
        *list = (struct access_list){ 0 };
        volume->unsure = false;
        return 0;
}

void volume_list_adopt(struct volume_state *volume, uint64_t generation)
{
        access_list_fini(&volume->installed);
        shares_list(&volume->shares, volume->storage->addresses, volume->storage->address_count,
                    &volume->installed);
        volume->installed.generation = generation;
        enforced_note(volume, generation);
        if (volume->generation < generation)
                volume->generation = generation;
}

int volume_list_follow(const struct volume_installer *installer, struct volume_state *volume,
                       const struct volume_seen *seen, struct access_list *list, struct fault *fault)
{
        uint64_t installed = volume->installed.generation;

        if (installed != 0 && seen->generation == installed && access_list_equal(list, &volume->installed) &&
            (!installer->pool || pool_holds_list(installer->pool, installed))) {
                enforced_note(volume, installed);
                return 0;
        }
        return list_install(installer, volume, seen, list, fault);
}
