/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the NFS server shall hold for one export, also while nobody knows yet whether the Gluster pool enforces: a
 * doubt closes nothing that is open. Pure.
 */
#pragma once

#include "domain/nfs_export.h"

/* The block that `export` asks for, or NULL = nothing. Caller frees with nfs_export_free. */
struct nfs_export *nfs_wanted(const struct snapshot *snapshot, const struct export *export,
                              const struct protocol_facts *facts, int64_t now_ms);

/* Unless the pool is known to enforce (then NULL; it may have become known since `wanted` was made): the block
 * with which all clients are served by NFS, if the server was seen to serve any that `wanted` (may be NULL) has
 * not. Caller frees. */
struct nfs_export *nfs_wanted_in_doubt(const struct snapshot *snapshot, const struct export *export,
                                       const struct protocol_facts *facts, int64_t now_ms,
                                       const struct nfs_export *wanted, const struct nfs_export_seen *seen);
