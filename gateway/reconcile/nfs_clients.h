/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which addresses the exports of the NFS side let in between them, and what follows for the packet filter.
 */
#pragma once

#include "domain/nfs_export.h"
#include "reconcile/gate.h"
#include "reconcile/tally.h"

/* One export wants `newer` instead of `older`; either may be NULL. Who is in both never comes down to none. */
void nfs_clients_replace(struct tally *clients, const struct nfs_export *older, const struct nfs_export *newer);

/* Shuts the filter to whom no export lets in any more, before the server is told anything. Failures are logged;
 * the gate makes up for them. */
void nfs_clients_shut_ended(struct tally *clients, struct gate *gate);

/* Shuts it to everybody whom no export lets in: what an earlier gatehoused had opened. */
void nfs_clients_shut_others(const struct tally *clients, struct gate *gate);

/* Opens it to the clients of an export that the server was seen to hold. */
int nfs_clients_let_in(const struct nfs_export *export, struct gate *gate, struct fault *fault);
