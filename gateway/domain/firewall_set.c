/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/firewall_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int firewall_pair_compare(const struct firewall_pair *a, const struct firewall_pair *b)
{
        if (a->service != b->service)
                return a->service < b->service ? -1 : 1;
        return address_compare(&a->address, &b->address);
}

int firewall_binding_compare(const struct firewall_binding *a, const struct firewall_binding *b)
{
        int order = address_compare(&a->address, &b->address);

        return order ? order : mac_compare(&a->mac, &b->mac);
}

void firewall_set_fini(struct firewall_set *set)
{
        free(set->peers);
        free(set->pairs);
        free(set->bindings);
        *set = (struct firewall_set){ 0 };
}

static int address_order(const void *a, const void *b)
{
        return address_compare(a, b);
}

void firewall_set_peers(struct firewall_set *set, const struct address *peers, size_t peer_count)
{
        free(set->peers);
        set->peers = memory_new(peer_count, sizeof *peers);
        set->peer_count = peer_count;
        if (peer_count == 0)
                return;
        memcpy(set->peers, peers, peer_count * sizeof *peers);
        qsort(set->peers, peer_count, sizeof *peers, address_order);
        set->peer_count = 1;
        for (size_t i = 1; i < peer_count; i++)
                if (!address_equal(&set->peers[i], &set->peers[set->peer_count - 1]))
                        set->peers[set->peer_count++] = set->peers[i];
}

static int binding_order(const void *a, const void *b)
{
        return firewall_binding_compare(a, b);
}

void firewall_set_bindings(struct firewall_set *set, const struct firewall_binding *bindings, size_t count)
{
        free(set->bindings);
        set->bindings = memory_new(count, sizeof *bindings);
        set->binding_count = 0;
        if (count == 0)
                return;
        memcpy(set->bindings, bindings, count * sizeof *bindings);
        qsort(set->bindings, count, sizeof *bindings, binding_order);
        for (size_t i = 0; i < count; i++)
                if (i == 0 || firewall_binding_compare(&set->bindings[i], &set->bindings[set->binding_count - 1]))
                        set->bindings[set->binding_count++] = set->bindings[i];
}

static bool bindings_have(const struct firewall_set *bound, const struct firewall_binding *binding)
{
        return bound->binding_count > 0 &&
               bsearch(binding, bound->bindings, bound->binding_count, sizeof *binding, binding_order);
}

void firewall_set_rebind(struct firewall_set *set, const struct firewall_binding *removed, size_t removed_count,
                         const struct firewall_binding *added, size_t added_count)
{
        AUTO_FREE struct firewall_binding *next = memory_new(set->binding_count + added_count, sizeof *next);
        AUTO_FIREWALL_SET struct firewall_set leaving = { 0 };
        size_t count = 0;

        firewall_set_bindings(&leaving, removed, removed_count); /* sorted, to be searched */
        for (size_t i = 0; i < set->binding_count; i++)
                if (!bindings_have(&leaving, &set->bindings[i]))
                        next[count++] = set->bindings[i];
        for (size_t i = 0; i < added_count; i++)
                next[count++] = added[i];
        firewall_set_bindings(set, next, count);
}

/* Where `pair` is, or would be. */
static size_t pair_place(const struct firewall_set *set, const struct firewall_pair *pair)
{
        size_t low = 0, high = set->pair_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (firewall_pair_compare(&set->pairs[middle], pair) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool pair_is_at(const struct firewall_set *set, size_t place, const struct firewall_pair *pair)
{
        return place < set->pair_count && firewall_pair_compare(&set->pairs[place], pair) == 0;
}

bool firewall_set_has(const struct firewall_set *set, const struct firewall_pair *pair)
{
        return pair_is_at(set, pair_place(set, pair), pair);
}

bool firewall_set_open(struct firewall_set *set, const struct firewall_pair *pair)
{
        size_t place = pair_place(set, pair);

        if (pair_is_at(set, place, pair))
                return false;
        if (set->pair_count == set->pair_capacity) {
                set->pair_capacity = set->pair_capacity ? 2 * set->pair_capacity : 16;
                set->pairs = memory_resize(set->pairs, set->pair_capacity, sizeof *set->pairs);
        }
        memmove(set->pairs + place + 1, set->pairs + place, (set->pair_count - place) * sizeof *set->pairs);
        set->pairs[place] = *pair;
        set->pair_count++;
        return true;
}

bool firewall_set_close(struct firewall_set *set, const struct firewall_pair *pair)
{
        size_t place = pair_place(set, pair);

        if (!pair_is_at(set, place, pair))
                return false;
        set->pair_count--;
        memmove(set->pairs + place, set->pairs + place + 1, (set->pair_count - place) * sizeof *set->pairs);
        return true;
}

static int pair_order(const void *a, const void *b)
{
        return firewall_pair_compare(a, b);
}

void firewall_set_open_all(struct firewall_set *set, const struct firewall_pair *pairs, size_t count)
{
        size_t kept = 0;

        if (count == 0)
                return;
        set->pair_capacity = set->pair_count + count;
        set->pairs = memory_resize(set->pairs, set->pair_capacity, sizeof *set->pairs);
        memcpy(set->pairs + set->pair_count, pairs, count * sizeof *pairs);
        qsort(set->pairs, set->pair_capacity, sizeof *set->pairs, pair_order);
        for (size_t i = 0; i < set->pair_capacity; i++)
                if (kept == 0 || firewall_pair_compare(&set->pairs[kept - 1], &set->pairs[i]) != 0)
                        set->pairs[kept++] = set->pairs[i];
        set->pair_count = kept;
}

bool firewall_set_equal(const struct firewall_set *a, const struct firewall_set *b)
{
        if (a->peer_count != b->peer_count || a->pair_count != b->pair_count ||
            a->binding_count != b->binding_count || a->nfs_held != b->nfs_held)
                return false;
        for (size_t i = 0; i < a->peer_count; i++)
                if (!address_equal(&a->peers[i], &b->peers[i]))
                        return false;
        for (size_t i = 0; i < a->pair_count; i++)
                if (firewall_pair_compare(&a->pairs[i], &b->pairs[i]) != 0)
                        return false;
        for (size_t i = 0; i < a->binding_count; i++)
                if (firewall_binding_compare(&a->bindings[i], &b->bindings[i]) != 0)
                        return false;
        return true;
}

void firewall_set_compare(const struct firewall_set *was, const struct firewall_set *is,
                          void (*each)(void *context, const struct firewall_pair *pair, bool opened),
                          void *context)
{
        size_t i = 0, j = 0;

        while (i < was->pair_count || j < is->pair_count) {
                int order = i == was->pair_count  ? 1
                            : j == is->pair_count ? -1
                                                  : firewall_pair_compare(&was->pairs[i], &is->pairs[j]);

                if (order < 0)
                        each(context, &was->pairs[i], false);
                else if (order > 0)
                        each(context, &is->pairs[j], true);
                i += order <= 0;
                j += order >= 0;
        }
}

const char *const firewall_service_words[] = { "nfs", "gluster", NULL };

const char *firewall_service_word(enum firewall_service service)
{
        return firewall_service_words[service];
}
