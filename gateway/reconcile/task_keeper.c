/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/task_keeper.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"

#define REMOVED_MOST 1000 /* in one commit */

struct task_keeper {
        struct write_job job; /* first: the writer hands back its address */
        struct writer *writer;
        struct status *status;
        const struct clock *clock;
        atomic_bool on_its_way; /* the job, and the list with it, is the writer's */
        struct task **ended;
        size_t count;
};

/* The oldest task that is to be forgotten, or NULL. Ids sort by time, so that it is at the front; those that still
 * run are passed over. */
static const struct task *task_to_forget(const struct snapshot *now, int64_t now_ms)
{
        bool too_many = pmap_count(now->kinds[DOCUMENT_TASK]) > TASKS_KEPT_MOST;
        const struct task *task;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_TASK], NULL, NULL);
        while ((task = (const struct task *)snapshot_walk_next(&walk))) {
                if (task_is_running(task))
                        continue;
                return too_many || task->ended_at_ms < now_ms - TASK_KEPT_MS ? task : NULL;
        }
        return NULL;
}

static int keeper_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        const struct task_keeper *keeper = (const struct task_keeper *)job;
        const struct task *old;

        (void)fault;
        for (size_t i = 0; i < keeper->count; i++) {
                const struct task *now = (const struct task *)snapshot_find(write->now, DOCUMENT_TASK,
                                                                            keeper->ended[i]->document.id);

                if (now && task_is_running(now))
                        write_put(write, &keeper->ended[i]->document);
        }
        for (int i = 0; i < REMOVED_MOST && (old = task_to_forget(write->now, write->now_ms)); i++)
                write_remove(write, DOCUMENT_TASK, old->document.id);
        return 0;
}

static void ended_drop(struct task_keeper *keeper)
{
        for (size_t i = 0; i < keeper->count; i++)
                shared_put(keeper->ended[i]);
        free(keeper->ended);
        keeper->ended = NULL;
        keeper->count = 0;
}

static void keeper_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct task_keeper *keeper = (struct task_keeper *)job;

        (void)published;
        if (fault->code != FAULT_NONE)
                log_warning("write down the ends of tasks: %s; tried again", fault->text);
        ended_drop(keeper);
        atomic_store(&keeper->on_its_way, false);
}

struct task_keeper *task_keeper_new(struct writer *writer, struct status *status, const struct clock *clock)
{
        struct task_keeper *keeper = NEW(struct task_keeper);

        keeper->job = (struct write_job){ .prepare = keeper_prepare, .done = keeper_done };
        keeper->writer = writer;
        keeper->status = status;
        keeper->clock = clock;
        return keeper;
}

static void ended_take(void *context, struct task *task)
{
        struct task_keeper *keeper = context;

        keeper->ended = memory_grow(keeper->ended, keeper->count, sizeof *keeper->ended);
        keeper->ended[keeper->count++] = task;
}

void task_keeper_look(struct task_keeper *keeper)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(keeper->writer);

        if (atomic_load(&keeper->on_its_way))
                return;
        status_each_ended(keeper->status, ended_take, keeper);
        if (keeper->count == 0 && !task_to_forget(now, clock_wall_ms(keeper->clock)))
                return;
        atomic_store(&keeper->on_its_way, true);
        writer_submit(keeper->writer, &keeper->job);
}

void task_keeper_free(struct task_keeper *keeper)
{
        if (!keeper)
                return;
        ended_drop(keeper);
        free(keeper);
}
