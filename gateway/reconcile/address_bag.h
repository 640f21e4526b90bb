/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses on their way from grants to the packet filter: collected, then sorted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "domain/address.h"

/* Zeroed = empty. */
struct address_bag {
        struct address *items;
        size_t count, capacity;
};

#define AUTO_ADDRESS_BAG __attribute__((cleanup(address_bag_fini)))
void address_bag_fini(struct address_bag *bag);
void address_bag_add(struct address_bag *bag, const struct address *addresses, size_t count);

/* Sorts by address_compare and drops doubles. */
void address_bag_tidy(struct address_bag *bag);
/* Whether `address` is in a tidy bag. */
bool address_bag_holds(const struct address_bag *bag, const struct address *address);
