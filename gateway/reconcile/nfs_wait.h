/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What comes back into line on the NFS side: entries that waited for a directory or an anchor, and those whose
 * time to be tried again has come. What waits is remembered by number, so that an export that comes costs the same
 * however many there are. For nfs_side.c.
 */
#pragma once

#include "reconcile/nfs_side_state.h"

/* The entry waits (entry->waits). It may go, or wait no more, before it is its turn. */
void nfs_wait_remember(struct nfs_side *side, struct nfs_entry *entry);

/* What they wait for may be there now: puts all of them in line. */
void nfs_wait_over(struct nfs_side *side);

/* Puts in line what is to be tried again by now. */
void nfs_wait_retries(struct nfs_side *side);
