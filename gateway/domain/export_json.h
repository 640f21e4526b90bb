/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exports and grants as JSON.
 */
#pragma once

#include "domain/export.h"
#include "domain/grant.h"
#include "domain/violation.h"

struct json_t;
struct json_reader;
struct json_writer;

/* An export of a POST body {storage, path, environment, target? {all: true} | {layer} | {node}, with except?
 * [node ids]; mount_path, access?, squash?, anonymous_uid?, anonymous_gid?, privileged_ports?, protocol?,
 * mount_style?, directory? {uid, gid, mode: "0755"}, labels?, manager?, enabled?, expires_at?}; NULL and
 * violations when anything is wrong. Id ("" until document_set_id), number, account, environment_uid and
 * file_system_id are left for the writer. Caller owns one reference. */
struct export *export_from_json(const struct json_t *body, struct violations *violations);

/* What the API shows of an export, without what was observed: writes the members of an object that was begun. */
void export_write(const struct export *export, struct json_writer *writer);

/* What is wrong with an export only when it is asked for, not when it comes back from the store: an expiry that
 * has passed by `now_ms` (wall time). */
void export_check_request(const struct export *export, int64_t now_ms, struct violations *violations);

/* The body's members alone: what API and stored form have in common. Caller owns the reference. */
void export_read(struct json_reader *reader, struct export *export);
struct json_t *export_members(const struct export *export);

/* One grant with what was observed: {export, node, environment, layer, addresses, protocol, reason {code,
 * sentence}, access, state, cause? {code, sentence}, mount? {...}}. `cause_code` and `cause` may be NULL. */
struct json_t *grant_to_json(const struct grant *grant, enum grant_state state, const char *cause_code,
                             const char *cause);

/* Says in the JSON of a read-only grant by which others (grant_derive_writes) its node may write to the same
 * storage: also_rw {code, sentence, exports [{export, path}]}. Nothing for none. */
void grant_json_set_writes(struct json_t *object, const struct grant_list *writes);
