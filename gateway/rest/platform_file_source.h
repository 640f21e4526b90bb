/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which storage a caller of the platform's API means, and which directory of it. Pure.
 */
#pragma once

#include "rest/platform_file.h"

/* The account's storage of which `id` is a node; NULL when there is none. */
const struct storage *platform_storage_of_node(const struct snapshot *now, const char *account, const char *id);

/* The storage that sourceNodeId, sourceHost and sourceAddressType name together; NULL and violations that say why
 * not, and whose the source would be: an ordinary container's or a server's outside. */
const struct storage *platform_source_storage(const struct request *request, const struct snapshot *now,
                                              const struct platform_call *call, struct violations *violations);

/* The storage that envName and nodeId name as a server; NULL and violations. */
const struct storage *platform_server(const struct request *request, const struct snapshot *now,
                                      const struct platform_call *call, struct violations *violations);

/* The directory below the storage's root that a path of its nodes means: "/data/site" is "/site" where mount_root
 * is
 * "/data". NULL when the path does not lie there, on a component boundary. Caller frees. */
char *platform_source_path(const struct storage *storage, const char *path);

/* The other way round. Caller frees. */
char *platform_shown_path(const struct storage *storage, const char *path);
