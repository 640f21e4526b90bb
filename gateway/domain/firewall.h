/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The packet filter as a table of functions, as the other seams (domain/seams.h).
 */
#pragma once

#include "base/fault.h"
#include "domain/firewall_set.h"
#include "domain/protocol_choice.h"

/* The packet filter of this storage node: a table of our own, closed by default for the storage services.
 * UNAVAILABLE: the helper, or the kernel's nftables, is not there. Thread-safe. */
struct firewall {
        /* Puts the whole table in place, in one transaction, over whatever is there of it. PRECONDITION: the
         * node's root has switched the filter off; nothing is there, and nothing will be until he says so. */
        int (*install)(void *context, const struct firewall_set *set, struct fault *fault);
        /* Takes `closed` pairs out and puts `opened` ones in, in one transaction; the sockets of closed pairs are
         * then ended: ended[i] (may be NULL; zeroed by the caller) tells how many of closed[i], as far as the
         * kernel could say. Idempotent. NOT_FOUND: the table is not there (install it). */
        int (*change)(void *context, const struct firewall_pair *closed, size_t closed_count,
                      const struct firewall_pair *opened, size_t opened_count, unsigned *ended,
                      struct fault *fault);
        /* Reads back what the kernel holds. *known PRESENT: `set` (zeroed by the caller) is filled and the rules
         * around it are as installed; ABSENT: no table, or its rules are not ours. */
        int (*observe)(void *context, enum known *known, struct firewall_set *set, struct fault *fault);
        /* How many connections each of `pairs` (sorted, no doubles, as in a firewall_set) has at this moment:
         * connections[i] of pairs[i]. Asks whatever the table holds, takes at most deadline_ms, changes nothing.
         */
        int (*count_sessions)(void *context, const struct firewall_pair *pairs, size_t count, int deadline_ms,
                              size_t *connections, struct fault *fault);
        /* `held`: drops what comes in for NFS from everybody but storage nodes, silently, so that clients wait;
         * else lets it through again to whom it is open. Idempotent. NOT_FOUND as `change`. */
        int (*hold_nfs)(void *context, bool held, struct fault *fault);
        /* Takes `removed` bindings out and puts `added` ones in, in one transaction. Idempotent. An address must
         * be in `removed` with each of its bindings, or in none. NOT_FOUND as `change`. */
        int (*bind)(void *context, const struct firewall_binding *removed, size_t removed_count,
                    const struct firewall_binding *added, size_t added_count, struct fault *fault);
        /* Takes the table away, and what is loaded at the next start of the machine: nothing is refused any more.
         * 0 also when there was none. */
        int (*remove)(void *context, struct fault *fault);
        void *context;
};
