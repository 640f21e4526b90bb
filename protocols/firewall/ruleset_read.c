/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/firewall/ruleset.h"

/* Blanks and line ends, which differ between versions of the library, separate words and count for nothing else.
 */
struct words {
        const char *at; /* the present word */
        size_t length;
};

static bool word_next(struct words *words)
{
        words->at += words->length;
        words->at += strspn(words->at, " \t\n");
        words->length = words->at[0] == ',' ? 1 : strcspn(words->at, " \t\n,");
        return words->length > 0;
}

static bool word_is(const struct words *words, const char *expected)
{
        return words->length == strlen(expected) && memcmp(words->at, expected, words->length) == 0;
}

static bool words_follow(struct words *words, const char *const *expected, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (!word_next(words) || !word_is(words, expected[i]))
                        return false;
        return true;
}

static bool word_to_address(const struct words *words, enum address_family family, struct address *address)
{
        char literal[ADDRESS_TEXT_SIZE] = "";

        if (words->length >= sizeof literal)
                return false;
        memcpy(literal, words->at, words->length);
        return address_parse(literal, address) == 0 && address->family == family;
}

/* What has been read so far; arrays of memory_grow. */
struct reading {
        struct address *peers;
        size_t peer_count;
        struct firewall_pair *pairs;
        size_t pair_count;
        struct firewall_binding *bindings;
        size_t binding_count;
        struct address *known;
        size_t known_count;
        bool nfs_held;
};

#define AUTO_READING __attribute__((cleanup(reading_fini)))
static void reading_fini(struct reading *reading)
{
        free(reading->peers);
        free(reading->pairs);
        free(reading->bindings);
        free(reading->known);
}

static void reading_add(struct reading *reading, int role, const struct address *address, const struct mac *mac)
{
        switch (role) {
        case ROLE_PEER:
                reading->peers = memory_grow(reading->peers, reading->peer_count, sizeof *reading->peers);
                reading->peers[reading->peer_count++] = *address;
                return;
        case ROLE_BOUND:
                reading->bindings =
                        memory_grow(reading->bindings, reading->binding_count, sizeof *reading->bindings);
                reading->bindings[reading->binding_count++] = (struct firewall_binding){ *address, *mac };
                return;
        case ROLE_KNOWN:
                reading->known = memory_grow(reading->known, reading->known_count, sizeof *reading->known);
                reading->known[reading->known_count++] = *address;
                return;
        default:
                reading->pairs = memory_grow(reading->pairs, reading->pair_count, sizeof *reading->pairs);
                reading->pairs[reading->pair_count++] =
                        (struct firewall_pair){ *address, (enum firewall_service)role };
        }
}

/* One element, of which the first word is the present one. */
static bool element_read(struct words *words, int which, struct reading *reading)
{
        char mac_text[MAC_TEXT_SIZE] = "", port[8];
        struct address address;
        struct mac mac = { { 0 } };

        if (ruleset_sets[which].role == ROLE_HELD) {
                snprintf(port, sizeof port, "%u", NFS_PORT);
                reading->nfs_held = word_is(words, port);
                return reading->nfs_held;
        }
        if (!word_to_address(words, ruleset_sets[which].family, &address))
                return false;
        if (ruleset_sets[which].role == ROLE_BOUND) {
                if (!word_next(words) || !word_is(words, ".") || !word_next(words) ||
                    words->length >= sizeof mac_text)
                        return false;
                memcpy(mac_text, words->at, words->length);
                if (mac_parse(mac_text, &mac))
                        return false;
        }
        reading_add(reading, ruleset_sets[which].role, &address, &mac);
        return true;
}

/* "elements = { A, B }", from the word `elements` on. */
static bool elements_read(struct words *words, int which, struct reading *reading)
{
        static const char *const opening[] = { "=", "{" };

        if (!word_is(words, "elements") || !words_follow(words, opening, ARRAY_SIZE(opening)))
                return false;
        do {
                if (!word_next(words) || !element_read(words, which, reading))
                        return false;
        } while (word_next(words) && word_is(words, ","));
        return word_is(words, "}");
}

/* The words of a set's type: "ipv4_addr . ether_addr". */
static bool type_follows(struct words *words, const char *type)
{
        struct words expected = { type, 0 };

        while (word_next(&expected))
                if (!word_next(words) || words->length != expected.length ||
                    memcmp(words->at, expected.at, expected.length) != 0)
                        return false;
        return true;
}

/* One set as it is listed, from the first word to the last. */
static bool set_read(const char *listing, int which, struct reading *reading)
{
        const char *const opening[] = { "table", "inet", RULESET_TABLE, "{", "set", ruleset_sets[which].name,
                                        "{",     "type" };
        static const char *const closing[] = { "}" };
        struct words words = { listing, 0 };

        if (!words_follow(&words, opening, ARRAY_SIZE(opening)) ||
            !type_follows(&words, ruleset_sets[which].type) || !word_next(&words))
                return false;
        if (!word_is(&words, "}") &&
            (!elements_read(&words, which, reading) || !word_next(&words) || !word_is(&words, "}")))
                return false;
        return words_follow(&words, closing, ARRAY_SIZE(closing)) && !word_next(&words);
}

/* Whether exactly those addresses are known that are bound. */
static bool known_agree(const struct reading *reading)
{
        AUTO_FIREWALL_SET struct firewall_set bound = { 0 }, known = { 0 };
        AUTO_FREE struct address *addresses = memory_new(reading->binding_count, sizeof *addresses);

        for (size_t i = 0; i < reading->binding_count; i++)
                addresses[i] = reading->bindings[i].address;
        firewall_set_peers(&bound, addresses, reading->binding_count); /* for its order, and without doubles */
        firewall_set_peers(&known, reading->known, reading->known_count);
        return firewall_set_equal(&bound, &known);
}

int ruleset_read(char *const listings[RULESET_SETS], struct firewall_set *set, struct fault *fault)
{
        AUTO_READING struct reading reading = { 0 };

        for (int which = 0; which < RULESET_SETS; which++)
                if (!set_read(listings[which], which, &reading))
                        return fault_set(fault, FAULT_INVALID, "read set %s: it is not as it was installed",
                                         ruleset_sets[which].name);
        if (!known_agree(&reading))
                return fault_set(fault, FAULT_INVALID, "read sets known and bound: they do not agree");
        firewall_set_peers(set, reading.peers, reading.peer_count);
        firewall_set_open_all(set, reading.pairs, reading.pair_count);
        firewall_set_bindings(set, reading.bindings, reading.binding_count);
        set->nfs_held = reading.nfs_held;
        return 0;
}
