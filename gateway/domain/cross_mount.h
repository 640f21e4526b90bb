/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cross mounts: a storage whose nodes mount from another storage, while that one's nodes mount from the first.
 * Either would wait for the other to come up, for ever. Pure.
 */
#pragma once

#include "domain/snapshot.h"

/* Whether one of the storage's nodes is among those that the export's target names and `except` does not. */
bool cross_mount_reaches(const struct snapshot *now, const struct export *export, const struct storage *storage);

/* The first export by which a node of `wanted`'s storage already mounts from a storage, other than that, whose
 * node `wanted` is for; NULL when there is none. Borrowed from `now`; `wanted` has its account and
 * environment_uid. */
const struct export *cross_mount_find(const struct snapshot *now, const struct export *wanted);

/* The first export of `account` by which the node `client_id` mounts from a storage that the node `server_id` is
 * of; NULL when there is none. */
const struct export *cross_mount_between(const struct snapshot *now, const char *account, const char *client_id,
                                         const char *server_id);
