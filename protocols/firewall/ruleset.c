/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/ruleset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NFS_PORT 2049
#define GLUSTERD_PORT 24007

struct port_range {
        uint16_t first, last;
};

/* portmap, NFS, etcd, NFS's mountd, glusterd. */
static const struct port_range fixed_ranges[] = {
        { 111, 111 }, { NFS_PORT, NFS_PORT }, { 2379, 2380 }, { 20048, 20048 }, { GLUSTERD_PORT, 24009 },
};

#define RANGES_MAX (ARRAY_SIZE(fixed_ranges) + 2)

static size_t guarded_ranges(const struct firewall_ports *ports, struct port_range ranges[RANGES_MAX])
{
        size_t count = 0;

        for (; count < ARRAY_SIZE(fixed_ranges); count++)
                ranges[count] = fixed_ranges[count];
        ranges[count++] = (struct port_range){ ports->brick_first, ports->brick_last };
        if (ports->volfiled)
                ranges[count++] = (struct port_range){ ports->volfiled, ports->volfiled };
        return count;
}

int firewall_ports_check(const struct firewall_ports *ports, struct fault *fault)
{
        struct port_range ranges[RANGES_MAX];
        size_t count = guarded_ranges(ports, ranges);

        for (size_t i = ARRAY_SIZE(fixed_ranges); i < count; i++) {
                if (ranges[i].first < 1024 || ranges[i].first > ranges[i].last)
                        return fault_set(fault, FAULT_INVALID, "guard ports %u-%u: a range above 1023 is needed",
                                         ranges[i].first, ranges[i].last);
                for (size_t j = 0; j < i; j++)
                        if (ranges[i].first <= ranges[j].last && ranges[j].first <= ranges[i].last)
                                return fault_set(fault, FAULT_INVALID, "guard ports %u-%u: %u-%u is in use",
                                                 ranges[i].first, ranges[i].last, ranges[j].first, ranges[j].last);
        }
        return 0;
}

bool ruleset_guards(const struct firewall_ports *ports, uint16_t port)
{
        struct port_range ranges[RANGES_MAX];
        size_t count = guarded_ranges(ports, ranges);

        for (size_t i = 0; i < count; i++)
                if (port >= ranges[i].first && port <= ranges[i].last)
                        return true;
        return false;
}

static uint16_t volfile_port(const struct firewall_ports *ports)
{
        return ports->volfiled ? ports->volfiled : GLUSTERD_PORT;
}

enum firewall_service ruleset_service(const struct firewall_ports *ports, uint16_t port)
{
        if (port == NFS_PORT)
                return SERVICE_NFS;
        if (port == volfile_port(ports) || (port >= ports->brick_first && port <= ports->brick_last))
                return SERVICE_GLUSTER;
        return SERVICE_COUNT;
}

bool ruleset_admits(const struct firewall_set *set, const struct firewall_ports *ports, uint16_t port,
                    const struct address *from)
{
        enum firewall_service service = ruleset_service(ports, port);

        if (!ruleset_guards(ports, port))
                return true;
        for (size_t i = 0; i < set->peer_count; i++)
                if (address_equal(&set->peers[i], from))
                        return true;
        return service != SERVICE_COUNT && firewall_set_has(set, &(struct firewall_pair){ *from, service });
}

/* --- Sets --------------------------------------------------------------------------------------------------- */

#define ROLE_PEER SERVICE_COUNT

static const struct {
        const char *name;
        enum address_family family;
        int role; /* enum firewall_service, or ROLE_PEER */
} sets[RULESET_SETS] = {
        { "peers4", ADDRESS_V4, ROLE_PEER },         { "peers6", ADDRESS_V6, ROLE_PEER },
        { "nfs4", ADDRESS_V4, SERVICE_NFS },         { "nfs6", ADDRESS_V6, SERVICE_NFS },
        { "gluster4", ADDRESS_V4, SERVICE_GLUSTER }, { "gluster6", ADDRESS_V6, SERVICE_GLUSTER },
};

const char *ruleset_set_name(int which)
{
        assert(which >= 0 && which < RULESET_SETS);
        return sets[which].name;
}

