/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_storage_files.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/files/directory_wire.h"

struct entry {
        char *storage;
        char *path;
        struct fake_file file;
};

struct fake_storage_files {
        pthread_mutex_t lock;
        struct entry *entries;
        size_t count;
        unsigned calls;
        unsigned asked;   /* paths, and storages checked */
        unsigned fail_at; /* number of one asked; 0 = none */
        enum fault_code fail_code;
        char *refusal;
        struct storage_capacity room;
        char *stuck; /* path */
        pthread_cond_t released;
        bool held;
};

struct fake_storage_files *fake_storage_files_new(void)
{
        struct fake_storage_files *fake = NEW(struct fake_storage_files);

        pthread_mutex_init(&fake->lock, NULL);
        fake->room = (struct storage_capacity){ 1000 << 20, 600 << 20, 100000, 90000 };
        pthread_cond_init(&fake->released, NULL);
        return fake;
}

static void entry_drop(struct fake_storage_files *fake, size_t i)
{
        free(fake->entries[i].storage);
        free(fake->entries[i].path);
        fake->entries[i] = fake->entries[--fake->count];
}

void fake_storage_files_free(struct fake_storage_files *fake)
{
        while (fake->count > 0)
                entry_drop(fake, 0);
        free(fake->entries);
        free(fake->refusal);
        free(fake->stuck);
        pthread_cond_destroy(&fake->released);
        pthread_mutex_destroy(&fake->lock);
        free(fake);
}

static struct entry *entry_find(struct fake_storage_files *fake, const char *storage, const char *path)
{
        for (size_t i = 0; i < fake->count; i++)
                if (strcmp(fake->entries[i].storage, storage) == 0 && strcmp(fake->entries[i].path, path) == 0)
                        return &fake->entries[i];
        return NULL;
}

static void entry_put(struct fake_storage_files *fake, const char *storage, const char *path,
                      struct fake_file file)
{
        struct entry *entry = entry_find(fake, storage, path);

        if (!entry) {
                fake->entries = memory_resize(fake->entries, fake->count + 1, sizeof *fake->entries);
                entry = &fake->entries[fake->count++];
                entry->storage = memory_text(storage);
                entry->path = memory_text(path);
        }
        entry->file = file;
}

void fake_storage_files_put(struct fake_storage_files *fake, const char *storage, const char *path,
                            struct fake_file file)
{
        size_t length = strlen(path);

        pthread_mutex_lock(&fake->lock);
        if (file.kind != PATH_ABSENT)
                entry_put(fake, storage, path, file);
        for (size_t i = fake->count; file.kind == PATH_ABSENT && i-- > 0;)
                if (strcmp(fake->entries[i].storage, storage) == 0 &&
                    strncmp(fake->entries[i].path, path, length) == 0 &&
                    (fake->entries[i].path[length] == '/' || fake->entries[i].path[length] == '\0'))
                        entry_drop(fake, i);
        pthread_mutex_unlock(&fake->lock);
}

struct fake_file fake_storage_files_get(struct fake_storage_files *fake, const char *storage, const char *path)
{
        pthread_mutex_lock(&fake->lock);
        const struct entry *entry = entry_find(fake, storage, path);
        struct fake_file file = entry ? entry->file : (struct fake_file){ .kind = PATH_ABSENT };
        pthread_mutex_unlock(&fake->lock);
        return file;
}

void fake_storage_files_fail(struct fake_storage_files *fake, unsigned nth, enum fault_code code)
{
        pthread_mutex_lock(&fake->lock);
        fake->fail_at = nth > 0 ? fake->asked + nth : 0;
        fake->fail_code = code;
        pthread_mutex_unlock(&fake->lock);
}

void fake_storage_files_refuse(struct fake_storage_files *fake, const char *sentence)
{
        pthread_mutex_lock(&fake->lock);
        free(fake->refusal);
        fake->refusal = memory_text(sentence);
        pthread_mutex_unlock(&fake->lock);
}

void fake_storage_files_stick(struct fake_storage_files *fake, const char *path)
{
        pthread_mutex_lock(&fake->lock);
        free(fake->stuck);
        fake->stuck = memory_text(path);
        pthread_mutex_unlock(&fake->lock);
}

void fake_storage_files_hold(struct fake_storage_files *fake, bool held)
{
        pthread_mutex_lock(&fake->lock);
        fake->held = held;
        pthread_cond_broadcast(&fake->released);
        pthread_mutex_unlock(&fake->lock);
}

void fake_storage_files_room(struct fake_storage_files *fake, const struct storage_capacity *room)
{
        pthread_mutex_lock(&fake->lock);
        fake->room = *room;
        pthread_mutex_unlock(&fake->lock);
}

unsigned fake_storage_files_calls(struct fake_storage_files *fake)
{
        pthread_mutex_lock(&fake->lock);
        unsigned calls = fake->calls;
        pthread_mutex_unlock(&fake->lock);
        return calls;
}

/* Under the lock: counts what is asked, and fails it if it is its turn. */
static int ask_begin(struct fake_storage_files *fake, struct fault *fault)
{
        if (++fake->asked != fake->fail_at)
                return 0;
        return fault_set(fault, fake->fail_code, "ask the fake storage: number %u was told to fail", fake->asked);
}

static int path_check(const char *path, struct fault *fault)
{
        if (strlen(path) > EXPORT_PATH_MAX)
                return fault_set(fault, FAULT_MALFORMED, "look at a path: it is too long");
        if (!directory_path_is_canonical(path))
                return fault_set(fault, FAULT_INVALID, "look at a path: it is not canonical");
        return 0;
}

