/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading back what libnftables lists of a set: whatever it says, what is taken is a list of addresses of the
 * set's family that lists again as it was read.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/firewall/ruleset.h"

/* `listing` as that of set `which`, beside empty ones. */
static int read_one(const char *listing, int which, struct firewall_set *set)
{
        char *listings[RULESET_SETS];

        for (int i = 0; i < RULESET_SETS; i++)
                listings[i] = i == which ? memory_text(listing)
                                         : memory_format("table inet gatehouse { set %s { type %s } }",
                                                         ruleset_sets[i].name, ruleset_sets[i].type);
        int failed = ruleset_read(listings, set, NULL);
        for (int i = 0; i < RULESET_SETS; i++)
                free(listings[i]);
        return failed;
}

/* Item `i` of what set `which` gave; false when there are no more. */
static bool item_list(const struct firewall_set *set, int which, size_t i, struct text *text)
{
        bool bound = ruleset_sets[which].role == ROLE_BOUND;
        size_t count = bound ? set->binding_count : set->peer_count + set->pair_count;
        char literal[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE];

        if (ruleset_sets[which].role == ROLE_HELD) {
                text_add(text, i < set->nfs_held ? "2049" : "");
                return i < set->nfs_held;
        }
        if (i >= count)
                return false;
        text_add(text, address_format(bound             ? &set->bindings[i].address
                                      : set->peer_count ? &set->peers[i]
                                                        : &set->pairs[i].address,
                                      literal));
        if (bound)
                text_addf(text, " . %s", mac_format(&set->bindings[i].mac, mac));
        return true;
}

static void list(const struct firewall_set *set, int which, struct text *text)
{
        AUTO_TEXT struct text items = { 0 }, item = { 0 };

        for (size_t i = 0; item_list(set, which, i, &item); i++, text_clear(&item))
                text_addf(&items, "%s%s", i ? ",\n\t\t\t     " : "", text_get(&item));
        text_addf(text, "table inet gatehouse {\n\tset %s {\n\t\ttype %s\n", ruleset_sets[which].name,
                  ruleset_sets[which].type);
        if (items.length > 0)
                text_addf(text, "\t\telements = { %s }\n", text_get(&items));
        text_add(text, "\t}\n}\n");
}

static void read_as(const char *listing, int which)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 }, again = { 0 };
        AUTO_TEXT struct text text = { 0 };

        if (read_one(listing, which, &set)) {
                FUZZ_HOLDS(set.peer_count + set.pair_count + set.binding_count + set.nfs_held == 0);
                return;
        }
        FUZZ_HOLDS(set.peer_count == 0 || set.pair_count == 0);
        list(&set, which, &text);
        FUZZ_HOLDS(read_one(text_get(&text), which, &again) == 0);
        FUZZ_HOLDS(firewall_set_equal(&set, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_TEXT struct text listing = { 0 };

        text_add_bytes(&listing, data, size);
        for (int which = 0; which < RULESET_SETS; which++)
                read_as(text_get(&listing), which);
        return 0;
}
