/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define GLUSTERD_PORT 24007

struct port_range {
        uint16_t first, last;
};

/* portmap, NFS, etcd, NFS's mountd, glusterd, a member of the pool. */
static const struct port_range fixed_ranges[] = {
        { 111, 111 },     { NFS_PORT, NFS_PORT },   { 2379, 2380 },
        { 20048, 20048 }, { GLUSTERD_PORT, 24009 }, { MEMBER_PORT, MEMBER_PORT },
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

const struct ruleset_set ruleset_sets[RULESET_SETS] = {
        { "peers4", "ipv4_addr", ADDRESS_V4, ROLE_PEER },
        { "peers6", "ipv6_addr", ADDRESS_V6, ROLE_PEER },
        { "nfs4", "ipv4_addr", ADDRESS_V4, SERVICE_NFS },
        { "nfs6", "ipv6_addr", ADDRESS_V6, SERVICE_NFS },
        { "gluster4", "ipv4_addr", ADDRESS_V4, SERVICE_GLUSTER },
        { "gluster6", "ipv6_addr", ADDRESS_V6, SERVICE_GLUSTER },
        { "bound4", "ipv4_addr . ether_addr", ADDRESS_V4, ROLE_BOUND },
        { "bound6", "ipv6_addr . ether_addr", ADDRESS_V6, ROLE_BOUND },
        { "known4", "ipv4_addr", ADDRESS_V4, ROLE_KNOWN },
        { "known6", "ipv6_addr", ADDRESS_V6, ROLE_KNOWN },
        { "held", "inet_service", ADDRESS_NONE, ROLE_HELD },
};

#define ELEMENT_SIZE (ADDRESS_TEXT_SIZE + sizeof " . " + MAC_TEXT_SIZE)

static size_t item_count(const struct firewall_set *set, int role)
{
        switch (role) {
        case ROLE_PEER:
                return set->peer_count;
        case ROLE_BOUND:
        case ROLE_KNOWN:
                return set->binding_count;
        case ROLE_HELD:
                return set->nfs_held;
        default:
                return set->pair_count;
        }
}

/* The address of item `i`, NULL when it does not belong into a set of that role. */
static const struct address *item_address(const struct firewall_set *set, int role, size_t i)
{
        switch (role) {
        case ROLE_PEER:
                return &set->peers[i];
        case ROLE_BOUND:
                return &set->bindings[i].address;
        case ROLE_KNOWN: /* once, however many it is bound to */
                return i > 0 && address_equal(&set->bindings[i - 1].address, &set->bindings[i].address)
                               ? NULL
                               : &set->bindings[i].address;
        default:
                return (int)set->pairs[i].service == role ? &set->pairs[i].address : NULL;
        }
}

/* Item `i` of a role as element of set `which`; false when it does not belong there. */
static bool element_format(const struct firewall_set *set, int which, size_t i, char element[ELEMENT_SIZE])
{
        const struct address *address;
        char mac[MAC_TEXT_SIZE];

        if (ruleset_sets[which].role == ROLE_HELD) {
                snprintf(element, ELEMENT_SIZE, "%u", NFS_PORT);
                return true;
        }
        address = item_address(set, ruleset_sets[which].role, i);
        if (!address || address->family != ruleset_sets[which].family)
                return false;
        address_format(address, element);
        if (ruleset_sets[which].role == ROLE_BOUND) {
                size_t length = strlen(element);

                snprintf(element + length, ELEMENT_SIZE - length, " . %s", mac_format(&set->bindings[i].mac, mac));
        }
        return true;
}

/* Prints what of `set` belongs into set `which`, between `before` and `after`; nothing when there is nothing,
 * since an empty list of elements is a syntax error. */
static void print_elements(const struct firewall_set *set, int which, const char *before, const char *after,
                           struct text *text)
{
        size_t total = item_count(set, ruleset_sets[which].role), count = 0;
        char element[ELEMENT_SIZE];

        for (size_t i = 0; i < total; i++) {
                if (!element_format(set, which, i, element))
                        continue;
                text_add(text, count++ == 0 ? before : ", ");
                text_add(text, element);
        }
        if (count > 0)
                text_add(text, after);
}

static void print_sets(const struct firewall_set *set, struct text *text)
{
        for (int which = 0; which < RULESET_SETS; which++) {
                text_addf(text, "\tset %s {\n\t\ttype %s\n", ruleset_sets[which].name, ruleset_sets[which].type);
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
                       "\t\tip6 saddr @peers6 accept\n"
                       "\t\tip saddr @known4 ip saddr . ether saddr != @bound4 drop\n"
                       "\t\tip6 saddr @known6 ip6 saddr . ether saddr != @bound6 drop\n"
                       "\t\ttcp dport @held drop\n");
        text_addf(text, "\t\ttcp dport %u ip saddr @nfs4 goto nfs\n", NFS_PORT);
        text_addf(text, "\t\ttcp dport %u ip6 saddr @nfs6 goto nfs\n", NFS_PORT);
        text_addf(text, "\t\ttcp dport { %u, %u-%u } ip saddr @gluster4 accept\n", volfiles, first, last);
        text_addf(text, "\t\ttcp dport { %u, %u-%u } ip6 saddr @gluster6 accept\n", volfiles, first, last);
        text_add(text, "\t\tmeta l4proto tcp reject with tcp reset\n"
                       "\t\treject with icmpx port-unreachable\n"
                       "\t}\n");
}

/* Who may use NFS. A connection that nobody listens for would be answered with a reset: while NFS-Ganesha is dead
 * and nobody has noticed yet, the kernel itself lets its clients wait. (`transparent` is what every socket has an
 * answer to, be it no or yes; without a socket neither rule speaks.) */
static void print_nfs(bool sockets, struct text *text)
{
        text_add(text, "\tchain nfs {\n");
        if (sockets)
                text_add(text, "\t\ttcp flags & (syn | ack) != syn accept\n"
                               "\t\tsocket transparent 0 accept\n"
                               "\t\tsocket transparent 1 accept\n"
                               "\t\tdrop\n");
        else
                text_add(text, "\t\taccept\n");
        text_add(text, "\t}\n");
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

void ruleset_print(const struct firewall_set *set, const struct firewall_ports *ports, bool sockets,
                   struct text *text)
{
        ruleset_print_removal(text);
        text_add(text, "table inet " RULESET_TABLE " {\n");
        print_sets(set, text);
        print_input(ports, text);
        print_guarded(ports, text);
        print_nfs(sockets, text);
        if (ports->volfiled)
                print_redirect(ports, text);
        text_add(text, "}\n");
}

static void print_element_commands(const char *verb, const struct firewall_set *set, struct text *text)
{
        for (int which = 0; which < RULESET_SETS; which++) {
                AUTO_FREE char *before =
                        memory_format("%s element inet " RULESET_TABLE " %s { ", verb, ruleset_sets[which].name);

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
