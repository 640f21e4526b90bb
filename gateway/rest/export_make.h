/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exports made, changed and removed below HTTP, in the writer's turn: what POST, PATCH and DELETE of one, a
 * whole document and the platform's own calls have in common. Knows neither bodies nor replies.
 */
#pragma once

#include "rest/revocation.h"

/* Whether the request's scope may make exports at all; whose they may be is seen when the storage is known. False:
 * the reply is set. */
bool export_writing_is_open(struct request *request);

/* Fills in what the names of `wanted` (from export_from_json, or built) stand for in `now`, and looks at all that
 * speaks against it for the request's principal. INVALID with the commit's violations; CONFLICT, and the commit's
 * conflict_id names the export in the way. *storage is borrowed from `now`. */
int export_settle(struct commit *commit, const struct snapshot *now, struct export *wanted,
                  const struct storage **storage, struct fault *fault);

/* For prepare, after export_settle on write->now: gives `wanted` its number, id and file system id, and puts it
 * with the audit line export.create. EXHAUSTED when no number is left. */
int export_make(struct commit *commit, struct write *write, struct export *wanted, struct fault *fault);

/* For prepare: puts `wanted`, checked and made of `existing` (export_change.h), in its place, unless it says the
 * same. */
void export_replace(struct commit *commit, struct write *write, const char *action, const struct export *existing,
                    struct export *wanted);

/* For prepare: removes `export`, and puts the task of its create, which is a document from then on. */
void export_take_away(struct commit *commit, struct write *write, const struct export *export);

/* For prepare, with the revocation's task begun: removes `export`; whoever may use it now is about to lose it. */
void export_remove(struct revocation *revocation, struct write *write, const struct export *export);
