/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The task that a create begins: that each server comes to hold the export. It is no document, for all that it
 * could say is an observation of the export, which the commit has promised: it is told as long as the export is
 * there.
 */
#pragma once

#include "rest/request.h"

struct json_t;
struct task;

/* The task of `export`, id "ta-" and the rest of the export's: a row for each server that one of its admitted
 * grants goes by. Caller owns one reference. */
struct task *creation_task(const struct request *request, const struct snapshot *now, const struct export *export);

/* The export that the task of this id is about, or NULL. */
const struct export *creation_task_export(const struct snapshot *now, const char *task_id);

/* export_show, with the task. Caller owns the reference. */
struct json_t *creation_show(const struct request *request, const struct snapshot *now,
                             const struct export *export);
