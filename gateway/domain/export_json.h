/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exports and grants as JSON.
 */
#pragma once

#include "domain/export.h"
#include "domain/grant.h"
#include "domain/violation.h"

struct json_t;

/* An export of a POST body {storage, path, environment, target? {all: true} | {layer} | {node}, with except?
 * [node ids]; mount_path, access?, squash?, anonymous_uid?, anonymous_gid?, protocol?, mount_style?,
 * directory? {uid, gid, mode: "0755"}, labels?, manager?, enabled?, expires_at?}; NULL and violations when
 * anything is wrong. Id, number, account and environment_uid are left for the writer. Caller owns one
 * reference. */
struct export *export_from_json(const struct json_t *body, struct violations *violations);
struct json_t *export_to_json(const struct export *export);

/* One grant with what was observed: {export, node, environment, layer, addresses, protocol, reason {code,
 * sentence}, access, state, cause? {code, sentence}, mount? {...}}. `cause_code` and `cause` may be NULL. */
struct json_t *grant_to_json(const struct grant *grant, enum grant_state state, const char *cause_code,
                             const char *cause);
