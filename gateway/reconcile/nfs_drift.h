/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What of the NFS server is drift: an export that was seen as wanted and is so no more, or one of ours that nobody
 * wants. Noted when it is known what became of it.
 */
#pragma once

#include "domain/snapshot.h"
#include "reconcile/drift.h"
#include "reconcile/nfs_entry.h"

/* What DisplayExport showed, in one line: "path /a, pseudo /exports/ex-1, squash none, clients 10.0.0.1 rw".
 * Caller frees. */
char *nfs_drift_seen_text(const struct nfs_export_seen *seen);

/* The same of what is wanted. Caller frees. */
char *nfs_drift_wanted_text(const struct nfs_export *wanted);

/* Whether a look at this entry can find drift, and not only what we have left undone: it was seen as wanted, or
 * nothing is wanted there, or the side has not gone through everything yet (`passed`). */
bool nfs_drift_expects(const struct nfs_entry *entry, bool passed);

/* The server shows `seen` for the entry (of ours): remembers how it differs from what is wanted, if it does.
 * `drift`: and that it is drift, to be noted. */
void nfs_drift_look(struct nfs_entry *entry, const struct nfs_export_seen *seen, bool drift);

/* The server does not list it any more, although it was seen as wanted. */
void nfs_drift_lost(struct nfs_entry *entry);

/* The entry is as wanted: what was found is noted as repaired. */
void nfs_drift_settled(struct drift *drift, struct nfs_entry *entry);

/* It is not, and why: noted as failed, or, when that is because nothing is to be touched, as reported; then
 * whether it is drift or not. */
void nfs_drift_stands(struct drift *drift, struct nfs_entry *entry, const struct fault *fault);

/* The managed storage of `snapshot` that an export of `path` opens, or NULL. For a cluster this is the path where
 * the volume is mounted: DisplayExport of 4.3 does not tell volumes. Borrowed. */
const char *nfs_drift_overlap(const struct snapshot *snapshot, const char *path);
