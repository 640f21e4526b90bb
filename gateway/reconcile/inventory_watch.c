/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/inventory_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "reconcile/losses.h"

#define RETRY_MS 1000          /* after a commit that failed */
#define STORE_MS_LEAST 1000    /* heartbeats are stored at most so often ... */
#define STORE_MS_MOST 60000    /* ... and at least */
#define STORE_PARTS 8          /* of inventory_max_age: how much too old a source may seem after a kill */
#define PAUSE_MS_MOST 86400000 /* of one wait */

/* What is known of one source beside its document. */
struct watched {
        char *source;
        int64_t heard_ms;           /* monotonic */
        int64_t heard_at_ms;        /* wall clock */
        bool heard;                 /* since the start; else the two are what was stored */
        int64_t stored_at_ms;       /* heard_at_ms of the document, as seen last */
        int64_t next_store_ms;      /* monotonic: not before */
        int64_t spare_until_ms;     /* monotonic; 0 = not spared */
        enum inventory_state state; /* that was told of */
};

struct inventory_watch {
        struct write_job job; /* first */
        struct writer *writer;
        struct status *status;
        const struct clock *clock;
        struct inventory_ages ages;
        pthread_mutex_t lock; /* for all below */
        pthread_cond_t changed;
        pthread_t thread;
        struct watched *sources;
        size_t source_count;
        int64_t retry_at_ms; /* 0 = the last commit went well */
        bool committing, started, stopping, woken;
};

static struct watched *watched_find(struct inventory_watch *watch, const char *source)
{
        for (size_t i = 0; i < watch->source_count; i++)
                if (strcmp(watch->sources[i].source, source) == 0)
                        return &watch->sources[i];
        return NULL;
}

/* How often heartbeats are stored. */
static int64_t store_interval_ms(const struct inventory_watch *watch)
{
        int64_t most_ms = watch->ages.most_ms ? watch->ages.most_ms : watch->ages.warn_ms;
        int64_t interval_ms = most_ms / STORE_PARTS;

        if (interval_ms < STORE_MS_LEAST)
                return most_ms ? STORE_MS_LEAST : STORE_MS_MOST;
        return interval_ms < STORE_MS_MOST ? interval_ms : STORE_MS_MOST;
}

static struct watched *watched_add(struct inventory_watch *watch, const struct inventory *inventory)
{
        struct watched *watched;

        watch->sources = memory_grow(watch->sources, watch->source_count, sizeof *watch->sources);
        watched = &watch->sources[watch->source_count++];
        *watched = (struct watched){ .source = memory_text(inventory->document.id),
                                     .heard_ms = INT64_MIN,
                                     .stored_at_ms = -1 };
        return watched;
}

/* Takes in the time that the document tells; somebody else may have committed it. */
static void watched_follow(struct inventory_watch *watch, struct watched *watched,
                           const struct inventory *inventory)
{
        int64_t now_ms = clock_monotonic_ms(watch->clock), wall_ms = clock_wall_ms(watch->clock);
        int64_t age_ms = wall_ms > inventory->heard_at_ms ? wall_ms - inventory->heard_at_ms : 0;

        if (watched->stored_at_ms == inventory->heard_at_ms)
                return;
        watched->stored_at_ms = inventory->heard_at_ms;
        watched->next_store_ms = now_ms + store_interval_ms(watch);
        if (now_ms - age_ms > watched->heard_ms) {
                watched->heard_ms = now_ms - age_ms;
                watched->heard_at_ms = inventory->heard_at_ms;
                watched->heard = watch->started;
        }
        if (!watch->started && watch->ages.most_ms > 0 && age_ms >= watch->ages.most_ms && !inventory->spared)
                watched->spare_until_ms = now_ms + (watch->ages.most_ms < INVENTORY_SPARE_MS ? watch->ages.most_ms
                                                                                             : INVENTORY_SPARE_MS);
}

