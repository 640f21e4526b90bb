/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the NFS side says to the receipts of revocations: of which exports the server was seen to let go.
 */
#pragma once

#include "reconcile/nfs_entry.h"
#include "reconcile/status.h"

/* `entries` by Export_Id, as they were left by the steps taken so far; `answers`: the server is there, and has
 * told all its exports; `revision`: of the snapshot that the entries agree with. */
void nfs_review(struct status *status, struct nfs_entry *const *entries, bool answers, uint64_t revision);
