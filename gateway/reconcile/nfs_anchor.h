/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * NFS-Ganesha 4.3 opens a Gluster volume once, by the first export of it, and hands what the volume tells it of
 * changes to that export for as long as it has the volume open: when that export was removed and others of the
 * volume are left, ganesha.nfsd dies of the next word (FSAL_GLUSTER/export.c, glusterfs_get_fs: up_ops is that
 * export's; mdc_up_invalidate takes a reference on what is freed). So a volume is opened by an export that no user
 * removes, its canary: the anchor. It is added first and removed last. Pure.
 */
#pragma once

#include "reconcile/nfs_entry.h"

bool nfs_anchor_is(const struct nfs_entry *entry);

/* Whether `entry`, about to be added, must wait for the anchor of its volume. `entries` by Export_Id, NULL where
 * nothing is known; EXPORT_NUMBER_MAX + 1 of them. */
bool nfs_anchor_is_missing(struct nfs_entry *const *entries, const struct nfs_entry *entry);

/* Whether `anchor`, about to be removed, has exports of its volume left behind it. */
bool nfs_anchor_is_needed(struct nfs_entry *const *entries, const struct nfs_entry *anchor);
