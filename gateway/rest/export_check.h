/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is wrong with an export that is asked for, as the world stands: unknown names, other accounts, a mount path
 * that is taken, a protocol that cannot be. Pure; asked once before a storage is troubled, and again by the
 * writer.
 */
#pragma once

#include "auth/principal.h"
#include "domain/export.h"
#include "domain/protocol_choice.h"
#include "domain/snapshot.h"
#include "domain/violation.h"

/* Checks what `wanted` (from export_from_json) names. An object that `principal` may not see is as one that is not
 * there. Without violations *storage and *environment are set (borrowed from `now`). */
void export_check_names(const struct snapshot *now, const struct principal *principal, const struct export *wanted,
                        const struct protocol_facts *facts, const struct storage **storage,
                        const struct environment **environment, struct violations *violations);

/* Whether `export` may say `id` in `except`: a node of its environment, or one that it says already, which may be
 * gone. A violation at `pointer` otherwise. */
void export_check_node(const struct snapshot *now, const struct export *export, const char *id,
                       const char *pointer, struct violations *violations);

/* Checks what `wanted` says otherwise than `existing`, whose successor it is to be. What stays is not looked at:
 * an export whose environment is gone can still be switched off. */
void export_check_change(const struct snapshot *now, const struct export *existing, const struct export *wanted,
                         const struct protocol_facts *facts, struct violations *violations);

/* The export that already has the mount path of `wanted` (its account and environment_uid are set), or one above
 * or below, on a node that both reach; or one that makes it a cross mount (domain/cross_mount.h); NULL when there
 * is none. Adds the violation that says so. */
const struct export *export_find_conflict(const struct snapshot *now, const struct export *wanted,
                                          struct violations *violations);

/* Whether an export is seen to serve `path` of `storage`: then somebody has looked at it. Looks at a few hundred
 * exports at most, so that no request costs more the more there are; false then means that it is asked again. */
bool export_path_is_known(const struct snapshot *now, const char *storage, const char *path);