/* Under the lock: looks along `path` as far as there are directories. */
static void path_walk(struct fake_storage_files *fake, const char *storage, const char *path,
                      struct directory_walk *walk, struct path_seen *seen)
{
        *seen = (struct path_seen){ .kind = PATH_DIRECTORY };
        directory_walk_init(walk, path);
        while (seen->kind == PATH_DIRECTORY && directory_walk_next(walk)) {
                const struct entry *entry = entry_find(fake, storage, walk->at);

                seen->kind = entry ? entry->file.kind : PATH_ABSENT;
                if (seen->kind == PATH_LINK || seen->kind == PATH_OTHER)
                        snprintf(seen->at, sizeof seen->at, "%s", walk->at);
        }
}

/* Takes the lock, for a call about paths. */
static void calls_begin(struct fake_storage_files *fake)
{
        pthread_mutex_lock(&fake->lock);
        fake->calls++;
        while (fake->held)
                pthread_cond_wait(&fake->released, &fake->lock);
}

/* Under the lock: what each path is asked first. */
static int item_begin(struct fake_storage_files *fake, struct path_item *item)
{
        int failed = ask_begin(fake, &item->fault);

        if (!failed && fake->stuck && strcmp(fake->stuck, item->path) == 0)
                failed = fault_set(&item->fault, FAULT_TIMEOUT, "look at a path: it was told to hang");
        return failed ? failed : path_check(item->path, &item->fault);
}

/* Under the lock. */
static unsigned fake_file_mode(struct fake_storage_files *fake, const char *storage, const char *path)
{
        const struct entry *entry = entry_find(fake, storage, path);

        return entry ? entry->file.mode : DIRECTORY_PARENT_MODE;
}

/* Under the lock. */
static void item_inspect(struct fake_storage_files *fake, const char *storage, struct path_item *item)
{
        struct directory_walk walk;

        path_walk(fake, storage, item->path, &walk, &item->seen);
        if (item->seen.kind == PATH_DIRECTORY &&
            directory_is_unfinished(fake_file_mode(fake, storage, item->path)))
                item->seen.kind = PATH_ABSENT;
}

static void fake_inspect(void *context, const struct storage *storage, struct path_item *items, size_t count,
                         int deadline_ms)
{
        struct fake_storage_files *fake = context;

        (void)deadline_ms;
        calls_begin(fake);
        for (size_t i = 0; i < count; i++)
                if (item_begin(fake, &items[i]) == 0)
                        item_inspect(fake, storage->document.id, &items[i]);
        pthread_mutex_unlock(&fake->lock);
}

/* Under the lock: makes what `walk` has found to be missing, and what follows. */
static void path_make(struct fake_storage_files *fake, const char *storage, struct directory_walk *walk,
                      struct fake_file wish)
{
        static const struct fake_file parent = { PATH_DIRECTORY, 0, 0, DIRECTORY_PARENT_MODE };

        do
                entry_put(fake, storage, walk->at, walk->last ? wish : parent);
        while (directory_walk_next(walk));
}

/* Under the lock. */
static void item_make(struct fake_storage_files *fake, const char *name, struct path_item *item)
{
        struct fake_file wish = { PATH_DIRECTORY, item->wish.uid, item->wish.gid, item->wish.mode };
        struct directory_walk walk;
        struct path_seen seen;

        if (wish.mode > 07777 || wish.uid == UINT32_MAX || wish.gid == UINT32_MAX) {
                fault_set(&item->fault, FAULT_MALFORMED, "make directory: the request is malformed");
                return;
        }
        path_walk(fake, name, item->path, &walk, &seen);
        if (seen.kind == PATH_ABSENT)
                path_make(fake, name, &walk, wish);
        else if (seen.kind != PATH_DIRECTORY)
                directory_refuse(&seen, &item->fault);
        else if (directory_is_unfinished(fake_file_mode(fake, name, item->path)))
                entry_put(fake, name, item->path, wish);
}

static void fake_make_directories(void *context, const struct storage *storage, struct path_item *items,
                                  size_t count, int deadline_ms)
{
        struct fake_storage_files *fake = context;

        (void)deadline_ms;
        calls_begin(fake);
        for (size_t i = 0; i < count; i++)
                if (item_begin(fake, &items[i]) == 0)
                        item_make(fake, storage->document.id, &items[i]);
        pthread_mutex_unlock(&fake->lock);
}

static int fake_check_storage(void *context, const struct storage *storage, int deadline_ms, struct fault *fault)
{
        struct fake_storage_files *fake = context;

        (void)deadline_ms;
        pthread_mutex_lock(&fake->lock);
        fake->calls++;
        int failed = ask_begin(fake, fault);
        if (!failed && fake->refusal && storage->kind == STORAGE_SINGLE)
                failed = fault_set(fault, FAULT_INVALID, "%s", fake->refusal);
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int fake_capacity(void *context, const struct storage *storage, int deadline_ms,
                         struct storage_capacity *capacity, struct fault *fault)
{
        struct fake_storage_files *fake = context;

        (void)storage;
        (void)deadline_ms;
        pthread_mutex_lock(&fake->lock);
        fake->calls++;
        int failed = ask_begin(fake, fault);
        if (!failed)
                *capacity = fake->room;
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

struct storage_files fake_storage_files_table(struct fake_storage_files *fake)
{
        return (struct storage_files){ .inspect = fake_inspect,
                                       .make_directories = fake_make_directories,
                                       .check_storage = fake_check_storage,
                                       .capacity = fake_capacity,
                                       .context = fake };
}
