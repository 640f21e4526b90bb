/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/volume_state.h"

#include <string.h>

#include "base/memory.h"

static void volume_state_free(void *object)
{
        struct volume_state *volume = object;

        shared_put(volume->storage);
        shares_fini(&volume->shares);
        access_list_fini(&volume->installed);
        address_bag_fini(&volume->bricks);
        free(volume);
}

struct volume_state *volume_state_get(struct pmap *volumes, const struct storage *storage)
{
        const char *name = storage->document.id;
        struct volume_state *volume = pmap_find(*volumes, name, strlen(name));

        if (!volume) {
                volume = NEW(struct volume_state);
                shared_init(volume, volume_state_free);
                volume->dirty = true;
                pmap_put(volumes, name, strlen(name), volume);
                shared_put(volume);
        }
        if (volume->storage != storage) {
                shared_put(volume->storage);
                volume->storage = shared_get(storage);
                volume->secured = false;
                volume->dirty = true;
        }
        return volume;
}

void volume_state_looked(struct volume_state *volume, const struct volume_seen *seen)
{
        volume->looked = true;
        if (seen->known == KNOWN_PRESENT)
                address_bag_fini(&volume->bricks);
        for (size_t i = 0; i < seen->brick_count; i++)
                if (seen->bricks[i].address.family != ADDRESS_NONE)
                        address_bag_add(&volume->bricks, &seen->bricks[i].address, 1);
}

bool volumes_looked(struct pmap volumes)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                if (!((const struct volume_state *)entry.value)->looked)
                        return false;
        return true;
}

void volumes_peers(struct pmap volumes, const struct snapshot *snapshot, struct address_bag *peers)
{
        struct snapshot_walk walk;
        const struct storage *storage;
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                address_bag_add(peers, storage->addresses, storage->address_count);
        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct address_bag *bricks = &((const struct volume_state *)entry.value)->bricks;

                address_bag_add(peers, bricks->items, bricks->count);
        }
        address_bag_tidy(peers);
}

void volumes_clients(struct pmap volumes, struct address_bag *clients)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                shares_addresses(&((const struct volume_state *)entry.value)->shares, false, clients);
        address_bag_tidy(clients);
}