/* What the document should be; NULL when it is so. */
static struct inventory *inventory_next(const struct inventory_watch *watch, const struct watched *watched,
                                        const struct inventory *now)
{
        int64_t now_ms = clock_monotonic_ms(watch->clock);
        enum inventory_state state =
                now->beats ? inventory_state_at(&watch->ages, now_ms - watched->heard_ms) : INVENTORY_FRESH;
        bool spared =
                state == INVENTORY_EXPIRED && now->state != INVENTORY_EXPIRED && now_ms < watched->spare_until_ms;
        bool store =
                watched->heard_at_ms > now->heard_at_ms && (now_ms >= watched->next_store_ms || watch->stopping);
        struct inventory *next;

        if (spared)
                state = INVENTORY_STALE;
        spared = spared || (now->spared && !watched->heard);
        if (state == now->state && spared == now->spared && !store &&
            now->suspends == (state == INVENTORY_EXPIRED && watch->ages.suspend))
                return NULL;
        next = inventory_renew(now);
        next->state = state;
        next->spared = spared;
        next->suspends = state == INVENTORY_EXPIRED && watch->ages.suspend;
        if (state != INVENTORY_EXPIRED)
                next->expired_revision = 0;
        if (watched->heard_at_ms > now->heard_at_ms)
                next->heard_at_ms = watched->heard_at_ms;
        return next;
}

/* --- The commit, in the writer's thread -----------------------------------------------------------------------
 */

/* The nodes of a source that is suspended lose what they have, as by any other write. */
static void losses_put(const struct inventory_watch *watch, struct write *write, const struct snapshot *before,
                       const char *source)
{
        const struct losses_terms terms = { .before = before,
                                            .after = write->now,
                                            .facts = status_facts(watch->status),
                                            .now_ms = write->now_ms };
        char id[TASK_ID_SIZE];
        uint8_t random[10];

        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
                abort();
        AUTO_SHARED struct task *task = task_new(task_id_make(write->now_ms, random, id), TASK_INVENTORY_EXPIRED,
                                                 source, NULL, "gatehoused");
        if (losses_add(&terms, task))
                write_put(write, &task->document);
}

static void inventory_commit(struct inventory_watch *watch, struct write *write, const char *source)
{
        static const char *const actions[] = { "inventory.fresh", "inventory.stale", "inventory.expired" };
        AUTO_SHARED const struct inventory *now = shared_get(snapshot_inventory(write->now, source));
        struct watched *watched = watched_find(watch, source);
        AUTO_SHARED struct inventory *next = now && watched ? inventory_next(watch, watched, now) : NULL;

        if (!next)
                return;
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        write_put(write, &next->document);
        if (next->state != now->state)
                write_event(write, "gatehoused", "internal", actions[next->state], source, &now->document,
                            &next->document);
        if (next->suspends && !now->suspends)
                losses_put(watch, write, before, source);
}

static int job_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        struct inventory_watch *watch = (struct inventory_watch *)job;

        (void)fault;
        pthread_mutex_lock(&watch->lock);
        for (size_t i = 0; i < watch->source_count; i++)
                inventory_commit(watch, write, watch->sources[i].source);
        pthread_mutex_unlock(&watch->lock);
        return 0;
}

static void job_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct inventory_watch *watch = (struct inventory_watch *)job;

        (void)published;
        pthread_mutex_lock(&watch->lock);
        watch->committing = false;
        watch->retry_at_ms = 0;
        if (fault->code != FAULT_NONE) {
                watch->retry_at_ms = clock_monotonic_ms(watch->clock) + RETRY_MS;
                log_error("commit how long the inventory has been silent: %s", fault->text);
        }
        watch->woken = true;
        pthread_cond_signal(&watch->changed);
        pthread_mutex_unlock(&watch->lock);
}

/* --- The thread -----------------------------------------------------------------------------------------------
 */

