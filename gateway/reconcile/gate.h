/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who the packet filter lets through, kept in step with what the two sides know: a pair is closed before anything
 * else is taken away, and opened after the server behind it was seen to hold the grant. Called by both sides;
 * thread-safe. A call takes one round trip to the helper (about a millisecond), never one to a server.
 */
#pragma once

#include "base/clock.h"
#include "domain/probe_network.h"
#include "domain/seams.h"
#include "reconcile/drift.h"
#include "domain/snapshot.h"
#include "reconcile/status.h"

struct gate;

/* `firewall` NULL: the configuration leaves it out; every call then succeeds and does nothing. `drift` (may be
 * NULL) is told when the kernel's table is not as it was left. `clock` (borrowed) and `interval_ms` say when to
 * look. */
struct gate *gate_new(const struct firewall *firewall, struct status *status, struct drift *drift,
                      const struct clock *clock, int64_t interval_ms);
void gate_free(struct gate *gate);

/* Takes over what the kernel holds from before (a restart of gatehoused): live clients stay in until a side closes
 * their pairs, and NFS is held if it was. To be called once, before the sides start; what cannot be read is closed
 * when the table is put in place, and NFS held until the NFS side knows better. */
void gate_adopt(struct gate *gate);

/* The storage nodes, to which everything is open. The first call with any puts the table in place, over the
 * sessions that are there; until then opening and closing only takes note. Once it is in place, none is an answer
 * too: everybody else is shut out. */
int gate_peers(struct gate *gate, const struct address *peers, size_t peer_count, struct fault *fault);

/* Lets these addresses through to `service`; those that are let through already cost nothing. */
int gate_open(struct gate *gate, enum firewall_service service, const struct address *addresses, size_t count,
              struct fault *fault);

/* Ends that for these; their connections are cut. On a fault they are remembered and closed with the next call. */
int gate_close(struct gate *gate, enum firewall_service service, const struct address *addresses, size_t count,
               struct fault *fault);

/* Ends it for all but these (sorted by address_compare). */
int gate_close_others(struct gate *gate, enum firewall_service service, const struct address *addresses,
                      size_t count, struct fault *fault);

/* Holds NFS, or lets it go: `domain/firewall_set.h`. What it is already costs nothing. */
int gate_hold_nfs(struct gate *gate, bool held, struct fault *fault);
bool gate_nfs_is_held(struct gate *gate);

/* The addresses that may come from one interface only: those of the nodes of `snapshot` that have a MAC. Nothing
 * to do for a snapshot that has the same nodes as the last one, or is older. */
int gate_bind(struct gate *gate, const struct snapshot *snapshot, struct fault *fault);

/* Compares the kernel's table with what it should be and puts it right. *repaired tells whether something had to
 * be done. */
int gate_repair(struct gate *gate, bool *repaired, struct fault *fault);

/* A side has closed what the snapshot of `revision` does not let in to its service any more: the receipts are told
 * that the packet filter has let go, now if the kernel has it all, else once it has. */
void gate_followed(struct gate *gate, enum firewall_service service, uint64_t revision);

/* The same when it is due, and logs: every `interval_ms` for drift, and soon after a fault, the pauses growing
 * (side_backoff_ms). Each side calls it in its loop; whoever comes first does it. */
void gate_tend(struct gate *gate);
int64_t gate_due_ms(struct gate *gate); /* when, by the monotonic clock */

/* The same for exactly these; not to be mixed with gate_bind. */
int gate_bind_to(struct gate *gate, const struct firewall_binding *bindings, size_t count, struct fault *fault);

/* Whether there is to be a packet filter: false when the operator has switched it off, and before the storage
 * nodes are known. */
bool gate_filters(struct gate *gate);

/* The addresses of `network` exist on this node alone: gate_copy leaves their pairs out. To be told before the
 * first pair. */
void gate_keep_to_itself(struct gate *gate, const struct probe_network *network);

/* Puts the storage nodes, the bindings and the pairs of one service into `set` (zeroed): what other nodes shall
 * hold. False while no table is in place, or there is to be none. */
bool gate_copy(struct gate *gate, enum firewall_service service, struct firewall_set *set);

/* Whether the table is in force, as far as was seen last: ABSENT when the kernel or the helper said no, UNKNOWN
 * before the first call, PRESENT also when the operator has switched it off, by configuration or as the node's
 * root (that is his word). */
enum known gate_in_force(struct gate *gate);
