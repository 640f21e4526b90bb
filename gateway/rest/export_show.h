/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An export as the API shows it: what is wanted, and how many of its grants are in which state.
 */
#pragma once

#include "domain/grant.h"
#include "rest/request.h"

struct json_t;
struct json_writer;

/* Writes export_write and "status": {"pending": n, "active": n, "suspended": n, "refused": n, "failed": n}, and
 * "dangling": true when the environment that it is bound to is gone, into an object that was begun. */
void export_show(const struct request *request, const struct snapshot *now, const struct export *export,
                 struct json_writer *writer);

/* export_show, with the task of the export's create. Caller owns the reference. */
struct json_t *creation_show(const struct request *request, const struct snapshot *now,
                             const struct export *export);

/* Answers with export_show, `task` (taken, may be NULL) as its member of that name, and an entity tag, which is of
 * what was asked and says nothing of the status. */
void export_reply(struct request *request, int status, const struct snapshot *now, const struct export *export,
                  struct json_t *task);

/* Answers 201 with what creation_show shows, and an entity tag. */
void creation_reply(struct request *request, const struct snapshot *now, const struct export *export);

/* The export's grants in `now`; freed with grant_list_fini. */
void export_grants(const struct request *request, const struct snapshot *now, const struct export *export,
                   struct grant_list *grants);

/* Fills `wait` (zeroed) so that it is over when the servers hold `export` as it is in `now`. */
void export_wait_for(const struct request *request, const struct snapshot *now, const struct export *export,
                     struct status_wait *wait);
