/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The canary of a storage: one export of each storage that no user made, of a directory that holds nothing, to the
 * admitted probe client alone. It is derived with the snapshot and wanted like any other export, so that what
 * verification tries goes the way of every export: directory, EXPORT block, access list, packet filter. The API
 * neither lists nor changes it. On the NFS server it also keeps the volume open, with or without a probe client
 * (reconcile/nfs_anchor.h).
 */
#pragma once

#include "domain/export.h"
#include "domain/grant.h"
#include "domain/storage.h"

/* Their Export_Ids: what lies behind those of users' exports. */
#define CANARY_NUMBER_FIRST (EXPORT_NUMBER_LAST + 1)
#define CANARY_NUMBER_LAST EXPORT_NUMBER_MAX

#define CANARY_PATH "/.gatehouse/canary"

/* Nobody makes directories with this mode by accident: what answers with it is the canary. */
#define CANARY_MODE 0511

/* The number that the canary of a storage of this name has if no other one has it: by the name, so that it is the
 * same after a restart. */
uint16_t canary_number_preferred(const char *storage);

/* The canary of `storage` under `number` (CANARY_NUMBER_FIRST to CANARY_NUMBER_LAST), with an id that is its
 * storage's alone. One reference, caller owns. */
struct export *canary_new(const struct storage *storage, uint16_t number);

bool export_is_canary(const struct export *export);

/* What grant_derive answers for a canary: a grant by NFS, and one by Gluster Native of a cluster unless its pool
 * is known not to enforce, for a node that is in no inventory and has the address facts->probe; none without that.
 */
void canary_grants(const struct snapshot *snapshot, const struct export *canary,
                   const struct protocol_facts *facts, struct grant_list *list);
