/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/tally.h"

#include <assert.h>

#include "base/memory.h"

struct tally_count {
        struct shared shared;
        struct address address;
        size_t count;
};

/* struct address is bytes without padding, family first: its memory order is that of address_compare. */
static_assert(sizeof(struct address) == 17, "an address is its own key");

void tally_fini(struct tally *tally)
{
        pmap_fini(&tally->counts);
        pmap_fini(&tally->ended);
}

void tally_add(struct tally *tally, const struct address *address)
{
        struct tally_count *count = pmap_find(tally->counts, address, sizeof *address);

        if (!count) {
                count = NEW(struct tally_count);
                shared_init(count, free);
                count->address = *address;
                pmap_put(&tally->counts, address, sizeof *address, count);
                shared_put(count);
        }
        if (count->count++ == 0)
                pmap_remove(&tally->ended, address, sizeof *address);
}

void tally_drop(struct tally *tally, const struct address *address)
{
        struct tally_count *count = pmap_find(tally->counts, address, sizeof *address);

        assert(count && count->count > 0);
        if (--count->count == 0)
                pmap_put(&tally->ended, address, sizeof *address, count);
}

struct address *tally_take_ended(struct tally *tally, size_t *count)
{
        struct address *addresses = memory_new(pmap_count(tally->ended), sizeof *addresses);
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        *count = 0;
        pmap_first(tally->ended, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                addresses[(*count)++] = ((struct tally_count *)entry.value)->address;
                pmap_remove(&tally->counts, entry.key, entry.key_length);
        }
        pmap_fini(&tally->ended);
        return addresses;
}

struct address *tally_wanted(const struct tally *tally, size_t *count)
{
        struct address *addresses = memory_new(pmap_count(tally->counts), sizeof *addresses);
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        *count = 0;
        pmap_first(tally->counts, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                if (((struct tally_count *)entry.value)->count > 0)
                        addresses[(*count)++] = ((struct tally_count *)entry.value)->address;
        return addresses;
}
