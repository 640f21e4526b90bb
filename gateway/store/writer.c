/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "base/condition.h"
#include "base/log.h"
#include "store/write_group.h"

/* Jobs in one group at most. A sync costs about as much as preparing a few dozen jobs; beyond that a larger group
 * only makes its first job wait longer. */
#define GROUP_MAX 128

/* Between two looks for events that have become too old or too many, and between two batches of them. */
#define PRUNE_INTERVAL_MS 60000
#define PRUNE_BATCH_MS 200

struct writer {
        struct store *store; /* the thread's */
        const struct clock *clock;
        void (*on_publish)(void *context);
        void *context;
        pthread_t thread;

        pthread_mutex_t queue_mutex;
        pthread_cond_t queue_grew;
        struct write_job *first, **last;
        bool is_ending;
        struct trail_limits limits;
        int64_t prune_at_ms; /* monotonic: when events are looked at next; INT64_MAX = they are kept */

        struct latency *latency; /* NULL = nobody counts */

        struct trail *trail; /* the thread adds to it, others read */

        pthread_mutex_t published_mutex; /* held for as long as taking a reference takes */
        const struct snapshot *published;
};

static int document_load(void *context, enum document_kind kind, const char *id, uint64_t revision,
                         const char *text, size_t length, struct fault *fault)
{
        struct snapshot *snapshot = context;
        struct document *document = document_parse(kind, id, revision, text, length, fault);

        if (!document)
                return fault_prefix(fault, "load %s %s", document_word(kind), id);
        snapshot_put(snapshot, document);
        shared_put(document);
        return 0;
}

/* All that the store holds, as a snapshot at its newest revision; NULL and a fault. */
static struct snapshot *store_snapshot(struct store *store, struct fault *fault)
{
        struct snapshot *snapshot = snapshot_new();

        if (store->operations->load(store, document_load, snapshot, fault)) {
                shared_put(snapshot);
                return NULL;
        }
        snapshot->revision = store->operations->revision(store);
        return snapshot;
}

/* Makes `snapshot` (its reference is taken) the one that readers get. */
static void snapshot_publish(struct writer *writer, const struct snapshot *snapshot)
{
        const struct snapshot *old;

        pthread_mutex_lock(&writer->published_mutex);
        old = writer->published;
        writer->published = snapshot;
        pthread_mutex_unlock(&writer->published_mutex);
        shared_put(old);
        if (writer->on_publish)
                writer->on_publish(writer->context);
}

const struct snapshot *writer_snapshot(struct writer *writer)
{
        const struct snapshot *snapshot;

        pthread_mutex_lock(&writer->published_mutex);
        snapshot = shared_get(writer->published);
        pthread_mutex_unlock(&writer->published_mutex);
        return snapshot;
}

/* The store has kept something else than the draft: somebody wrote to it behind our back, or the engine is
 * broken. What it holds is the truth; without it there is nothing to go on with. */
static void snapshot_reload(struct writer *writer)
{
        struct fault fault = { 0 };
        struct snapshot *snapshot = store_snapshot(writer->store, &fault);

        if (!snapshot || trail_catch_up(writer->trail, &fault)) {
                log_error("store: it cannot be read back: %s", fault.text);
                abort();
        }
        snapshot_publish(writer, snapshot);
}

static void group_publish(struct writer *writer, const struct write_group *group, enum write_outcome outcome)
{
        switch (outcome) {
        case WRITE_KEPT:
                if (group->revisions > 0)
                        snapshot_publish(writer, shared_get(group->draft));
                break;
        case WRITE_DISAGREES:
                snapshot_reload(writer);
                break;
        case WRITE_NOTHING:
        case WRITE_LOST:
                break;
        }
}

static bool prune_is_due(const struct writer *writer)
{
        return clock_monotonic_ms(writer->clock) >= writer->prune_at_ms;
}

/* Waits, under the lock, until there is something to do: a job, the end, or events to look at. */
static void work_await(struct writer *writer)
{
        while (!writer->first && !writer->is_ending && !prune_is_due(writer)) {
                struct timespec until;

                if (writer->prune_at_ms == INT64_MAX) {
                        pthread_cond_wait(&writer->queue_grew, &writer->queue_mutex);
                        continue;
                }
                until = condition_moment(1000 + writer->prune_at_ms - clock_monotonic_ms(writer->clock));
                pthread_cond_timedwait(&writer->queue_grew, &writer->queue_mutex, &until);
        }
}

/* The jobs that wait now, GROUP_MAX at most; NULL when none does. False when the writer is to end. */
static bool jobs_take(struct writer *writer, struct write_job **jobs)
{
        struct write_job *last;
        bool goes_on;

        pthread_mutex_lock(&writer->queue_mutex);
        work_await(writer);
        *jobs = last = writer->first;
        for (int count = 1; last && last->next && count < GROUP_MAX; count++)
                last = last->next;
        writer->first = last ? last->next : NULL;
        if (!writer->first)
                writer->last = &writer->first;
        if (last)
                last->next = NULL;
        goes_on = last || !writer->is_ending;
        pthread_mutex_unlock(&writer->queue_mutex);
        return goes_on;
}

static void group_tell(struct writer *writer, const struct write_group *group)
{
        for (size_t i = 0; i < group->entry_count; i++) {
                const struct write_entry *entry = &group->entries[i];

                for (size_t j = 0; entry->is_committed && j < entry->event_count; j++)
                        trail_add(writer->trail, entry->events[j]);
        }
        trail_tell(writer->trail);
}

