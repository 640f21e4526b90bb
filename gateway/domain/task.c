/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define TASK_WORD(name, word) [name] = word,
const char *const task_kind_words[] = { TASK_KIND_TABLE(TASK_WORD) NULL };
const char *const task_layer_words[] = { TASK_LAYER_TABLE(TASK_WORD) NULL };
const char *const task_step_words[] = { TASK_STEP_TABLE(TASK_WORD) NULL };
#undef TASK_WORD

static void task_free(void *object)
{
        struct task *task = object;

        for (size_t i = 0; i < task->export_count; i++)
                free(task->exports[i].storage);
        for (size_t i = 0; i < task->step_count; i++) {
                free(task->steps[i].storage_node);
                free(task->steps[i].sentence);
        }
        free(task->exports);
        free(task->clients);
        free(task->steps);
        free(task->cuts);
        free(task->subject);
        free(task->account);
        free(task->actor);
        document_fini(&task->document);
        free(task);
}

struct task *task_new_empty(const char *id)
{
        struct task *task = NEW(struct task);

        document_init(&task->document, DOCUMENT_TASK, id, task_free);
        return task;
}

struct task *task_new(const char *id, enum task_kind kind, const char *subject, const char *account,
                      const char *actor)
{
        struct task *task = task_new_empty(id);

        task->kind = kind;
        task->subject = memory_text(subject);
        task->account = account ? memory_text(account) : NULL;
        task->actor = actor ? memory_text(actor) : NULL;
        return task;
}

static void export_add(struct task *task, const char *id, uint16_t number, const char *storage)
{
        struct task_export *export;

        if (task->export_count == TASK_EXPORTS_MOST) {
                task->exports_left_out++;
                return;
        }
        task->exports = memory_grow(task->exports, task->export_count, sizeof *task->exports);
        export = &task->exports[task->export_count++];
        *export = (struct task_export){ .number = number, .storage = memory_text(storage) };
        snprintf(export->id, sizeof export->id, "%s", id);
}

struct task *task_again(const struct task *task)
{
        struct task *again = task_new(task->document.id, task->kind, task->subject, task->account, task->actor);

        again->document.created_at_ms = task->document.created_at_ms;
        for (size_t i = 0; i < task->export_count; i++)
                export_add(again, task->exports[i].id, task->exports[i].number, task->exports[i].storage);
        again->exports_left_out = task->exports_left_out;
        again->clients_left_out = task->clients_left_out;
        again->ended_at_ms = task->ended_at_ms;
        return again;
}

bool task_has_export(const struct task *task, const char *export_id)
{
        for (size_t i = 0; i < task->export_count; i++)
                if (strcmp(task->exports[i].id, export_id) == 0)
                        return true;
        return false;
}

bool task_has_client(const struct task *task, const struct address *address)
{
        for (size_t i = 0; i < task->client_count; i++)
                if (address_equal(&task->clients[i], address))
                        return true;
        return false;
}

void task_add_export(struct task *task, const struct export *export)
{
        export_add(task, export->document.id, export->number, export->storage);
}

void task_add_storage(struct task *task, const char *storage)
{
        export_add(task, "", 0, storage);
}

void task_add_client(struct task *task, const struct address *address)
{
        if (task->client_count == TASK_CLIENTS_MOST) {
                task->clients_left_out++;
                return;
        }
        task->clients = memory_grow(task->clients, task->client_count, sizeof *task->clients);
        task->clients[task->client_count++] = *address;
}

void task_add_step(struct task *task, const struct task_step *step)
{
        struct task_step *added;

        task->steps = memory_grow(task->steps, task->step_count, sizeof *task->steps);
        added = &task->steps[task->step_count++];
        *added = *step;
        added->storage_node = memory_text(step->storage_node);
        added->sentence = step->sentence ? memory_text(step->sentence) : NULL;
}

void task_add_cut(struct task *task, const struct task_cut *cut)
{
        task->cuts = memory_grow(task->cuts, task->cut_count, sizeof *task->cuts);
        task->cuts[task->cut_count++] = *cut;
}

char *task_id_make(int64_t wall_ms, const uint8_t random[10], char id[TASK_ID_SIZE])
{
        return document_id_make("ta", wall_ms, random, id);
}
