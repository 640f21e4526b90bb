/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The channel between storage nodes over TCP: on the decider's side an act_caller, on the member's a server of
 * acts for one decider. Built like the channel to the helper (privilege.h), with the secret channel in between.
 */
#pragma once

#include "auth/pool_key.h"
#include "base/act.h"
#include "domain/address.h"

/* --- The decider's side. Connects when needed, again after the member restarted. Calls are serialised. ------- */

struct member_caller;
/* Copies both. Nothing is connected yet. */
struct member_caller *member_caller_new(const struct address *member, uint16_t port, const struct pool_key *key);
void member_caller_free(struct member_caller *caller);
/* Besides the acts' own faults: UNAVAILABLE (nobody there, or gone), TIMEOUT, FORBIDDEN (it does not hold the key,
 * or somebody is in between). */
struct act_caller member_caller_acts(struct member_caller *caller);

/* --- The member's side --------------------------------------------------------------------------------------- */

/* Listens on `port` of every address of this node. Descriptor or a negative fault. */
int member_listen(uint16_t port, struct fault *fault);

/* Serves `table` to connections from `decider` that hold the key, one act at a time, until `stop_fd` is readable.
 * A peer that does not finish what it began within 5 s, or says nothing for 30, is hung up on; who comes from
 * another address, or lacks the key, gets no byte. */
int member_serve(int listener, int stop_fd, const struct address *decider, const struct pool_key *key,
                 const struct act *table, void *act_context, struct fault *fault);
