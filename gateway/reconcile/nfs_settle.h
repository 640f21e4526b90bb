/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Brings exports to what is wanted on the NFS server, step by step: a change, a look at what it has come to, and
 * again until nothing is left to do or something stands in the way. Several exports are in hand at a time, each
 * with one step asked of the server; answers come in the order of asking. For nfs_side.c.
 */
#pragma once

#include "reconcile/nfs_side_state.h"

/* Whether one more may be taken in hand. */
bool nfs_settle_has_room(const struct nfs_side *side);

/* Takes the entry, which is in no line, in hand: asks the server for its next step, unless there is none. There is
 * room, and a server. */
void nfs_settle_begin(struct nfs_side *side, struct nfs_entry *entry);

/* Waits for the oldest answer, and asks for that export's next step or is done with it. One that came back into
 * line meanwhile, because something else is wanted, is left to its turn. Something is in hand. */
void nfs_settle_go_on(struct nfs_side *side);

/* The same until nothing is in hand. */
void nfs_settle_end(struct nfs_side *side);
