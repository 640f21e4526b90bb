/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ?dry_run=true: which grants a write would make appear, change and vanish. Compares the snapshot that is with the
 * one that the write would make; nothing is committed.
 */
#pragma once

#include "domain/snapshot.h"
#include "rest/request.h"

/* Grants that are shown of each kind; all are counted. */
#define DRY_RUN_MOST 1000

struct dry_run;

/* Finds the exports that `draft`, made of `base`, may mean something else for. Both references are taken. */
struct dry_run *dry_run_new(const struct snapshot *base, const struct snapshot *draft);
void dry_run_free(struct dry_run *dry_run);

/* Derives the grants of some of them. False: others should have their turn, then call it again. Grants that the
 * principal may not read are left out. */
bool dry_run_work(struct dry_run *dry_run, const struct request *request, int64_t until_ms);

/* Answers with what was found: {dry_run, revision, grants: {appear, change, vanish, counts}}. */
void dry_run_reply(struct dry_run *dry_run, struct request *request);
