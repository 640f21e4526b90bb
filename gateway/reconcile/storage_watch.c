/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/storage_watch.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/* One storage; the thread's own but for `seen`, which is changed under the lock. */
struct watched {
        struct shared shared;
        const struct storage_seen *seen;
        const struct storage *storage; /* reference: as it is to be looked at */
        unsigned failures;             /* looks in a row that told nothing of something */
        int64_t next_ms;
};

struct storage_watch {
        const struct side_world *world;
        int64_t interval_ms;
        const struct storage_files *files;
        const struct gluster_health *health;
        struct side_wake wake;
        pthread_t thread;
        pthread_mutex_t lock;
        struct pmap all; /* storage name -> struct watched; changed under the lock, by the thread alone */
};

static void seen_free(void *object)
{
        struct storage_seen *seen = object;

        shared_put(seen->storage);
        volume_health_fini(&seen->health);
        free(seen);
}

static void watched_free(void *object)
{
        struct watched *watched = object;

        shared_put(watched->storage);
        shared_put(watched->seen);
        free(watched);
}

/* --- One look ------------------------------------------------------------------------------------------------ */

static void capacity_look(const struct storage_watch *watch, struct storage_seen *seen)
{
        const struct storage_files *files = watch->files;

        seen->capacity_at_ms = clock_wall_ms(watch->world->clock);
        files->capacity(files->context, seen->storage, CAPACITY_DEADLINE_MS, &seen->capacity,
                        &seen->capacity_fault);
}

static void health_look(const struct storage_watch *watch, struct storage_seen *seen)
{
        const struct gluster_health *health = watch->health;

        seen->health_at_ms = clock_wall_ms(watch->world->clock);
        seen->heal.state = HEAL_UNKNOWN;
        if (health->look(health->context, seen->storage->volume, &seen->health, &seen->health_fault) == 0)
                seen->heal = heal_summarize(&seen->health);
}

/* What has come about since the last look, once. */
static void change_tell(const struct storage_seen *older, const struct storage_seen *seen)
{
        const char *const fields[] = { "storage", seen->storage->document.id, NULL };
        enum heal_state was = older && older->health_at_ms ? older->heal.state : HEAL_HEALTHY;
        enum heal_state is = seen->heal.state;
        bool bad = is == HEAL_SPLIT_BRAIN || is == HEAL_DEGRADED;

        if (!seen->health_at_ms || is == was || is == HEAL_UNKNOWN)
                return;
        log_line(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, (const char **)(uintptr_t)fields,
                 "Gluster volume %s is %s: %zu bricks, %zu nodes and %zu self-heal daemons are down",
                 seen->storage->volume, heal_state_word(is), seen->heal.bricks_down, seen->heal.nodes_down,
                 seen->heal.daemons_down);
}

static void seen_replace(struct storage_watch *watch, struct watched *watched, const struct storage_seen *seen)
{
        const struct storage_seen *older = watched->seen;

        if (seen)
                change_tell(older, seen);
        pthread_mutex_lock(&watch->lock);
        watched->seen = seen;
        pthread_mutex_unlock(&watch->lock);
        shared_put(older);
}

/* When to look again. What takes too long is not asked more often for it. */
static int64_t pause_ms(const struct storage_watch *watch, struct watched *watched,
                        const struct storage_seen *seen)
{
        const struct fault *const faults[] = { &seen->capacity_fault, &seen->health_fault };
        int64_t interval_ms = watch->interval_ms;
        bool failed = false, hung = false;

        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                failed = failed || faults[i]->code != FAULT_NONE;
                hung = hung || faults[i]->code == FAULT_TIMEOUT;
        }
        watched->failures = failed ? watched->failures + 1 : 0;
        if (!failed || hung || side_backoff_ms(watched->failures) > interval_ms)
                return interval_ms;
        return side_backoff_ms(watched->failures);
}

static void watched_look(struct storage_watch *watch, struct watched *watched)
{
        struct storage_seen *seen = NEW(struct storage_seen);

        shared_init(seen, seen_free);
        seen->storage = shared_get(watched->storage);
        capacity_look(watch, seen);
        if (seen->storage->kind == STORAGE_CLUSTER)
                health_look(watch, seen);
        watched->next_ms = clock_monotonic_ms(watch->world->clock) + pause_ms(watch, watched, seen);
        seen_replace(watch, watched, seen);
}

/* --- The thread ---------------------------------------------------------------------------------------------- */

/* The entry of a storage. What was seen of one that has changed since says nothing of it. */
static struct watched *watched_get(struct storage_watch *watch, const struct storage *storage)
{
        const char *name = storage->document.id;
        struct watched *watched = pmap_find(watch->all, name, strlen(name));

