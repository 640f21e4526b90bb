/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A grant: one export for one client node. Derived from a snapshot by grant_derive and never stored; what the
 * servers were seen to hold is added by reconcile/status.
 */
#pragma once

#include <stddef.h>

#include "domain/access_policy.h"
#include "domain/protocol_choice.h"
#include "domain/snapshot.h"

enum grant_state {
        GRANT_PENDING,   /* admitted, not yet seen on the server */
        GRANT_ACTIVE,    /* the server was seen to hold it */
        GRANT_SUSPENDED, /* not admitted for a reason that ends by itself; nothing is open for it */
        GRANT_REFUSED,   /* not admitted; nothing is open for it */
        GRANT_FAILED,    /* admitted, and a server said no or cannot be reached; tried again */
};

struct grant {
        const struct export *export;           /* all borrowed from the list's snapshot */
        const struct storage *storage;         /* NULL when gone */
        const struct environment *environment; /* NULL when gone */
        const struct node *node;               /* never NULL */
        enum access_verdict verdict;
        struct protocol_choice choice; /* meaningful when storage and environment are there */
        const struct address *members; /* as in struct protocol_facts */
        size_t member_count;
};

/* The grants of one export, by node id; or those of one node, by export id. Holds its snapshot. Zeroed = empty. */
struct grant_list {
        const struct snapshot *snapshot;
        struct grant *items;
        size_t count;
        struct node *probe;          /* of a canary's grants: their node, which no snapshot has; else NULL */
        const struct export *canary; /* whose grants these are, if it is one; borrowed from the snapshot */
};

#define AUTO_GRANTS __attribute__((cleanup(grant_list_fini)))
void grant_list_fini(struct grant_list *list);

/* Sets sides[protocol] for each protocol that an admitted grant goes by. */
void grant_list_sides(const struct grant_list *list, bool sides[2]);

/* Goes side by side through two lists of one export's grants: `each` gets both grants of a node that is in both
 * lists, and NULL for the one that is not. */
void grant_list_walk_both(const struct grant_list *was, const struct grant_list *is,
                          void (*each)(void *context, const struct grant *was, const struct grant *is),
                          void *context);

/* Fills `list` with a grant for each node that `export`'s target names and `except` does not, admitted or not.
 * Takes a reference on `snapshot`. `now_ms` is wall time (expiry). */
void grant_derive(const struct snapshot *snapshot, const struct export *export, const struct protocol_facts *facts,
                  int64_t now_ms, struct grant_list *list);

/* Fills `list` with the node's grants of all exports that name it and do not except it: the same ones that
 * grant_derive tells export by export. */
void grant_derive_node(const struct snapshot *snapshot, const struct node *node,
                       const struct protocol_facts *facts, int64_t now_ms, struct grant_list *list);

/* Fills `list` with the other grants by which the node of an admitted read-only `grant` may write to the same
 * storage; empty for any other. A directory is no wall inside a volume or file system: whoever may write to one of
 * its directories can change what is read in another. */
void grant_derive_writes(const struct snapshot *snapshot, const struct grant *grant,
                         const struct protocol_facts *facts, int64_t now_ms, struct grant_list *list);
#define GRANT_ALSO_RW_CODE "access.also_rw"
#define GRANT_ALSO_RW_SENTENCE                                                                                \
        "the node may write to this storage by another export, and a directory is no wall inside a storage: " \
        "read-only does not bind this node"

const char *grant_state_word(enum grant_state state); /* "pending", "active", ... */

/* The addresses by which this grant is let in: those of the node, for gluster only the IPv4 ones. Returns how
 * many were written; 0 unless admitted. */
size_t grant_addresses(const struct grant *grant, struct address addresses[NODE_ADDRESSES_MAX]);
