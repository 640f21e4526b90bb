/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an export becomes by a change: a new object of the same id, number and place. Pure; what speaks against it
 * in the world is for export_check.h to say.
 */
#pragma once

#include "domain/export.h"
#include "domain/violation.h"

struct json_t;

/* The export that `patch` (RFC 7396, of a POST body) makes of `existing`. Storage, path, environment, mount path,
 * directory and whom it is for, but for `except`, stay: each that is to become another is a violation
 * (export.fixed). NULL and violations when anything is wrong. Caller owns one reference. */
struct export *export_patched(const struct export *existing, const struct json_t *patch,
                              struct violations *violations);

/* `existing` with `node_id` in `except`, where it may stand already; NULL and a violation at "/node" when it
 * cannot be put there. Caller owns one reference. */
struct export *export_without(const struct export *existing, const char *node_id, struct violations *violations);
