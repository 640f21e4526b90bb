/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reconcile/losses.h"
#include "simulation.h"
#include "world_for_test.h"

/* One export of a task that has not been seen to end: who may have it, by any snapshot since. */
struct simulated_task {
        char id[TASK_ID_SIZE];
        char *nfs, *gluster; /* how rights to it begin; NULL = it is not on the bricks */
        struct pmap allowed;
        struct simulated_task *next;
};

static void task_drop(struct simulated_task *task)
{
        pmap_fini(&task->allowed);
        free(task->nfs);
        free(task->gluster);
        free(task);
}

void tasks_fini(struct simulation *simulation)
{
        pmap_fini(&simulation->directories);
        while (simulation->tasks) {
                struct simulated_task *next = simulation->tasks->next;

                task_drop(simulation->tasks);
                simulation->tasks = next;
        }
}

static void task_watch(struct simulation *simulation, const struct snapshot *draft, const char *id,
                       const struct export *export)
{
        struct simulated_task *watched = NEW(struct simulated_task);
        const struct storage *storage = export ? snapshot_storage(draft, export->storage) : NULL;

        snprintf(watched->id, sizeof watched->id, "%s", id);
        if (export)
                watched->nfs = memory_format("nfs|/exports/%s|", export->document.id);
        if (storage && storage->kind == STORAGE_CLUSTER)
                watched->gluster = memory_format("gluster|%s|%s|", storage->volume, export->path);
        watched->next = simulation->tasks;
        simulation->tasks = watched;
}

void task_begin(struct simulation *simulation, struct snapshot *draft, const struct export *const *exports,
                size_t count)
{
        AUTO_FREE char *id = memory_format("ta-%06u", ++simulation->made);
        struct task *task = world_task(id, NULL, 0);

        for (size_t i = 0; i < count; i++) {
                task_add_export(task, exports[i]);
                task_watch(simulation, draft, id, exports[i]);
        }
        if (count == 0)
                task_watch(simulation, draft, id, NULL);
        simulation_tell(simulation, "task %s: %zu exports", id, count);
        task->document.revision = draft->revision;
        snapshot_put(draft, &task->document);
        shared_put(task);
}

void task_begin_environment(struct simulation *simulation, struct snapshot *draft, const char *uid)
{
        const struct export *exports[SIMULATED_NUMBERS];
        struct snapshot_walk walk;
        size_t count = 0;

        snapshot_walk_start(&walk, draft->exports_by_environment, uid, NULL);
        while (count < SIMULATED_NUMBERS && (exports[count] = (const struct export *)snapshot_walk_next(&walk)))
                count++;
        task_begin(simulation, draft, exports, count);
}

void task_begin_losses(struct simulation *simulation, struct snapshot *draft)
{
        const struct losses_terms terms = { .before = simulation->snapshot,
                                            .after = draft,
                                            .facts = simulation->status ? status_facts(simulation->status)
                                                                        : (struct protocol_facts){ 0 },
                                            .now_ms = clock_wall_ms(&simulation->clock) };
        const struct export *exports[SIMULATED_NUMBERS];
        AUTO_SHARED struct task *task = world_task("ta-losses", NULL, 0);
        size_t count = 0;

        if (!losses_add(&terms, task))
                return;
        for (size_t i = 0; i < task->export_count && count < SIMULATED_NUMBERS; i++)
                if ((exports[count] = snapshot_export(draft, task->exports[i].id)))
                        count++; /* one that was removed has a task of its own */
        if (count > 0)
                task_begin(simulation, draft, exports, count);
}

/* Notes which exports there were on each directory: what a brick lets in does not say by which of them. */
static void directories_note(struct simulation *simulation)
{
        struct snapshot_walk walk;
        const struct export *export;

        snapshot_walk_start(&walk, simulation->snapshot->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                const struct storage *storage = snapshot_storage(simulation->snapshot, export->storage);
                AUTO_FREE char *key = memory_format("gluster|%s|%s|%s", storage ? storage->volume ?: "" : "",
                                                    export->path, export->document.id);

                pmap_put(&simulation->directories, key, strlen(key), export);
        }
}

static bool is_of_one_export(const struct simulation *simulation, const char *directory)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        size_t count = 0;

        pmap_first(simulation->directories, directory, strlen(directory), &cursor);
        while (pmap_next(&cursor, &entry) && pmap_entry_has_prefix(&entry, directory, strlen(directory)))
                count++;
        return count == 1;
}

void tasks_allow(struct simulation *simulation)
{
        struct pmap rights = { 0 };

        directories_note(simulation);

        rights_of(simulation, simulation->snapshot, NULL, &rights);
        for (struct simulated_task *task = simulation->tasks; task; task = task->next)
                rights_add(&task->allowed, rights);
        pmap_fini(&rights);
}

static bool task_is_watched(const struct simulation *simulation, const char *id)
{
        for (const struct simulated_task *task = simulation->tasks; task; task = task->next)
                if (strcmp(task->id, id) == 0)
                        return true;
        return false;
}

void tasks_forget(struct simulation *simulation, struct snapshot *draft)
{
        struct snapshot_walk walk;
        const struct document *task;

        snapshot_walk_start(&walk, simulation->snapshot->kinds[DOCUMENT_TASK], NULL, NULL);
        while ((task = snapshot_walk_next(&walk)))
                if (!task_is_watched(simulation, task->id))
                        snapshot_remove(draft, DOCUMENT_TASK, task->id);
}

static bool task_has_ended(struct simulation *simulation, const char *id)
{
        const struct task *task = (const struct task *)snapshot_find(simulation->snapshot, DOCUMENT_TASK, id);
        AUTO_SHARED struct task *shown = task ? status_task(simulation->status, task) : NULL;

        return shown && !task_is_running(shown);
}

void tasks_check(struct simulation *simulation)
{
        struct simulated_task **at = &simulation->tasks;
        struct pmap held = { 0 };

        rights_held(simulation, &held);
        while (*at) {
                struct simulated_task *task = *at;

                if (!task_has_ended(simulation, task->id)) {
                        at = &task->next;
                        continue;
                }
                if (task->nfs)
                        rights_within(simulation, held, task->allowed, task->nfs, task->id);
                if (task->gluster && is_of_one_export(simulation, task->gluster))
                        rights_within(simulation, held, task->allowed, task->gluster, task->id);
                *at = task->next;
                task_drop(task);
        }
        pmap_fini(&held);
}

bool tasks_settled(struct simulation *simulation, struct text *why)
{
        tasks_check(simulation);
        if (simulation->tasks) {
                text_addf(why, "task %s does not end", simulation->tasks->id);
                return false;
        }
        pmap_fini(&simulation->directories);
        return true;
}
