/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/path_crew.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

#define STACK_BYTES ((size_t)1 << 20)

struct crew {
        struct crew_task task;
        size_t count;
        pthread_mutex_t lock; /* guards the rest */
        pthread_cond_t changed;
        size_t next;     /* the first that nobody has taken */
        size_t finished; /* of the paths */
        size_t at_work;  /* of the threads */
        int64_t last_ms; /* when a path was finished last */
        bool over;       /* nothing more is taken, and nobody asks for what comes now */
        bool left;       /* whoever waited has gone: the last thread frees this */
        bool *done;      /* owned */
};

static void crew_free(struct crew *crew)
{
        pthread_cond_destroy(&crew->changed);
        pthread_mutex_destroy(&crew->lock);
        free(crew->done);
        free(crew);
}

static void *crew_work(void *argument)
{
        struct crew *crew = argument;
        void *mine = crew->task.begin(crew->task.context);

        pthread_mutex_lock(&crew->lock);
        while (!crew->over && crew->next < crew->count) {
                size_t index = crew->next++;

                pthread_mutex_unlock(&crew->lock);
                crew->task.see_to(crew->task.context, mine, index);
                pthread_mutex_lock(&crew->lock);
                crew->done[index] = true;
                crew->finished++;
                crew->last_ms = clock_monotonic_ms(clock_system());
                pthread_cond_signal(&crew->changed);
        }
        pthread_mutex_unlock(&crew->lock);
        crew->task.end(mine);
        pthread_mutex_lock(&crew->lock);
        crew->at_work--;
        bool last = crew->left && crew->at_work == 0;
        pthread_cond_signal(&crew->changed);
        pthread_mutex_unlock(&crew->lock);
        if (last)
                crew_free(crew);
        return NULL;
}

/* Under the lock: starts a thread for each path, CREW_MOST at most. None is to be had: it is done here, late or
 * not. */
static void crew_start(struct crew *crew)
{
        pthread_attr_t attributes;

        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        while (crew->at_work < crew->count && crew->at_work < CREW_MOST) {
                pthread_t thread;

                if (pthread_create(&thread, &attributes, crew_work, crew) != 0)
                        break;
                crew->at_work++;
        }
        pthread_attr_destroy(&attributes);
        if (crew->at_work > 0)
                return;
        crew->at_work = 1;
        pthread_mutex_unlock(&crew->lock);
        crew_work(crew);
        pthread_mutex_lock(&crew->lock);
}

/* Under the lock: waits until all have ended, or it is time to go on without those that have not. */
static void crew_await(struct crew *crew, int64_t until_ms)
{
        for (;;) {
                int64_t end_ms = until_ms;

                if (crew->at_work == 0)
                        return;
                if (crew->finished > 0 && crew->last_ms + CREW_QUIET_MS < end_ms)
                        end_ms = crew->last_ms + CREW_QUIET_MS;
                if (clock_monotonic_ms(clock_system()) >= end_ms)
                        return;
                struct timespec end = { .tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000 };
                pthread_cond_timedwait(&crew->changed, &crew->lock, &end);
        }
}

bool crew_run(const struct crew_task *task, size_t count, int64_t until_ms, bool *done)
{
        struct crew *crew = NEW(struct crew);

        *crew = (struct crew){ .task = *task, .count = count, .done = memory_new(count, sizeof *crew->done) };
        pthread_mutex_init(&crew->lock, NULL);
        condition_init(&crew->changed);
        pthread_mutex_lock(&crew->lock);
        crew_start(crew);
        crew_await(crew, until_ms);
        crew->over = true;
        memcpy(done, crew->done, count * sizeof *done);
        bool ended = crew->at_work == 0;
        crew->left = !ended;
        pthread_mutex_unlock(&crew->lock);
        if (ended)
                crew_free(crew);
        return ended;
}
