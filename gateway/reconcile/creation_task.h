/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The task that a create begins: that each server comes to hold the export. While the export is there it is
 * derived from it and from what the servers were seen to hold, so that it costs no document; its end is noted with
 * the export (domain/export.h), many in one commit, and it becomes a document when the export goes.
 */
#pragma once

#include "base/clock.h"
#include "domain/grant.h"
#include "domain/task.h"
#include "reconcile/status.h"

/* The task of `export`, id "ta-" and the rest of the export's: a row for each server that one of its admitted
 * grants goes by, or, once its end was noted, of those that it ended on. `grants`: the export's in `now`, or NULL:
 * they are derived if need be. Caller owns one reference, or NULL: it has none. */
struct task *creation_task(struct status *status, const struct clock *clock, const struct snapshot *now,
                           const struct export *export, const struct grant_list *grants);

/* The export whose task has this id, or NULL; one that is kept no longer counts as none. */
const struct export *creation_task_export(const struct snapshot *now, const char *task_id, int64_t wall_ms);

/* The id of the export whose task would have this id, caller frees; and whether the task of `export` comes before
 * `task_id` by id. */
char *creation_task_export_id(const char *task_id);
bool creation_task_comes_before(const struct export *export, const char *task_id);

/* Whether the export's task is still told: it runs, or ended less than TASK_KEPT_MS ago. */
bool creation_task_is_kept(const struct export *export, int64_t wall_ms);

/* The task of an export that is about to go, as a document to be put: what has not come about by now never will.
 * Caller owns one reference, or NULL: nothing is to be kept. */
struct task *creation_task_close(struct status *status, const struct clock *clock, const struct snapshot *now,
                                 const struct export *export);

/* The exports whose create has not been noted to have ended. Zeroed = knows nothing yet. Used by one thread. */
struct creation_watch {
        const struct snapshot *followed; /* reference */
        struct pmap running;             /* export id -> struct export */
        char last[EXPORT_ID_SIZE];       /* whom it looked at last */
        uint64_t version;                /* of the status when it last had looked at all */
        bool has_looked;
};
void creation_watch_fini(struct creation_watch *watch);

/* Goes over to `now`, looks at some of those that run, in turn, and calls `ended` for those that have. */
#define CREATION_LOOK_MOST 1000 /* a few milliseconds */
void creation_watch_look(struct creation_watch *watch, struct status *status, const struct clock *clock,
                         const struct snapshot *now,
                         void (*ended)(void *context, const struct export *export, const bool sides[2],
                                       int64_t ended_at_ms),
                         void *context);