static void state_tell(struct watched *watched, const struct inventory *inventory)
{
        const char *const fields[] = { "inventory", watched->source, NULL };
        char since[CLOCK_TEXT_SIZE];

        if (watched->state == inventory->state)
                return;
        watched->state = inventory->state;
        clock_format(watched->heard_at_ms, since);
        if (inventory->state == INVENTORY_FRESH)
                log_line(LOG_LEVEL_NOTICE, fields, "inventory.fresh: source %s is heard again", watched->source);
        else if (inventory->state == INVENTORY_STALE)
                log_line(LOG_LEVEL_WARNING, fields, "inventory.stale: source %s has not been heard of since %s",
                         watched->source, since);
        else
                log_line(LOG_LEVEL_ERROR, fields,
                         "inventory.expired: source %s has not been heard of since %s; %s", watched->source, since,
                         inventory->suspends ? "all grants of its environments are suspended"
                                             : "nobody new is let in");
}

/* Adds to what is wrong; the sources in their order. */
static void fault_add(struct fault *fault, const struct watched *watched, const struct inventory *inventory)
{
        char since[CLOCK_TEXT_SIZE];

        if (inventory->state == INVENTORY_FRESH || fault->code != FAULT_NONE)
                return;
        fault_set(fault, FAULT_TIMEOUT, "inventory source %s is %s: not heard of since %s", watched->source,
                  inventory_state_word(inventory->state), clock_format(watched->heard_at_ms, since));
}

/* Milliseconds until this source must be looked at again. */
static int64_t watched_due_ms(const struct inventory_watch *watch, const struct watched *watched,
                              const struct inventory *inventory)
{
        int64_t now_ms = clock_monotonic_ms(watch->clock), due_ms = PAUSE_MS_MOST;
        int64_t next_ms = inventory_next_ms(&watch->ages, now_ms - watched->heard_ms);

        if (inventory->beats && next_ms >= 0 && next_ms < due_ms)
                due_ms = next_ms;
        if (watched->spare_until_ms > now_ms && watched->spare_until_ms - now_ms < due_ms)
                due_ms = watched->spare_until_ms - now_ms;
        if (watched->heard_at_ms > inventory->heard_at_ms && watched->next_store_ms - now_ms < due_ms)
                due_ms = watched->next_store_ms - now_ms;
        return due_ms > 0 ? due_ms : 0;
}

/* A source that the operator had forgotten. */
static void watched_forget(struct inventory_watch *watch, const struct snapshot *now)
{
        size_t kept = 0;

        for (size_t i = 0; i < watch->source_count; i++) {
                if (snapshot_inventory(now, watch->sources[i].source))
                        watch->sources[kept++] = watch->sources[i];
                else
                        free(watch->sources[i].source);
        }
        watch->source_count = kept;
}

/* Looks at every source, commits what is due; returns milliseconds until the next look. Under the lock. */
static int64_t watch_look(struct inventory_watch *watch)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(watch->writer);
        struct fault fault = { 0 };
        const struct inventory *inventory;
        struct snapshot_walk walk;
        int64_t due_ms = PAUSE_MS_MOST;
        bool work = false, any = false;

        watched_forget(watch, now);
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_INVENTORY], NULL, NULL);
        while ((inventory = (const struct inventory *)snapshot_walk_next(&walk))) {
                struct watched *watched = watched_find(watch, inventory->document.id);
                AUTO_SHARED struct inventory *next = NULL;
                int64_t this_ms;

                if (!watched)
                        watched = watched_add(watch, inventory);
                watched_follow(watch, watched, inventory);
                next = inventory_next(watch, watched, inventory);
                work = work || next;
                any = any || inventory->beats;
                state_tell(watched, inventory);
                fault_add(&fault, watched, inventory);
                this_ms = watched_due_ms(watch, watched, inventory);
                due_ms = this_ms < due_ms ? this_ms : due_ms;
        }
        watch->started = true;
        if (any)
                status_note_backend(watch->status, BACKEND_INVENTORY, &fault);
        if (work && !watch->committing) {
                int64_t wait_ms = watch->retry_at_ms - clock_monotonic_ms(watch->clock);

                if (watch->retry_at_ms && wait_ms > 0)
                        return wait_ms;
                watch->committing = true;
                writer_submit(watch->writer, &watch->job);
        }
        return work ? PAUSE_MS_MOST : due_ms; /* the end of the commit wakes it */
}

