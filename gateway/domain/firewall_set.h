/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who may send packets to which service of a storage node: what the packet filter must hold. Pure; printed for
 * the kernel by protocols/firewall. Everything that is not in the set, and not a peer, is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/address.h"
#include "domain/mac.h"

enum firewall_service {
        SERVICE_NFS,     /* TCP 2049 */
        SERVICE_GLUSTER, /* GETSPEC on 24007 (answered by gatehouse-volfiled) and the bricks' ports */
        SERVICE_COUNT
};

/* The TCP port on which a member of the pool listens for the node that decides; for storage nodes only. */
#define MEMBER_PORT 24108

struct firewall_pair {
        struct address address;
        enum firewall_service service;
};

/* An address that is on the same link, and the interface that it is at. */
struct firewall_binding {
        struct address address;
        struct mac mac;
};

/* Zeroed = nobody but the node itself. Pairs are sorted by service, then address, without doubles. */
struct firewall_set {
        struct address *peers; /* storage nodes: everything is open to them; sorted */
        size_t peer_count;
        struct firewall_pair *pairs;
        size_t pair_count;
        size_t pair_capacity;
        /* Whoever claims one of these addresses from another interface is dropped, whatever pairs say; sorted by
         * address, then MAC, without doubles. An address with several is let in from each. */
        struct firewall_binding *bindings;
        size_t binding_count;
        bool nfs_held; /* NFS is answered to nobody for now: packets are dropped, so that clients wait */
};

#define AUTO_FIREWALL_SET __attribute__((cleanup(firewall_set_fini)))
void firewall_set_fini(struct firewall_set *set);

/* Puts the storage nodes in (copied, sorted, doubles dropped). */
void firewall_set_peers(struct firewall_set *set, const struct address *peers, size_t peer_count);

/* Puts the bindings in, in place of those that are there (copied, sorted, doubles dropped). */
void firewall_set_bindings(struct firewall_set *set, const struct firewall_binding *bindings, size_t count);

/* Takes `removed` ones out and puts `added` ones in; it does not matter whether they were there. O(n log n) of
 * all. */
void firewall_set_rebind(struct firewall_set *set, const struct firewall_binding *removed, size_t removed_count,
                         const struct firewall_binding *added, size_t added_count);

/* Adds or takes out one pair; false when that changed nothing. O(n) moves, O(log n) comparisons. */
bool firewall_set_open(struct firewall_set *set, const struct firewall_pair *pair);
bool firewall_set_close(struct firewall_set *set, const struct firewall_pair *pair);

/* Adds many pairs, in any order, with doubles: O(n log n). */
void firewall_set_open_all(struct firewall_set *set, const struct firewall_pair *pairs, size_t count);

bool firewall_set_has(const struct firewall_set *set, const struct firewall_pair *pair);
bool firewall_set_equal(const struct firewall_set *a, const struct firewall_set *b);

/* Tells each pair that one of them alone has, in order: `opened` = `is` has it. Peers are not looked at. */
void firewall_set_compare(const struct firewall_set *was, const struct firewall_set *is,
                          void (*each)(void *context, const struct firewall_pair *pair, bool opened),
                          void *context);

int firewall_binding_compare(const struct firewall_binding *a, const struct firewall_binding *b);
int firewall_pair_compare(const struct firewall_pair *a, const struct firewall_pair *b);
extern const char *const firewall_service_words[];                /* by enum, then NULL */
const char *firewall_service_word(enum firewall_service service); /* "nfs", "gluster" */
