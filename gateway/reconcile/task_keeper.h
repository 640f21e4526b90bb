/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Writes down the ends of tasks, those of creates included, many in one commit, and forgets old ones. What it has
 * not written when the daemon is killed is found again: the sides look at everything, and the task ends anew.
 */
#pragma once

#include "reconcile/status.h"
#include "store/writer.h"

#define TASKS_KEPT_MOST 20000 /* that have ended; the oldest go first. Some 0.5 KiB each */

struct task_keeper;

/* `writer`, `status` and `clock` must outlive it. */
struct task_keeper *task_keeper_new(struct writer *writer, struct status *status, const struct clock *clock);

/* To be called every few seconds: hands one job to the writer if anything has ended or is to be forgotten, unless
 * the last one is still on its way. Never blocks. */
void task_keeper_look(struct task_keeper *keeper);

/* After writer_free, which ends the job on its way. NULL is fine. */
void task_keeper_free(struct task_keeper *keeper);
