/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How many exports want each address let in: tells when the last one goes, so that the packet filter closes
 * before anything else is taken away. Used by one thread.
 */
#pragma once

#include <stddef.h>

#include "base/pmap.h"
#include "domain/address.h"

/* Zeroed = empty. */
struct tally {
        struct pmap counts; /* address -> how many */
        struct pmap ended;  /* those that have come down to none, and have not been taken */
};

void tally_fini(struct tally *tally);

/* One more wish, or one less, for an address. */
void tally_add(struct tally *tally, const struct address *address);
void tally_drop(struct tally *tally, const struct address *address);

/* The addresses that nobody wants any more, since the last call; *count tells how many. Caller frees. */
struct address *tally_take_ended(struct tally *tally, size_t *count);

/* All addresses that somebody wants, sorted by address_compare; caller frees. */
struct address *tally_wanted(const struct tally *tally, size_t *count);
