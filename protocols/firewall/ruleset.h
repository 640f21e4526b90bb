/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The nftables ruleset of a storage node, as text for libnftables and back: pure. Everything is printed from
 * binary addresses and numbers; no text of anybody's gets in.
 *
 * One table, `inet gatehouse`. Each packet to a storage port is looked at, whatever connection tracking thinks of
 * it: what the node says to itself and what its peers say passes, admitted pairs pass, other TCP is answered with
 * a reset, the rest with "port unreachable". The lists are named sets, one for each family and role, so that a
 * change touches elements only; a packet costs a few lookups however many elements there are.
 *
 * Dropped, not answered, is what comes from a bound address by another interface than its own: an answer would go
 * to whom the address belongs. Only what has an Ethernet header can be told so; a packet that came through a
 * router carries the router's, so only addresses of the same link may be bound. And NFS is dropped while it is
 * held, or while nobody listens: a client that gets no answer tries again, one that is refused may give up.
 *
 * No `ct state`: a connection that was open before its pair was closed (or before the table was there) must not
 * pass for being old, and `ct direction reply` can be had by a client that was connected first. The price: a
 * connection that the node itself makes must not get a local port out of the guarded ones, or its answers are
 * refused. So the brick range is fixed (glusterd.vol: base-port, max-port) and reserved
 * (net.ipv4.ip_local_reserved_ports, which holds for IPv6 too).
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include "domain/firewall_set.h"

#define RULESET_TABLE "gatehouse"
#define NFS_PORT 2049

/* The range that glusterd takes ports of bricks from: 49152 is its default base-port, 60999 the max-port in
 * Debian's glusterd.vol. */
#define FIREWALL_BRICK_FIRST 49152
#define FIREWALL_BRICK_LAST 60999

/* Beside those that are always guarded: 111, 2049, 2379-2380, 20048, 24007-24009, 24108. */
struct firewall_ports {
        uint16_t brick_first, brick_last;
        /* Not 0: here gatehouse-volfiled listens. Then 24007 of admitted gluster clients is redirected to it, and
         * nobody but peers reaches glusterd. */
        uint16_t volfiled;
};

#define FIREWALL_PORTS_DEFAULT ((struct firewall_ports){ FIREWALL_BRICK_FIRST, FIREWALL_BRICK_LAST, 0 })

/* INVALID with the sentence: a range that is none or not above 1023, or ports that are in two ranges. */
int firewall_ports_check(const struct firewall_ports *ports, struct fault *fault);

/* What the rules do with a TCP packet that did not come in by `lo`, nor from the wrong interface, nor while NFS is
 * held. */
bool ruleset_admits(const struct firewall_set *set, const struct firewall_ports *ports, uint16_t port,
                    const struct address *from);

/* The service that an admitted pair has behind `port`; SERVICE_COUNT when only peers have any. */
enum firewall_service ruleset_service(const struct firewall_ports *ports, uint16_t port);

/* Whether the rules look at packets to `port` at all. */
bool ruleset_guards(const struct firewall_ports *ports, uint16_t port);

/* The whole table, in place of whatever is there of it: one transaction. `sockets`: the kernel can tell whether
 * there is a socket for a packet (CONFIG_NFT_SOCKET); without it what nobody listens for is answered as ever. */
void ruleset_print(const struct firewall_set *set, const struct firewall_ports *ports, bool sockets,
                   struct text *text);

/* `closed` out, then `opened` in: one transaction. It does not matter whether they were there. */
void ruleset_print_change(const struct firewall_set *closed, const struct firewall_set *opened, struct text *text);

/* Takes the table away, also when it is not there. */
void ruleset_print_removal(struct text *text);

/* What a set is for, beside the services. */
enum {
        ROLE_PEER = SERVICE_COUNT,
        ROLE_BOUND, /* address and MAC */
        ROLE_KNOWN, /* addresses that are bound to any */
        ROLE_HELD,  /* ports that nothing gets through to for now: NFS's, or none */
};

#define RULESET_SETS 11
struct ruleset_set {
        const char *name;
        const char *type; /* as nft(8) writes it */
        enum address_family family;
        int role; /* enum firewall_service, or one of the above */
};
extern const struct ruleset_set ruleset_sets[RULESET_SETS];

/* Reads what libnftables printed for `list set` of each set and puts it into `set` (zeroed by the caller). Every
 * word must be the expected one, every element of the set's type and family: anything else (an element
 * with a comment or a time-out, another type) is not ours: INVALID. */
int ruleset_read(char *const listings[RULESET_SETS], struct firewall_set *set, struct fault *fault);