static void watch_wait(struct inventory_watch *watch, int64_t pause_ms)
{
        struct timespec until = condition_moment(pause_ms + 1);

        while (!watch->woken && pthread_cond_timedwait(&watch->changed, &watch->lock, &until) == 0)
                ;
        watch->woken = false;
}

static void *watch_run(void *argument)
{
        struct inventory_watch *watch = argument;

        pthread_mutex_lock(&watch->lock);
        while (!watch->stopping)
                watch_wait(watch, watch_look(watch));
        watch_look(watch); /* stores what was heard */
        while (watch->committing)
                pthread_cond_wait(&watch->changed, &watch->lock);
        pthread_mutex_unlock(&watch->lock);
        return NULL;
}

int inventory_watch_new(struct writer *writer, struct status *status, const struct clock *clock,
                        const struct inventory_ages *ages, struct inventory_watch **result, struct fault *fault)
{
        struct inventory_watch *watch = NEW(struct inventory_watch);

        watch->job = (struct write_job){ .prepare = job_prepare, .done = job_done };
        watch->writer = writer;
        watch->status = status;
        watch->clock = clock;
        watch->ages = *ages;
        pthread_mutex_init(&watch->lock, NULL);
        condition_init(&watch->changed);
        if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
                free(watch);
                return fault_set(fault, FAULT_INTERNAL, "start the watch of the inventory: no thread to be had");
        }
        pthread_setname_np(watch->thread, "inventory");
        *result = watch;
        return 0;
}

void inventory_watch_free(struct inventory_watch *watch)
{
        if (!watch)
                return;
        pthread_mutex_lock(&watch->lock);
        watch->stopping = watch->woken = true;
        pthread_cond_signal(&watch->changed);
        pthread_mutex_unlock(&watch->lock);
        pthread_join(watch->thread, NULL);
        for (size_t i = 0; i < watch->source_count; i++)
                free(watch->sources[i].source);
        free(watch->sources);
        pthread_cond_destroy(&watch->changed);
        pthread_mutex_destroy(&watch->lock);
        free(watch);
}

void inventory_watch_wake(struct inventory_watch *watch)
{
        if (!watch)
                return;
        pthread_mutex_lock(&watch->lock);
        watch->woken = true;
        pthread_cond_signal(&watch->changed);
        pthread_mutex_unlock(&watch->lock);
}

void inventory_watch_heard(struct inventory_watch *watch, const char *source)
{
        struct watched *watched;

        if (!watch)
                return;
        pthread_mutex_lock(&watch->lock);
        watched = watched_find(watch, source);
        if (watched) {
                if (watched->heard_at_ms <= watched->stored_at_ms) { /* nothing was to be stored so far */
                        watch->woken = true;
                        pthread_cond_signal(&watch->changed);
                }
                watched->heard_ms = clock_monotonic_ms(watch->clock);
                watched->heard_at_ms = clock_wall_ms(watch->clock);
                watched->heard = true;
                watched->spare_until_ms = 0;
        }
        pthread_mutex_unlock(&watch->lock);
}

bool inventory_watch_age(struct inventory_watch *watch, const char *source, struct inventory_age *age)
{
        const struct watched *watched;

        if (!watch)
                return false;
        pthread_mutex_lock(&watch->lock);
        watched = watched_find(watch, source);
        if (watched)
                *age = (struct inventory_age){ .heard_at_ms = watched->heard_at_ms,
                                               .age_ms = clock_monotonic_ms(watch->clock) - watched->heard_ms,
                                               .stored = !watched->heard };
        pthread_mutex_unlock(&watch->lock);
        return watched;
}
