/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/store_probe.h"

#include <time.h>

static int probe_load(struct store *store,
                      int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                  const char *text, size_t length, struct fault *fault),
                      void *context, struct fault *fault)
{
        struct store_probe *probe = (struct store_probe *)store;

        if (++probe->load_count == probe->fail_load_at)
                return fault_set(fault, FAULT_INTERNAL, "load store: told to fail");
        return probe->inner->operations->load(probe->inner, each, context, fault);
}

static int probe_history(struct store *store, uint64_t number, bool backward,
                         int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                         struct fault *fault)
{
        struct store_probe *probe = (struct store_probe *)store;

        return probe->inner->operations->history(probe->inner, number, backward, each, context, fault);
}

static int probe_prune(struct store *store, int64_t before_ms, uint64_t most, size_t *removed, struct fault *fault)
{
        struct store_probe *probe = (struct store_probe *)store;

        return probe->inner->operations->prune(probe->inner, before_ms, most, removed, fault);
}

static void probe_wait_released(struct store_probe *probe)
{
        probe->waiting++;
        pthread_cond_broadcast(&probe->changed);
        while (probe->is_held)
                pthread_cond_wait(&probe->changed, &probe->mutex);
        probe->waiting--;
}

/* The commits before and after the one to be refused, each part as a group of its own. */
static int commit_with_refusal(struct store_probe *probe, struct store_commit *commits, size_t count,
                               size_t refused, struct fault *fault)
{
        const struct store_operations *inner = probe->inner->operations;
        int failed = inner->commit(probe->inner, commits, refused, fault);

        commits[refused].revision = 0;
        fault_set(&commits[refused].fault, FAULT_CONFLICT, "write store: told to refuse");
        return failed ? failed : inner->commit(probe->inner, commits + refused + 1, count - refused - 1, fault);
}

static int probe_commit(struct store *store, struct store_commit *commits, size_t count, struct fault *fault)
{
        struct store_probe *probe = (struct store_probe *)store;

        pthread_mutex_lock(&probe->mutex);
        if (probe->is_held)
                probe_wait_released(probe);
        size_t before = probe->commit_count;
        bool fails = ++probe->group_count == probe->fail_at;
        probe->commit_count += count;
        if (count > probe->largest_group)
                probe->largest_group = count;
        pthread_mutex_unlock(&probe->mutex);
        if (fails)
                return fault_set(fault, probe->fail_with, "write store: told to fail");
        if (probe->refuse_at > before && probe->refuse_at <= before + count)
                return commit_with_refusal(probe, commits, count, probe->refuse_at - before - 1, fault);
        return probe->inner->operations->commit(probe->inner, commits, count, fault);
}

static uint64_t probe_revision(struct store *store)
{
        struct store_probe *probe = (struct store_probe *)store;

        return probe->inner->operations->revision(probe->inner);
}

static void probe_close(struct store *store)
{
        struct store_probe *probe = (struct store_probe *)store;

        store_close(probe->inner);
        pthread_mutex_destroy(&probe->mutex);
        pthread_cond_destroy(&probe->changed);
        free(probe);
}

struct store_probe *store_probe_new(struct store *inner)
{
        static const struct store_operations operations = { probe_load,   probe_history,  probe_prune,
                                                            probe_commit, probe_revision, probe_close };
        struct store_probe *probe = NEW(struct store_probe);

        probe->store.operations = &operations;
        probe->inner = inner;
        pthread_mutex_init(&probe->mutex, NULL);
        pthread_cond_init(&probe->changed, NULL);
        return probe;
}

void store_probe_hold(struct store_probe *probe)
{
        pthread_mutex_lock(&probe->mutex);
        probe->is_held = true;
        pthread_mutex_unlock(&probe->mutex);
}

void store_probe_release(struct store_probe *probe)
{
        pthread_mutex_lock(&probe->mutex);
        probe->is_held = false;
        pthread_cond_broadcast(&probe->changed);
        pthread_mutex_unlock(&probe->mutex);
}

bool store_probe_wait_held(struct store_probe *probe)
{
        struct timespec deadline;
        int error = 0;

        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 5;
        pthread_mutex_lock(&probe->mutex);
        while (probe->waiting == 0 && !error)
                error = pthread_cond_timedwait(&probe->changed, &probe->mutex, &deadline);
        pthread_mutex_unlock(&probe->mutex);
        return !error;
}
