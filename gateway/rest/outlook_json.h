/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a dry run tells of the servers (reconcile/outlook.h), as JSON. Each function gives {appear, change, vanish,
 * counts}; each item says by a code and a sentence what happens to it. The caller owns the reference.
 */
#pragma once

#include "reconcile/outlook.h"

struct json_t;

/* Blocks of the NFS server: {export, number, settings: {name: {before, after}}, clients: {appear, ...}}. An export
 * that is not there yet has neither id nor number. */
struct json_t *outlook_blocks_json(const struct outlook *outlook);

/* Lines of access lists: {volume, directory, address, node}; directory "/" is the storage nodes'. */
struct json_t *outlook_lines_json(const struct outlook *outlook);

/* Pairs of the packet filter: {address, service, node}; service "all" is a storage node's. */
struct json_t *outlook_pairs_json(const struct outlook *outlook);

/* The node that has `address` in `snapshot`, or null. */
struct json_t *node_of_address(const struct snapshot *snapshot, const struct address *address);
