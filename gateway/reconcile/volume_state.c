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
        volume_differences_fini(&volume->findings);
        address_bag_fini(&volume->bricks);
        address_bag_fini(&volume->behind);
        text_fini(&volume->brick_names);
        free(volume->renewal.told);
        free(volume);
}

struct volume_state *volume_state_get(struct pmap *volumes, const struct storage *storage)
{
        const char *name = storage->document.id;
        struct volume_state *volume = pmap_find(*volumes, name, strlen(name));

        if (volume && strcmp(volume->storage->volume, storage->volume) != 0) {
                pmap_remove(volumes, name, strlen(name));
                volume = NULL;
        }
        if (!volume) {
                volume = NEW(struct volume_state);
                shared_init(volume, volume_state_free);
                volume->dirty = volume->unsure = true;
                pmap_put(volumes, name, strlen(name), volume);
                shared_put(volume);
        }
        volume->gone = false;
        if (volume->storage != storage) {
                shared_put(volume->storage);
                volume->storage = shared_get(storage);
                volume->secured = false;
                volume_state_doubt(volume);
        }
        return volume;
}

void volume_state_doubt(struct volume_state *volume)
{
        volume->dirty = true;
        volume->gathers = false;
}

void volume_state_touch(struct volume_state *volume)
{
        volume_state_doubt(volume);
        volume->door_told = false;
}

void volume_state_grow(struct volume_state *volume)
{
        volume->gathers = volume->gathers || !volume->dirty;
        volume->dirty = true;
}

int64_t volume_state_gathers_until(struct volume_state *volume, int64_t now_ms)
{
        if (!volume->dirty || !volume->gathers || volume->retry_at_ms || volume->awaited == 0) {
                volume->gathering_ms = 0;
                return 0;
        }
        if (volume->gathering_ms == 0)
                volume->gathering_ms = now_ms;
        int64_t until_ms = volume->gathering_ms + VOLUME_GATHER_MS;
        return until_ms > now_ms ? until_ms : 0;
}

void volumes_mark_gone(struct pmap volumes, const struct snapshot *snapshot)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                struct volume_state *volume = entry.value;
                const struct storage *storage = snapshot_storage(snapshot, volume->storage->document.id);

                volume->gone = !storage || storage->kind != STORAGE_CLUSTER;
        }
}

/* One that can be dropped, or NULL. */
static const struct volume_state *volume_to_drop(struct pmap volumes)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct volume_state *volume = entry.value;

                if (volume->gone && volume->list_seen && pmap_count(volume->shares.by_id) == 0 &&
                    pmap_count(volume->shares.leaving) == 0)
                        return volume;
        }
        return NULL;
}

void volumes_let_go(struct pmap *volumes)
{
        const struct volume_state *volume;

        while ((volume = volume_to_drop(*volumes))) {
                AUTO_FREE char *name = memory_text(volume->storage->document.id);

                pmap_remove(volumes, name, strlen(name));
        }
}

const struct volume_state *volumes_beside(struct pmap volumes, const struct volume_state *volume)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct volume_state *other = entry.value;

                if (other != volume && !other->gone)
                        return other;
        }
        return NULL;
}

#define LOOKS_AT_NEW_BRICKS 2

/* Remembers which bricks there are; bricks that are new are no news at the first look. */
static void bricks_note(struct volume_state *volume, const struct volume_seen *seen)
{
        AUTO_TEXT struct text names = { 0 };
        struct text older = volume->brick_names;

        for (size_t i = 0; i < seen->brick_count; i++) {
                char address[ADDRESS_TEXT_SIZE];

                text_addf(&names, "%s:%s\n", address_format(&seen->bricks[i].address, address),
                          seen->bricks[i].path);
        }
        if (older.length > 0 && strcmp(text_get(&older), text_get(&names)) != 0)
                volume->directories_due = LOOKS_AT_NEW_BRICKS;
        volume->brick_names = names;
        names = older;
}

void volume_state_looked(struct volume_state *volume, const struct volume_seen *seen)
{
        volume->looked = true;
        if (seen->known == KNOWN_PRESENT) {
                address_bag_fini(&volume->bricks);
                bricks_note(volume, seen);
        }
        for (size_t i = 0; i < seen->brick_count; i++)
                if (seen->bricks[i].address.family != ADDRESS_NONE)
                        address_bag_add(&volume->bricks, &seen->bricks[i].address, 1);
}

void volume_directories_again(struct volume_state *volume, struct directories *directories)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        if (volume->directories_due == 0)
                return;
        volume->directories_due--;
        pmap_first(volume->shares.by_id, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct share *share = entry.value;

                directories_doubt(directories, share->storage, share->export);
        }
}

int volume_state_check(const struct volume_state *volume, const struct volume_seen *seen, struct fault *fault)
{
        const char *name = volume->storage->volume;

        if (seen->known == KNOWN_ABSENT)
                return fault_set(fault, FAULT_UNAVAILABLE,
                                 "look at volume %s: glusterd knows no volume of this name", name);
        if (seen->known == KNOWN_UNKNOWN)
                return fault_set(fault, FAULT_UNAVAILABLE, "look at volume %s: glusterd did not say", name);
        if (!seen->started)
                return fault_set(fault, FAULT_UNAVAILABLE, "look at volume %s: it is not started", name);
        return 0;
}

uint64_t volume_state_let_go(const struct volume_state *volume, const struct address *node, uint64_t newest)
{
        if (volume->list_seen && !volume->gone && !volume->dirty && volume->fault.code == FAULT_NONE)
                return newest;
        for (size_t i = 0; i < volume->behind.count; i++)
                if (address_equal(&volume->behind.items[i], node))
                        return 0;
        return volume->enforced ? volume->enforced_revision : 0;
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

bool volumes_settled(struct pmap volumes)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct volume_state *volume = entry.value;

                if (volume->dirty || volume->failures > 0 || volume->retry_at_ms || volume->unready > 0)
                        return false;
        }
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
                const struct volume_state *volume = entry.value;

                if (!volume->gone)
                        address_bag_add(peers, volume->bricks.items, volume->bricks.count);
        }
        address_bag_tidy(peers);
}

const struct volume_state *volumes_only(struct pmap volumes)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        return pmap_count(volumes) == 1 && pmap_next(&cursor, &entry) ? entry.value : NULL;
}

void volumes_doubt(struct pmap volumes)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                struct volume_state *volume = entry.value;

                volume_state_doubt(volume);
                if (volume->retry_at_ms)
                        volume->retry_at_ms = 1; /* long past */
        }
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
