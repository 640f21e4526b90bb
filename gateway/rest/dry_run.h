/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ?dry_run=true: what a write would mean for grants, servers, packet filter and live clients. Compares the
 * snapshot that is with the one that the write would make; nothing is committed. Every write has it by the query
 * parameter of its route and by commit_start.
 */
#pragma once

#include "domain/snapshot.h"
#include "rest/request.h"

struct dry_run;

/* Takes the request, whose work is a struct commit, to its reply: {dry_run, revision, object, grants, ganesha,
 * access_list, firewall, clients_cut}. `draft` was made of `base`; both references are taken. What the principal
 * may not read is left out. */
void dry_run_start(struct request *request, const struct snapshot *base, const struct snapshot *draft);
void dry_run_free(struct dry_run *dry_run);