        if (watched && watched->storage == storage)
                return watched;
        watched = NEW(struct watched);
        shared_init(watched, watched_free);
        watched->storage = shared_get(storage);
        watched->next_ms = clock_monotonic_ms(watch->world->clock);
        pthread_mutex_lock(&watch->lock);
        pmap_put(&watch->all, name, strlen(name), watched);
        pthread_mutex_unlock(&watch->lock);
        shared_put(watched);
        return watched;
}

/* Drops storages that `snapshot` has no more. */
static void watch_forget(struct storage_watch *watch, const struct snapshot *snapshot)
{
        __attribute__((cleanup(pmap_fini))) struct pmap all = pmap_dup(watch->all);
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(all, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                if (snapshot_storage(snapshot, ((struct watched *)entry.value)->storage->document.id))
                        continue;
                pthread_mutex_lock(&watch->lock);
                pmap_remove(&watch->all, entry.key, entry.key_length);
                pthread_mutex_unlock(&watch->lock);
        }
}

/* Looks at what is due; the monotonic time at which something will be. */
static int64_t watch_turn(struct storage_watch *watch)
{
        AUTO_SHARED const struct snapshot *snapshot = watch->world->snapshot(watch->world->snapshot_context);
        int64_t due_ms = clock_monotonic_ms(watch->world->clock) + watch->interval_ms;
        const struct storage *storage;
        struct snapshot_walk walk;

        watch_forget(watch, snapshot);
        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)) && !atomic_load(&watch->wake.stop)) {
                struct watched *watched = watched_get(watch, storage);

                if (watched->next_ms <= clock_monotonic_ms(watch->world->clock))
                        watched_look(watch, watched);
                due_ms = watched->next_ms < due_ms ? watched->next_ms : due_ms;
        }
        return due_ms;
}

static void *watch_run(void *argument)
{
        struct storage_watch *watch = argument;

        while (!atomic_load(&watch->wake.stop)) {
                int64_t due_ms = watch_turn(watch), now_ms = clock_monotonic_ms(watch->world->clock);
                struct pollfd wake = { .fd = watch->wake.fd, .events = POLLIN };

                poll(&wake, 1, due_ms > now_ms ? (int)(due_ms - now_ms) + 1 : 0);
                side_wake_drain(&watch->wake);
        }
        return NULL;
}

int storage_watch_start(const struct side_world *world, int64_t interval_ms, const struct storage_files *files,
                        const struct gluster_health *health, struct storage_watch **result, struct fault *fault)
{
        struct storage_watch *watch = NEW(struct storage_watch);

        watch->world = world;
        watch->interval_ms = interval_ms;
        watch->files = files;
        watch->health = health;
        pthread_mutex_init(&watch->lock, NULL);
        int failed = side_wake_init(&watch->wake, fault);
        if (!failed && pthread_create(&watch->thread, NULL, watch_run, watch) != 0)
                failed = fault_set(fault, FAULT_INTERNAL, "start to watch storages: no thread to be had");
        if (failed) {
                free(watch);
                return failed;
        }
        pthread_setname_np(watch->thread, "storage-watch");
        *result = watch;
        return 0;
}

void storage_watch_stop(struct storage_watch *watch)
{
        if (!watch)
                return;
        atomic_store(&watch->wake.stop, true);
        side_wake_call(&watch->wake);
        pthread_join(watch->thread, NULL);
        side_wake_fini(&watch->wake);
        pmap_fini(&watch->all);
        pthread_mutex_destroy(&watch->lock);
        free(watch);
}

void storage_watch_wake(struct storage_watch *watch)
{
        if (watch)
                side_wake_call(&watch->wake);
}

const struct storage_seen *storage_watch_get(struct storage_watch *watch, const struct storage *storage)
{
        const char *name = storage->document.id;
        const struct storage_seen *seen = NULL;

        if (!watch)
                return NULL;
        pthread_mutex_lock(&watch->lock);
        const struct watched *watched = pmap_find(watch->all, name, strlen(name));
        if (watched && watched->storage == storage && watched->seen)
                seen = shared_get(watched->seen);
        pthread_mutex_unlock(&watch->lock);
        return seen;
}

static int client_order(const void *a, const void *b)
{
        return address_compare(a, b);
}

enum known storage_seen_connected(const struct storage_seen *seen, const struct address *address)
{
        if (!seen || seen->health_fault.code != FAULT_NONE || !seen->health.clients_known)
                return KNOWN_UNKNOWN;
        return bsearch(address, seen->health.clients, seen->health.client_count, sizeof *address, client_order)
                       ? KNOWN_PRESENT
                       : KNOWN_ABSENT;
}
