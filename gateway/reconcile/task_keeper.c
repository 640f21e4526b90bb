/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/task_keeper.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/creation_task.h"

#define REMOVED_MOST 1000 /* in one commit */

/* The end of a create, to be noted with its export. */
struct creation_end {
        char id[EXPORT_ID_SIZE];
        bool sides[2];
        int64_t ended_at_ms;
};

struct task_keeper {
        struct write_job job; /* first: the writer hands back its address */
        struct writer *writer;
        struct status *status;
        const struct clock *clock;
        atomic_bool on_its_way; /* the job, and the list with it, is the writer's */
        struct task **ended;
        size_t count;
        struct creation_end *created;
        size_t created_count;
        struct creation_watch creations; /* that of who calls task_keeper_look */
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

/* A create that ended stays so, whatever becomes of the export. */
static void created_note(const struct task_keeper *keeper, struct write *write)
{
        for (size_t i = 0; i < keeper->created_count; i++) {
                const struct creation_end *end = &keeper->created[i];
                const struct export *export = snapshot_export(write->now, end->id);

                if (!export || export->creation.ended_at_ms != 0)
                        continue;
                export_note_created(export, end->sides, end->ended_at_ms);
                write_note(write, &export->document);
        }
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
        created_note(keeper, write);
        for (int i = 0; i < REMOVED_MOST && (old = task_to_forget(write->now, write->now_ms)); i++)
                write_remove(write, DOCUMENT_TASK, old->document.id);
        return 0;
}

static void ended_drop(struct task_keeper *keeper)
{
        for (size_t i = 0; i < keeper->count; i++)
                shared_put(keeper->ended[i]);
        free(keeper->ended);
        free(keeper->created);
        keeper->ended = NULL;
        keeper->created = NULL;
        keeper->count = keeper->created_count = 0;
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

static void created_take(void *context, const struct export *export, const bool sides[2], int64_t ended_at_ms)
{
        struct task_keeper *keeper = context;
        struct creation_end *end;

        keeper->created = memory_grow(keeper->created, keeper->created_count, sizeof *keeper->created);
        end = &keeper->created[keeper->created_count++];
        *end = (struct creation_end){ .sides = { sides[0], sides[1] }, .ended_at_ms = ended_at_ms };
        snprintf(end->id, sizeof end->id, "%s", export->document.id);
}

void task_keeper_look(struct task_keeper *keeper)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(keeper->writer);

        if (atomic_load(&keeper->on_its_way))
                return;
        status_each_ended(keeper->status, ended_take, keeper);
        creation_watch_look(&keeper->creations, keeper->status, keeper->clock, now, created_take, keeper);
        if (keeper->count == 0 && keeper->created_count == 0 && !task_to_forget(now, clock_wall_ms(keeper->clock)))
                return;
        atomic_store(&keeper->on_its_way, true);
        writer_submit(keeper->writer, &keeper->job);
}

void task_keeper_free(struct task_keeper *keeper)
{
        if (!keeper)
                return;
        ended_drop(keeper);
        creation_watch_fini(&keeper->creations);
        free(keeper);
}
