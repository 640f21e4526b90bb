/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A treap whose priorities are a hash of the key, so that its shape depends on its contents alone. Seidel and
 * Aragon, "Randomized Search Trees" (1996): expected depth about 1.4 log2 n per side; 96 levels are out of reach
 * for the 65,535 exports and the nodes of one account.
 */
#include "base/pmap.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* The key and the value: one immutable block, shared by every version of the tree that holds it. */
struct pmap_item {
        struct shared shared;
        const void *value;
        uint64_t priority;
        size_t key_length;
        unsigned char key[];
};

struct pmap_node {
        struct shared shared;
        struct pmap_node *left, *right;
        struct pmap_item *item;
        size_t count;
};

static void item_free(void *object)
{
        struct pmap_item *item = object;

        shared_put(item->value);
        free(item);
}

static void node_free(void *object)
{
        struct pmap_node *node = object;

        shared_put(node->left);
        shared_put(node->right);
        shared_put(node->item);
        free(node);
}

static unsigned char priority_secret[crypto_shorthash_KEYBYTES];

static void priority_secret_make(void)
{
        randombytes_buf(priority_secret, sizeof priority_secret);
}

/* SipHash-2-4 under a key of this process: users choose parts of the keys (mount paths, names), and must not be
 * able to choose the shape of the tree with them. */
static uint64_t key_priority(const unsigned char *key, size_t length)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        unsigned char hash[crypto_shorthash_BYTES];
        uint64_t priority;

        pthread_once(&once, priority_secret_make);
        crypto_shorthash(hash, key, length, priority_secret);
        memcpy(&priority, hash, sizeof priority);
        return priority;
}

static struct pmap_item *item_new(const void *key, size_t key_length, const void *value)
{
        struct pmap_item *item = memory_new(1, sizeof *item + key_length);

        shared_init(item, item_free);
        item->value = shared_get(value);
        item->priority = key_priority(key, key_length);
        item->key_length = key_length;
        if (key_length > 0)
                memcpy(item->key, key, key_length);
        return item;
}

