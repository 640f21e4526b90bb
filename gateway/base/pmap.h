/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A persistent (path-copying) ordered map from strings to shared objects. A map is a value: changing it gives
 * a new map and leaves every older one as it was, in O(log n) time and memory, so that a snapshot of 50,000
 * exports costs nothing to take and readers never lock. What only one map has is changed in place, so that filling
 * a map costs no copies. Used for the indexes of domain/snapshot.h only.
 *
 * Keys are byte strings with an explicit length (they may hold NUL as a separator of parts), ordered by
 * memcmp, shorter first. Nodes are shared between maps with atomic counts; any thread may drop a map.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct pmap_node;

/* Zeroed = empty. Copy with pmap_dup, drop with pmap_fini. */
struct pmap {
        struct pmap_node *root;
};

struct pmap pmap_dup(struct pmap map);
void pmap_fini(struct pmap *map);

/* Sets `key` to `value` (an object that begins with a struct shared; the map takes its own reference). */
void pmap_put(struct pmap *map, const void *key, size_t key_length, const void *value);

/* Removes `key`; false when it was not there. */
bool pmap_remove(struct pmap *map, const void *key, size_t key_length);

/* The value of `key` or NULL; borrowed, valid while any map that holds it lives. */
void *pmap_find(struct pmap map, const void *key, size_t key_length);

/* Number of entries; O(1). */
size_t pmap_count(struct pmap map);

/* Walks in key order. Start: pmap_first(map, key) puts the cursor on the first entry with a key >= `key`
 * (NULL, 0 = the very first); then pmap_next until it gives false. The map must outlive the cursor. */
#define PMAP_DEPTH_MAX 96
struct pmap_cursor {
        const struct pmap_node *path[PMAP_DEPTH_MAX];
        int depth;
};
struct pmap_entry {
        const void *key;
        size_t key_length;
        void *value;
};
void pmap_first(struct pmap map, const void *key, size_t key_length, struct pmap_cursor *cursor);
bool pmap_next(struct pmap_cursor *cursor, struct pmap_entry *entry);

/* Whether `entry`'s key begins with `prefix`: ends a walk over one part of a compound index. */
bool pmap_entry_has_prefix(const struct pmap_entry *entry, const void *prefix, size_t prefix_length);

/* Tells what is different: `each` gets every key whose value is not the very same object in both maps, with the
 * older and newer value (NULL = not there). Parts that the maps share are not looked at, so that the cost grows
 * with the number of changes. `each` must not touch the maps. */
void pmap_diff(struct pmap older, struct pmap newer,
               void (*each)(void *context, const void *key, size_t key_length, void *old_value, void *new_value),
               void *context);