static const char *type_word(enum address_family family)
{
        return family == ADDRESS_V4 ? "ipv4_addr" : "ipv6_addr";
}

/* Prints the addresses of `set` that belong into set `which`, between `before` and `after`; nothing when there are
 * none, since an empty list of elements is a syntax error. */
static void print_elements(const struct firewall_set *set, int which, const char *before, const char *after,
                           struct text *text)
{
        bool of_peers = sets[which].role == ROLE_PEER;
        size_t total = of_peers ? set->peer_count : set->pair_count, count = 0;
        char literal[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < total; i++) {
                const struct address *address = of_peers ? &set->peers[i] : &set->pairs[i].address;

                if (address->family != sets[which].family ||
                    (!of_peers && (int)set->pairs[i].service != sets[which].role))
                        continue;
                text_add(text, count++ == 0 ? before : ", ");
                text_add(text, address_format(address, literal));
        }
        if (count > 0)
                text_add(text, after);
}

static void print_sets(const struct firewall_set *set, struct text *text)
{
        for (int which = 0; which < RULESET_SETS; which++) {
                text_addf(text, "\tset %s {\n\t\ttype %s\n", sets[which].name, type_word(sets[which].family));
                print_elements(set, which, "\t\telements = { ", " }\n", text);
                text_add(text, "\t}\n");
        }
}

/* --- Rules -------------------------------------------------------------------------------------------------- */

static void print_guarded_ports(const struct firewall_ports *ports, struct text *text)
{
        struct port_range ranges[RANGES_MAX];
        size_t count = guarded_ranges(ports, ranges);

        for (size_t i = 0; i < count; i++)
                text_addf(text, "%s%u-%u", i ? ", " : "{ ", ranges[i].first, ranges[i].last);
        text_add(text, " }");
}

/* Priority: before the usual filter, so that a counter there sees what is let through. It does not matter for the
 * outcome: accepting ends this chain only, refusing is final. */
static void print_input(const struct firewall_ports *ports, struct text *text)
{
        text_add(text, "\tchain input {\n"
                       "\t\ttype filter hook input priority -10; policy accept;\n"
                       "\t\tiif lo accept\n"
                       "\t\ttcp dport ");
        print_guarded_ports(ports, text);
        text_add(text, " goto guarded\n\t\tudp dport ");
        print_guarded_ports(ports, text);
        text_add(text, " goto guarded\n\t}\n");
}

static void print_guarded(const struct firewall_ports *ports, struct text *text)
{
        unsigned volfiles = volfile_port(ports), first = ports->brick_first, last = ports->brick_last;

        text_add(text, "\tchain guarded {\n"
                       "\t\tip saddr @peers4 accept\n"
                       "\t\tip6 saddr @peers6 accept\n");
        text_addf(text, "\t\ttcp dport %u ip saddr @nfs4 accept\n", NFS_PORT);
        text_addf(text, "\t\ttcp dport %u ip6 saddr @nfs6 accept\n", NFS_PORT);
        text_addf(text, "\t\ttcp dport { %u, %u-%u } ip saddr @gluster4 accept\n", volfiles, first, last);
        text_addf(text, "\t\ttcp dport { %u, %u-%u } ip6 saddr @gluster6 accept\n", volfiles, first, last);
        text_add(text, "\t\tmeta l4proto tcp reject with tcp reset\n"
                       "\t\treject with icmpx port-unreachable\n"
                       "\t}\n");
}

/* Here connection tracking is at work, but it decides on nothing: who is redirected is looked at again in
 * `guarded`, packet by packet, under the port that it was redirected to. */
static void print_redirect(const struct firewall_ports *ports, struct text *text)
{
        text_add(text, "\tchain volfiles {\n"
                       "\t\ttype nat hook prerouting priority -100; policy accept;\n"
                       "\t\tiif lo return\n"
                       "\t\tip saddr @peers4 return\n"
                       "\t\tip6 saddr @peers6 return\n"
                       "\t\tfib daddr type != local return\n");
        text_addf(text, "\t\ttcp dport %u ip saddr @gluster4 redirect to :%u\n", GLUSTERD_PORT, ports->volfiled);
        text_addf(text, "\t\ttcp dport %u ip6 saddr @gluster6 redirect to :%u\n", GLUSTERD_PORT, ports->volfiled);
        text_add(text, "\t}\n");
}