static int key_compare(const void *a, size_t a_length, const void *b, size_t b_length)
{
        size_t shorter = a_length < b_length ? a_length : b_length;
        int order = shorter > 0 ? memcmp(a, b, shorter) : 0;

        return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* Whether `a` stands above `b` in every tree that holds both. A tie goes by key, so that a set of keys has one
 * shape only: pmap_diff relies on it. */
static bool item_above(const struct pmap_item *a, const struct pmap_item *b)
{
        if (a->priority != b->priority)
                return a->priority > b->priority;
        return key_compare(a->key, a->key_length, b->key, b->key_length) < 0;
}

static size_t node_count(const struct pmap_node *node)
{
        return node ? node->count : 0;
}

/* A new node; takes the references it is given. */
static struct pmap_node *node_new(struct pmap_item *item, struct pmap_node *left, struct pmap_node *right)
{
        struct pmap_node *node = NEW(struct pmap_node);

        shared_init(node, node_free);
        node->item = item;
        node->left = left;
        node->right = right;
        node->count = 1 + node_count(left) + node_count(right);
        return node;
}

/* The node (taken), to be changed: itself when nobody else can see it, or a copy. Whoever walks down from a root
 * of its own and makes each node its own on the way finds with a count of 1 only what no other map has: a node
 * below one that is shared has another reference since that one was copied. */
static struct pmap_node *node_own(struct pmap_node *node)
{
        struct pmap_node *copy;

        if (shared_is_alone(node))
                return node;
        copy = node_new(shared_get(node->item), shared_get(node->left), shared_get(node->right));
        shared_put(node);
        return copy;
}

static struct pmap_node *node_recount(struct pmap_node *node)
{
        node->count = 1 + node_count(node->left) + node_count(node->right);
        return node;
}

/* Splits `node` (taken) into what is before and after `key`, with a new reference each; an equal entry is left out
 * of both. */
static void node_split(struct pmap_node *node, const void *key, size_t key_length, struct pmap_node **before,
                       struct pmap_node **after)
{
        if (!node) {
                *before = *after = NULL;
                return;
        }
        int order = key_compare(key, key_length, node->item->key, node->item->key_length);
        if (order == 0) {
                *before = shared_get(node->left);
                *after = shared_get(node->right);
                shared_put(node);
                return;
        }
        node = node_own(node);
        if (order < 0) {
                node_split(node->left, key, key_length, before, &node->left);
                *after = node_recount(node);
        } else {
                node_split(node->right, key, key_length, &node->right, after);
                *before = node_recount(node);
        }
}

/* Joins two trees of which all keys of `left` come first; takes both. */
static struct pmap_node *node_join(struct pmap_node *left, struct pmap_node *right)
{
        if (!left || !right)
                return left ? left : right;
        if (item_above(left->item, right->item)) {
                left = node_own(left);
                left->right = node_join(left->right, right);
                return node_recount(left);
        }
        right = node_own(right);
        right->left = node_join(left, right->left);
        return node_recount(right);
}

/* Takes both; gives the new tree. */
static struct pmap_node *node_put(struct pmap_node *node, struct pmap_item *item)
{
        struct pmap_node *left, *right;

        if (!node || item_above(item, node->item)) {
                node_split(node, item->key, item->key_length, &left, &right);
                return node_new(item, left, right);
        }
        int order = key_compare(item->key, item->key_length, node->item->key, node->item->key_length);
        node = node_own(node);
        if (order == 0) {
                shared_put(node->item);
                node->item = item;
        } else if (order < 0) {
                node->left = node_put(node->left, item);
        } else {
                node->right = node_put(node->right, item);
        }
        return node_recount(node);
}

/* Takes `node`, which holds `key`; gives the new tree. */
static struct pmap_node *node_remove(struct pmap_node *node, const void *key, size_t key_length)
{
        int order = key_compare(key, key_length, node->item->key, node->item->key_length);

        if (order == 0) {
                struct pmap_node *joined = node_join(shared_get(node->left), shared_get(node->right));

                shared_put(node);
                return joined;
        }
        node = node_own(node);
        if (order < 0)
                node->left = node_remove(node->left, key, key_length);
        else
                node->right = node_remove(node->right, key, key_length);
        return node_recount(node);
}

struct pmap pmap_dup(struct pmap map)
{
        return (struct pmap){ shared_get(map.root) };
}

void pmap_fini(struct pmap *map)
{
        shared_put(map->root);
        map->root = NULL;
}

void pmap_put(struct pmap *map, const void *key, size_t key_length, const void *value)
{
        map->root = node_put(map->root, item_new(key, key_length, value));
}

bool pmap_remove(struct pmap *map, const void *key, size_t key_length)
{
        if (!pmap_find(*map, key, key_length))
                return false;
        map->root = node_remove(map->root, key, key_length);
        return true;
}

void *pmap_find(struct pmap map, const void *key, size_t key_length)
{
        const struct pmap_node *node = map.root;

        while (node) {
                int order = key_compare(key, key_length, node->item->key, node->item->key_length);

                if (order == 0)
                        return (void *)(uintptr_t)node->item->value;
                node = order < 0 ? node->left : node->right;
        }
        return NULL;
}

size_t pmap_count(struct pmap map)
{
        return node_count(map.root);
}

static void cursor_push(struct pmap_cursor *cursor, const struct pmap_node *node)
{
        assert(cursor->depth < PMAP_DEPTH_MAX);
        cursor->path[cursor->depth++] = node;
}

void pmap_first(struct pmap map, const void *key, size_t key_length, struct pmap_cursor *cursor)
{
        const struct pmap_node *node = map.root;

        cursor->depth = 0;
        while (node) {
                if (key_compare(key, key_length, node->item->key, node->item->key_length) <= 0) {
                        cursor_push(cursor, node);
                        node = node->left;
                } else {
                        node = node->right;
                }
        }
}

bool pmap_next(struct pmap_cursor *cursor, struct pmap_entry *entry)
{
        const struct pmap_node *node;

        if (cursor->depth == 0)
                return false;
        node = cursor->path[--cursor->depth];
        *entry = (struct pmap_entry){ node->item->key, node->item->key_length,
                                      (void *)(uintptr_t)node->item->value };
        for (node = node->right; node; node = node->left)
                cursor_push(cursor, node);
        return true;
}

bool pmap_entry_has_prefix(const struct pmap_entry *entry, const void *prefix, size_t prefix_length)
{
        return entry->key_length >= prefix_length && memcmp(entry->key, prefix, prefix_length) == 0;
}

struct diff {
        void (*each)(void *context, const void *key, size_t key_length, void *old_value, void *new_value);
        void *context;
};

static void node_diff(const struct diff *diff, struct pmap_node *older, struct pmap_node *newer);

/* `top` has a key that the other tree cannot hold: it would stand at the root there too. */
static void node_diff_lone(const struct diff *diff, struct pmap_node *top, struct pmap_node *other,
                           bool top_is_older)
{
        const struct pmap_item *item = top->item;
        void *value = (void *)(uintptr_t)item->value;
        struct pmap_node *before, *after;

        node_split(shared_get(other), item->key, item->key_length, &before, &after);
        node_diff(diff, top_is_older ? top->left : before, top_is_older ? before : top->left);
        diff->each(diff->context, item->key, item->key_length, top_is_older ? value : NULL,
                   top_is_older ? NULL : value);
        node_diff(diff, top_is_older ? top->right : after, top_is_older ? after : top->right);
        shared_put(before);
        shared_put(after);
}

static bool node_same_key(const struct pmap_node *a, const struct pmap_node *b)
{
        return key_compare(a->item->key, a->item->key_length, b->item->key, b->item->key_length) == 0;
}

static void node_diff(const struct diff *diff, struct pmap_node *older, struct pmap_node *newer)
{
        if (older == newer)
                return;
        if (older && newer && node_same_key(older, newer)) {
                const struct pmap_item *item = newer->item;

                node_diff(diff, older->left, newer->left);
                if (older->item->value != item->value)
                        diff->each(diff->context, item->key, item->key_length,
                                   (void *)(uintptr_t)older->item->value, (void *)(uintptr_t)item->value);
                node_diff(diff, older->right, newer->right);
                return;
        }
        bool older_on_top = older && (!newer || item_above(older->item, newer->item));

        node_diff_lone(diff, older_on_top ? older : newer, older_on_top ? newer : older, older_on_top);
}

void pmap_diff(struct pmap older, struct pmap newer,
               void (*each)(void *context, const void *key, size_t key_length, void *old_value, void *new_value),
               void *context)
{
        struct diff diff = { each, context };

        node_diff(&diff, older.root, newer.root);
}
