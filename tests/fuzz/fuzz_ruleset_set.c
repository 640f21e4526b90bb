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

/* `listing` as that of set `which`, beside five empty ones. */
static int read_one(const char *listing, int which, struct firewall_set *set)
{
        char *listings[RULESET_SETS];

        for (int i = 0; i < RULESET_SETS; i++)
                listings[i] = i == which ? memory_text(listing)
                                         : memory_format("table inet gatehouse { set %s { type %s } }",
                                                         ruleset_set_name(i), i % 2 ? "ipv6_addr" : "ipv4_addr");
        int failed = ruleset_read(listings, set, NULL);
        for (int i = 0; i < RULESET_SETS; i++)
                free(listings[i]);
        return failed;
}

static void list(const struct firewall_set *set, int which, struct text *text)
{
        char literal[ADDRESS_TEXT_SIZE];
        size_t count = set->peer_count + set->pair_count;

        text_addf(text, "table inet gatehouse {\n\tset %s {\n\t\ttype %s\n", ruleset_set_name(which),
                  which % 2 ? "ipv6_addr" : "ipv4_addr");
        for (size_t i = 0; i < count; i++)
                text_addf(text, "%s%s", i ? ",\n\t\t\t     " : "\t\telements = { ",
                          address_format(set->peer_count ? &set->peers[i] : &set->pairs[i].address, literal));
        text_add(text, count ? " }\n\t}\n}\n" : "\t}\n}\n");
}

static void read_as(const char *listing, int which)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 }, again = { 0 };
        AUTO_TEXT struct text text = { 0 };

        if (read_one(listing, which, &set)) {
                FUZZ_HOLDS(set.peer_count + set.pair_count == 0);
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