/* Naming a table makes it, so that deleting it cannot fail. (`destroy table` wants Linux 6.3.) */
void ruleset_print_removal(struct text *text)
{
        text_add(text, "table inet " RULESET_TABLE "\ndelete table inet " RULESET_TABLE "\n");
}

void ruleset_print(const struct firewall_set *set, const struct firewall_ports *ports, struct text *text)
{
        ruleset_print_removal(text);
        text_add(text, "table inet " RULESET_TABLE " {\n");
        print_sets(set, text);
        print_input(ports, text);
        print_guarded(ports, text);
        if (ports->volfiled)
                print_redirect(ports, text);
        text_add(text, "}\n");
}

static void print_element_commands(const char *verb, const struct firewall_set *set, struct text *text)
{
        for (int which = 0; which < RULESET_SETS; which++) {
                AUTO_FREE char *before =
                        memory_format("%s element inet " RULESET_TABLE " %s { ", verb, ruleset_set_name(which));

                print_elements(set, which, before, " }\n", text);
        }
}

void ruleset_print_change(const struct firewall_set *closed, const struct firewall_set *opened, struct text *text)
{
        /* Deleting what is not there would fail the transaction; adding what is there does not. */
        print_element_commands("add", closed, text);
        print_element_commands("delete", closed, text);
        print_element_commands("add", opened, text);
}

/* --- Reading back ------------------------------------------------------------------------------------------- */

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
};

#define AUTO_READING __attribute__((cleanup(reading_fini)))
static void reading_fini(struct reading *reading)
{
        free(reading->peers);
        free(reading->pairs);
}

static void reading_add(struct reading *reading, const struct address *address, int role)
{
        if (role == ROLE_PEER) {
                reading->peers = memory_grow(reading->peers, reading->peer_count, sizeof *reading->peers);
                reading->peers[reading->peer_count++] = *address;
                return;
        }
        reading->pairs = memory_grow(reading->pairs, reading->pair_count, sizeof *reading->pairs);
        reading->pairs[reading->pair_count++] = (struct firewall_pair){ *address, (enum firewall_service)role };
}

/* "elements = { A, B }", from the word `elements` on. */
static bool elements_read(struct words *words, int which, struct reading *reading)
{
        static const char *const opening[] = { "=", "{" };
        struct address address;

        if (!word_is(words, "elements") || !words_follow(words, opening, ARRAY_SIZE(opening)))
                return false;
        do {
                if (!word_next(words) || !word_to_address(words, sets[which].family, &address))
                        return false;
                reading_add(reading, &address, sets[which].role);
        } while (word_next(words) && word_is(words, ","));
        return word_is(words, "}");
}

/* One set as it is listed, from the first word to the last. */
static bool set_read(const char *listing, int which, struct reading *reading)
{
        const char *const opening[] = { "table", "inet", RULESET_TABLE,
                                        "{",     "set",  ruleset_set_name(which),
                                        "{",     "type", type_word(sets[which].family) };
        static const char *const closing[] = { "}" };
        struct words words = { listing, 0 };

        if (!words_follow(&words, opening, ARRAY_SIZE(opening)) || !word_next(&words))
                return false;
        if (!word_is(&words, "}") &&
            (!elements_read(&words, which, reading) || !word_next(&words) || !word_is(&words, "}")))
                return false;
        return words_follow(&words, closing, ARRAY_SIZE(closing)) && !word_next(&words);
}

int ruleset_read(char *const listings[RULESET_SETS], struct firewall_set *set, struct fault *fault)
{
        AUTO_READING struct reading reading = { 0 };

        for (int which = 0; which < RULESET_SETS; which++)
                if (!set_read(listings[which], which, &reading))
                        return fault_set(fault, FAULT_INVALID, "read set %s: it is not as it was installed",
                                         sets[which].name);
        firewall_set_peers(set, reading.peers, reading.peer_count);
        firewall_set_open_all(set, reading.pairs, reading.pair_count);
        return 0;
}
