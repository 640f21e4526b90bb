/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/directories.h"

#include <pthread.h>
#include <string.h>

#include "base/condition.h"
#include "base/memory.h"
#include "base/pmap.h"

#define DIRECTORY_DEADLINE_MS 10000 /* gfapi over a volume with a hung brick takes ping-timeout and a little */
#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS 30000

/* One export's directory; changed under the lock only. */
struct directory {
        struct shared shared;
        const struct storage *storage; /* reference */
        const struct export *export;   /* reference */
        enum known there;
        struct fault *fault; /* ABSENT */
        bool queued;
        int64_t due_ms; /* queued: not before */
        int64_t backoff_ms;
};

struct directories {
        pthread_mutex_t lock;
        pthread_cond_t work;
        pthread_t thread;
        const struct storage_files *files;
        const struct clock *clock;
        void (*changed)(void *context);
        void *context;
        struct pmap all;    /* export id -> struct directory */
        struct pmap queued; /* the same, those that wait to be seen to */
        bool stopping;
};

static void directory_free(void *object)
{
        struct directory *directory = object;

        shared_put(directory->storage);
        shared_put(directory->export);
        free(directory->fault);
        free(directory);
}

static void directory_queue(struct directories *directories, struct directory *directory, int64_t due_ms)
{
        const char *id = directory->export->document.id;

        directory->due_ms = due_ms;
        directory->queued = true;
        pmap_put(&directories->queued, id, strlen(id), directory);
        pthread_cond_signal(&directories->work);
}

/* Directories of one storage that are made by one call. */
struct batch {
        const struct storage *storage;                    /* reference */
        struct directory *directories[STORAGE_PATHS_MAX]; /* references */
        const struct export *exports[STORAGE_PATHS_MAX];  /* references: what each is made for */
        struct path_item items[STORAGE_PATHS_MAX];
        size_t count;
};

static bool batch_is_full(const struct batch *batch)
{
        return batch->count > 0 && batch->count == storage_paths_together(batch->storage);
}

static void batch_add(struct batch *batch, struct directory *directory)
{
        const struct export *export = shared_get(directory->export);

        if (batch->count == 0)
                batch->storage = shared_get(directory->storage);
        batch->directories[batch->count] = shared_get(directory);
        batch->exports[batch->count] = export;
        batch->items[batch->count++] = (struct path_item){
                .path = export->path,
                .wish = { export->directory_uid, export->directory_gid, export->directory_mode },
        };
}

static void batch_fini(struct batch *batch)
{
        for (size_t i = 0; i < batch->count; i++) {
                shared_put(batch->exports[i]);
                shared_put(batch->directories[i]);
        }
        shared_put(batch->storage);
}

/* Takes the first queued ones that are due and go together. None: how long until one is (at most a minute). */
static void batch_take(struct directories *directories, struct batch *batch, int64_t *wait_ms)
{
        int64_t now_ms = clock_monotonic_ms(directories->clock);
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        batch->count = 0;
        batch->storage = NULL;
        *wait_ms = 60000;
        pmap_first(directories->queued, NULL, 0, &cursor);
        while (!batch_is_full(batch) && pmap_next(&cursor, &entry)) {
                struct directory *directory = entry.value;

                if (directory->due_ms > now_ms) {
                        if (directory->due_ms - now_ms < *wait_ms)
                                *wait_ms = directory->due_ms - now_ms;
                } else if (batch->count == 0 || batch->storage == directory->storage) {
                        batch_add(batch, directory);
                }
        }
        for (size_t i = 0; i < batch->count; i++) {
                const char *id = batch->exports[i]->document.id;

                batch->directories[i]->queued = false;
                pmap_remove(&directories->queued, id, strlen(id));
        }
}

static void directory_outcome(struct directories *directories, struct directory *directory,
                              const struct fault *fault)
{
        free(directory->fault);
        directory->fault = NULL;
        if (fault->code == FAULT_NONE) {
                directory->there = KNOWN_PRESENT;
                directory->backoff_ms = 0;
                return;
        }
        directory->there = KNOWN_ABSENT;
        directory->fault = NEW(struct fault);
        *directory->fault = *fault;
        directory->backoff_ms = directory->backoff_ms ? directory->backoff_ms * 2 : RETRY_FIRST_MS;
        if (directory->backoff_ms > RETRY_LAST_MS)
                directory->backoff_ms = RETRY_LAST_MS;
        const char *id = directory->export->document.id;
        if (!directory->queued &&
            pmap_find(directories->all, id, strlen(id)) == directory) /* not doubted meanwhile */
                directory_queue(directories, directory,
                                clock_monotonic_ms(directories->clock) + directory->backoff_ms);
}

