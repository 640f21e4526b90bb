/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/bindings.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "reconcile/address_bag.h"

void binding_change_fini(struct binding_change *change)
{
        free(change->removed);
        free(change->added);
        *change = (struct binding_change){ 0 };
}

static void node_collect(struct address_bag *addresses, const struct node *node)
{
        if (node && mac_is_usable(&node->mac))
                address_bag_add(addresses, node->addresses, node->address_count);
}

static void node_differs(void *context, const void *key, size_t key_length, void *old_value, void *new_value)
{
        (void)key;
        (void)key_length;
        node_collect(context, old_value);
        node_collect(context, new_value);
}

/* The first binding of `bound` that is not before `address`. */
static size_t binding_place(const struct firewall_set *bound, const struct address *address)
{
        size_t low = 0, high = bound->binding_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (address_compare(&bound->bindings[middle].address, address) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* What the nodes that claim `address` say of it; sorted. */
static void claims_collect(const struct snapshot *snapshot, const struct address *address,
                           struct firewall_set *claims)
{
        AUTO_FREE struct firewall_binding *bindings = NULL;
        struct snapshot_walk walk;
        const struct node *node;
        size_t count = 0;

        snapshot_walk_claimants(&walk, snapshot, address);
        while ((node = (const struct node *)snapshot_walk_next(&walk))) {
                if (!mac_is_usable(&node->mac))
                        continue;
                bindings = memory_grow(bindings, count, sizeof *bindings);
                bindings[count++] = (struct firewall_binding){ *address, node->mac };
        }
        firewall_set_bindings(claims, bindings, count);
}

static void binding_append(struct firewall_binding **items, size_t *count, const struct firewall_binding *binding)
{
        *items = memory_grow(*items, *count, sizeof **items);
        (*items)[(*count)++] = *binding;
}

static void address_follow(const struct firewall_set *bound, const struct snapshot *newer,
                           const struct address *address, struct binding_change *change)
{
        AUTO_FIREWALL_SET struct firewall_set claims = { 0 }, held = { 0 };
        size_t first = binding_place(bound, address), last = first;

        while (last < bound->binding_count && address_equal(&bound->bindings[last].address, address))
                last++;
        if (last > first)
                firewall_set_bindings(&held, bound->bindings + first, last - first);
        claims_collect(newer, address, &claims);
        if (firewall_set_equal(&held, &claims))
                return;
        for (size_t i = 0; i < held.binding_count; i++)
                binding_append(&change->removed, &change->removed_count, &held.bindings[i]);
        for (size_t i = 0; i < claims.binding_count; i++)
                binding_append(&change->added, &change->added_count, &claims.bindings[i]);
}

void bindings_follow(const struct firewall_set *bound, struct pmap older, const struct snapshot *newer,
                     struct binding_change *change)
{
        AUTO_ADDRESS_BAG struct address_bag addresses = { 0 };

        if (!older.root)
                for (size_t i = 0; i < bound->binding_count; i++)
                        address_bag_add(&addresses, &bound->bindings[i].address, 1);
        pmap_diff(older, newer->kinds[DOCUMENT_NODE], node_differs, &addresses);
        address_bag_tidy(&addresses);
        for (size_t i = 0; i < addresses.count; i++)
                address_follow(bound, newer, &addresses.items[i], change);
}
