/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/address_bag.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void address_bag_fini(struct address_bag *bag)
{
        free(bag->items);
        *bag = (struct address_bag){ 0 };
}

void address_bag_add(struct address_bag *bag, const struct address *addresses, size_t count)
{
        if (count == 0)
                return;
        if (bag->count + count > bag->capacity) {
                bag->capacity = 2 * (bag->count + count);
                bag->items = memory_resize(bag->items, bag->capacity, sizeof *bag->items);
        }
        memcpy(bag->items + bag->count, addresses, count * sizeof *addresses);
        bag->count += count;
}

static int address_order(const void *a, const void *b)
{
        return address_compare(a, b);
}

void address_bag_tidy(struct address_bag *bag)
{
        size_t kept = 0;

        if (bag->count == 0)
                return;
        qsort(bag->items, bag->count, sizeof *bag->items, address_order);
        for (size_t i = 1; i < bag->count; i++)
                if (!address_equal(&bag->items[kept], &bag->items[i]))
                        bag->items[++kept] = bag->items[i];
        bag->count = kept + 1;
}

bool address_bag_holds(const struct address_bag *bag, const struct address *address)
{
        return bag->count > 0 && bsearch(address, bag->items, bag->count, sizeof *address, address_order);
}