/* Waits for work; the lock is held. */
static void work_wait(struct directories *directories, int64_t wait_ms)
{
        struct timespec until = condition_moment(wait_ms);

        pthread_cond_timedwait(&directories->work, &directories->lock, &until);
}

static void *directories_run(void *argument)
{
        struct directories *directories = argument;

        const struct storage_files *files = directories->files;
        AUTO_FREE struct batch *batch = NEW(struct batch);

        pthread_mutex_lock(&directories->lock);
        while (!directories->stopping) {
                int64_t wait_ms;

                batch_take(directories, batch, &wait_ms);
                if (batch->count == 0) {
                        work_wait(directories, wait_ms);
                        continue;
                }
                pthread_mutex_unlock(&directories->lock);
                files->make_directories(files->context, batch->storage, batch->items, batch->count,
                                        DIRECTORY_DEADLINE_MS);
                pthread_mutex_lock(&directories->lock);
                for (size_t i = 0; i < batch->count; i++)
                        directory_outcome(directories, batch->directories[i], &batch->items[i].fault);
                batch_fini(batch);
                pthread_mutex_unlock(&directories->lock);
                directories->changed(directories->context);
                pthread_mutex_lock(&directories->lock);
        }
        pthread_mutex_unlock(&directories->lock);
        return NULL;
}

struct directories *directories_new(const struct storage_files *files, const struct clock *clock,
                                    void (*changed)(void *context), void *context)
{
        struct directories *directories = NEW(struct directories);

        directories->files = files;
        directories->clock = clock;
        directories->changed = changed;
        directories->context = context;
        pthread_mutex_init(&directories->lock, NULL);
        condition_init(&directories->work);
        if (pthread_create(&directories->thread, NULL, directories_run, directories) != 0)
                abort();
        pthread_setname_np(directories->thread, "directories");
        return directories;
}

void directories_stop(struct directories *directories)
{
        pthread_mutex_lock(&directories->lock);
        directories->stopping = true;
        pthread_cond_signal(&directories->work);
        pthread_mutex_unlock(&directories->lock);
        pthread_join(directories->thread, NULL);
}

void directories_free(struct directories *directories)
{
        pmap_fini(&directories->queued);
        pmap_fini(&directories->all);
        pthread_cond_destroy(&directories->work);
        pthread_mutex_destroy(&directories->lock);
        free(directories);
}

/* Keeps the newest objects, by which the next try goes. */
static void directory_refresh(struct directory *directory, const struct storage *storage,
                              const struct export *export)
{
        if (directory->storage != storage) {
                shared_put(directory->storage);
                directory->storage = shared_get(storage);
        }
        if (directory->export != export) {
                shared_put(directory->export);
                directory->export = shared_get(export);
        }
}

/* Under the lock: begins to know an export's directory, by what was seen of it. */
static struct directory *directory_begin(struct directories *directories, const struct storage *storage,
                                         const struct export *export, bool seen)
{
        const char *id = export->document.id;
        AUTO_SHARED struct directory *directory = NEW(struct directory);

        shared_init(directory, directory_free);
        directory_refresh(directory, storage, export);
        pmap_put(&directories->all, id, strlen(id), directory);
        if (seen)
                directory->there = KNOWN_PRESENT;
        else
                directory_queue(directories, directory, 0);
        return directory;
}

enum known directories_ask(struct directories *directories, const struct storage *storage,
                           const struct export *export, struct fault *fault)
{
        const char *id = export->document.id;
        struct directory *directory;
        enum known there;

        pthread_mutex_lock(&directories->lock);
        directory = pmap_find(directories->all, id, strlen(id));
        if (!directory)
                directory = directory_begin(directories, storage, export, export->directory_seen);
        directory_refresh(directory, storage, export);
        there = directory->there;
        if (there == KNOWN_ABSENT)
                *fault = *directory->fault;
        pthread_mutex_unlock(&directories->lock);
        return there;
}

/* Under the lock; what a call is at work with stays with that call. */
static void directory_drop(struct directories *directories, const char *export_id)
{
        pmap_remove(&directories->queued, export_id, strlen(export_id));
        pmap_remove(&directories->all, export_id, strlen(export_id));
}

void directories_doubt(struct directories *directories, const struct storage *storage, const struct export *export)
{
        pthread_mutex_lock(&directories->lock);
        directory_drop(directories, export->document.id);
        directory_begin(directories, storage, export, false);
        pthread_mutex_unlock(&directories->lock);
}

void directories_forget(struct directories *directories, const char *export_id)
{
        pthread_mutex_lock(&directories->lock);
        directory_drop(directories, export_id);
        pthread_mutex_unlock(&directories->lock);
}