static void group_run(struct writer *writer, struct write_job *jobs)
{
        struct write_group group;
        enum write_outcome outcome;
        int64_t since_us;

        /* Only this thread publishes: `published` can be read without the lock here. */
        write_group_init(&group, writer->published, clock_wall_ms(writer->clock), writer);
        group.event_number = trail_newest(writer->trail);
        for (; jobs; jobs = jobs->next)
                write_group_add(&group, jobs);
        since_us = latency_now_us();
        outcome = write_group_commit(&group, writer->store);
        if (outcome != WRITE_NOTHING)
                latency_note(writer->latency, LATENCY_STORE_COMMIT, latency_now_us() - since_us,
                             outcome == WRITE_LOST ? FAULT_INTERNAL : FAULT_NONE);
        group_publish(writer, &group, outcome);
        if (outcome == WRITE_KEPT)
                group_tell(writer, &group);
        /* `done` may free the job. */
        for (size_t i = 0; i < group.entry_count; i++)
                group.entries[i].job->done(group.entries[i].job, writer->published, &group.entries[i].fault);
        write_group_fini(&group);
}

/* Removes one batch of events that are kept no longer, when it is time to. */
static void events_prune(struct writer *writer)
{
        struct fault fault = { 0 };
        struct trail_limits limits;
        size_t removed = 0;
        bool is_due;

        pthread_mutex_lock(&writer->queue_mutex);
        is_due = prune_is_due(writer);
        limits = writer->limits;
        pthread_mutex_unlock(&writer->queue_mutex);
        if (!is_due)
                return;
        if (writer->store->operations->prune(
                    writer->store, limits.age_ms ? clock_wall_ms(writer->clock) - limits.age_ms : INT64_MIN,
                    limits.most ? limits.most : INT64_MAX, &removed, &fault))
                log_warning("store: events that are kept no longer stay: %s", fault.text);
        pthread_mutex_lock(&writer->queue_mutex);
        writer->prune_at_ms = clock_monotonic_ms(writer->clock) +
                              (removed == STORE_PRUNE_MOST ? PRUNE_BATCH_MS : PRUNE_INTERVAL_MS);
        pthread_mutex_unlock(&writer->queue_mutex);
}

static void *writer_run(void *argument)
{
        struct writer *writer = argument;
        struct write_job *jobs;

        while (jobs_take(writer, &jobs)) {
                if (jobs)
                        group_run(writer, jobs);
                events_prune(writer);
        }
        return NULL;
}

void writer_limit_trail(struct writer *writer, const struct trail_limits *limits)
{
        pthread_mutex_lock(&writer->queue_mutex);
        writer->limits = *limits;
        writer->prune_at_ms = limits->age_ms || limits->most ? INT64_MIN : INT64_MAX;
        pthread_cond_signal(&writer->queue_grew);
        pthread_mutex_unlock(&writer->queue_mutex);
}

void writer_time_commits(struct writer *writer, struct latency *latency)
{
        writer->latency = latency;
}

struct trail *writer_trail(struct writer *writer)
{
        return writer->trail;
}

/* Starts the thread with every signal blocked: they are the main thread's, but for the answer to a call that
 * base/sandbox.h does not allow. */
static int thread_start(struct writer *writer)
{
        sigset_t all, before;

        sigfillset(&all);
        sigdelset(&all, SIGSYS);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int error = pthread_create(&writer->thread, NULL, writer_run, writer);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (!error)
                pthread_setname_np(writer->thread, "writer");
        return error;
}

static void writer_drop(struct writer *writer)
{
        shared_put(writer->published);
        trail_free(writer->trail);
        store_close(writer->store);
        pthread_mutex_destroy(&writer->queue_mutex);
        pthread_mutex_destroy(&writer->published_mutex);
        pthread_cond_destroy(&writer->queue_grew);
        free(writer);
}

int writer_new(struct store *store, const struct clock *clock, void (*on_publish)(void *context), void *context,
               struct writer **writer, struct fault *fault)
{
        struct writer *made = NEW(struct writer);
        struct fault cause = { 0 };
        int error;

        made->store = store;
        made->prune_at_ms = INT64_MAX;
        made->clock = clock;
        made->on_publish = on_publish;
        made->context = context;
        made->last = &made->first;
        pthread_mutex_init(&made->queue_mutex, NULL);
        pthread_mutex_init(&made->published_mutex, NULL);
        condition_init(&made->queue_grew);
        made->published = store_snapshot(store, &cause);
        if (made->published)
                made->trail = trail_new(store, &cause);
        if (made->trail && (error = thread_start(made)))
                fault_set_errno(&cause, FAULT_INTERNAL, error, "start the writer's thread");
        if (cause.code) {
                writer_drop(made);
                return fault_set(fault, cause.code, "%s", cause.text);
        }
        *writer = made;
        return 0;
}

void writer_free(struct writer *writer)
{
        if (!writer)
                return;
        pthread_mutex_lock(&writer->queue_mutex);
        writer->is_ending = true;
        pthread_cond_signal(&writer->queue_grew);
        pthread_mutex_unlock(&writer->queue_mutex);
        pthread_join(writer->thread, NULL);
        writer_drop(writer);
}

void writer_submit(struct writer *writer, struct write_job *job)
{
        job->next = NULL;
        pthread_mutex_lock(&writer->queue_mutex);
        *writer->last = job;
        writer->last = &job->next;
        pthread_cond_signal(&writer->queue_grew);
        pthread_mutex_unlock(&writer->queue_mutex);
}

int writer_try(struct writer *writer, struct write_job *job, const struct snapshot **base,
               const struct snapshot **draft, struct fault *fault)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(writer);
        struct write_group group;
        int result;

        write_group_init(&group, now, clock_wall_ms(writer->clock), writer);
        write_group_add(&group, job);
        *fault = group.entries[0].fault;
        result = -(int)fault->code;
        if (result == 0) {
                *base = shared_get(now);
                *draft = shared_get(group.draft);
        }
        write_group_fini(&group);
        return result;
}
