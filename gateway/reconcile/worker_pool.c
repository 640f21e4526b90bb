/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/worker_pool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "reconcile/worker_process.h"

#define CALLS_DEFAULT 1000
#define RESIDENT_DEFAULT ((size_t)256 << 20)
#define OBITUARY_WAIT_MS 1000 /* how long a call waits to learn what its worker died of */

enum worker_state {
        WORKER_IDLE,
        WORKER_BUSY,   /* a call owns its socket */
        WORKER_DOOMED, /* killed, or dead: the keeper buries it */
};

struct worker {
        struct worker_process process;
        enum worker_state state;
        unsigned calls;
        bool ended;      /* reaped: `process` is no longer there */
        siginfo_t cause; /* how it ended */
        struct worker *next;
};

struct worker_pool {
        char *program;
        struct worker_start start;
        size_t most;
        unsigned calls;
        size_t resident_bytes;
        pthread_t keeper;
        int wake_fd;
        pthread_mutex_t lock; /* guards everything below */
        pthread_cond_t changed;
        struct worker *workers;
        size_t count;  /* in `workers`, the dying included */
        size_t wanted; /* calls that wait for a worker that is not there */
        unsigned start_fails;
        struct fault start_fault; /* of the last failure */
        bool stopping;
};

static void keeper_wake(struct worker_pool *pool)
{
        uint64_t one = 1;

        if (write(pool->wake_fd, &one, sizeof one) < 0)
                log_warning("wake the keeper of the workers: %s", strerror(errno));
}

/* Under the lock: notes the workers that have ended. */
static void keeper_reap(struct worker_pool *pool)
{
        for (struct worker *worker = pool->workers; worker; worker = worker->next) {
                if (worker->ended || !worker_process_reap(&worker->process, &worker->cause))
                        continue;
                worker->ended = true;
                if (worker->state == WORKER_IDLE)
                        worker->state = WORKER_DOOMED;
        }
}

/* Under the lock: frees the workers that have ended and that no call looks at any more. */
static void keeper_bury(struct worker_pool *pool)
{
        for (struct worker **link = &pool->workers; *link;) {
                struct worker *worker = *link;

                if (!worker->ended || worker->state != WORKER_DOOMED) {
                        link = &worker->next;
                        continue;
                }
                *link = worker->next;
                pool->count--;
                worker_process_close(&worker->process);
                free(worker);
        }
}

static size_t idle_count(const struct worker_pool *pool)
{
        size_t count = 0;

        for (const struct worker *worker = pool->workers; worker; worker = worker->next)
                count += worker->state == WORKER_IDLE;
        return count;
}

/* Under the lock: starts as many workers as calls wait for. */
static void keeper_start(struct worker_pool *pool)
{
        while (!pool->stopping && pool->wanted > idle_count(pool) && pool->count < pool->most) {
                struct worker *worker = NEW(struct worker);

                if (worker_process_start(&worker->process, pool->program, &pool->start, &pool->start_fault)) {
                        pool->start_fails++;
                        free(worker);
                        return;
                }
                worker->next = pool->workers;
                pool->workers = worker;
                pool->count++;
        }
}

/* Sleeps until somebody wakes the keeper or a worker ends. */
static void keeper_sleep(struct worker_pool *pool)
{
        struct pollfd poll_fds[WORKER_POOL_MAX + 1] = { { .fd = pool->wake_fd, .events = POLLIN } };
        nfds_t count = 1;
        uint64_t wakes;

        for (struct worker *worker = pool->workers; worker; worker = worker->next)
                if (!worker->ended)
                        poll_fds[count++] = (struct pollfd){ .fd = worker->process.pid_fd, .events = POLLIN };
        pthread_mutex_unlock(&pool->lock);
        if (poll(poll_fds, count, -1) > 0 && poll_fds[0].revents &&
            read(pool->wake_fd, &wakes, sizeof wakes) < 0 && errno != EAGAIN)
                log_warning("read the wake-up of the workers' keeper: %s", strerror(errno));
        pthread_mutex_lock(&pool->lock);
}

static void *keeper_run(void *context)
{
        struct worker_pool *pool = context;

        pthread_mutex_lock(&pool->lock);
        for (;;) {
                keeper_reap(pool);
                keeper_bury(pool);
                keeper_start(pool);
                pthread_cond_broadcast(&pool->changed);
                if (pool->stopping && pool->count == 0)
                        break;
                keeper_sleep(pool);
        }
        pthread_mutex_unlock(&pool->lock);
        return NULL;
}

struct worker_pool *worker_pool_new(const struct worker_pool_settings *settings, struct fault *fault)
{
        struct worker_pool *pool = NEW(struct worker_pool);

        assert(settings->workers > 0 && settings->workers <= WORKER_POOL_MAX);
        pool->program = memory_text(settings->program);
        pool->start = settings->start;
        pool->most = settings->workers;
        pool->calls = settings->calls ? settings->calls : CALLS_DEFAULT;
        pool->resident_bytes = settings->resident_bytes ? settings->resident_bytes : RESIDENT_DEFAULT;
        pthread_mutex_init(&pool->lock, NULL);
        condition_init(&pool->changed);
        pool->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        int failed = pool->wake_fd < 0 ? errno : pthread_create(&pool->keeper, NULL, keeper_run, pool);
        if (!failed) {
                pthread_setname_np(pool->keeper, "workers");
                return pool;
        }
        fault_set_errno(fault, FAULT_INTERNAL, failed, "start the keeper of the workers");
        memory_auto_close(&pool->wake_fd);
        free(pool->program);
        free(pool);
        return NULL;
}

void worker_pool_free(struct worker_pool *pool)
{
        if (!pool)
                return;
        pthread_mutex_lock(&pool->lock);
        pool->stopping = true;
        for (struct worker *worker = pool->workers; worker; worker = worker->next) {
                assert(worker->state != WORKER_BUSY);
                worker->state = WORKER_DOOMED;
                worker_process_kill(&worker->process);
        }
        pthread_mutex_unlock(&pool->lock);
        keeper_wake(pool);
        pthread_join(pool->keeper, NULL);
        pthread_cond_destroy(&pool->changed);
        pthread_mutex_destroy(&pool->lock);
        close(pool->wake_fd);
        free(pool->program);
        free(pool);
}

void worker_pool_renew(struct worker_pool *pool)
{
        pthread_mutex_lock(&pool->lock);
        for (struct worker *worker = pool->workers; worker; worker = worker->next) {
                if (worker->state != WORKER_IDLE || worker->ended)
                        continue;
                worker->state = WORKER_DOOMED;
                worker_process_kill(&worker->process);
        }
        pthread_mutex_unlock(&pool->lock);
        keeper_wake(pool);
}

size_t worker_pool_pids(struct worker_pool *pool, pid_t *pids, size_t most)
{
        size_t count = 0;

        pthread_mutex_lock(&pool->lock);
        for (struct worker *worker = pool->workers; worker && count < most; worker = worker->next)
                if (worker->state != WORKER_DOOMED && !worker->ended)
                        pids[count++] = worker->process.pid;
        pthread_mutex_unlock(&pool->lock);
        return count;
}

/* Waits for `changed` until the monotonic time `until_ms`; false when it is over. */
static bool pool_wait(struct worker_pool *pool, int64_t until_ms)
{
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

        return pthread_cond_timedwait(&pool->changed, &pool->lock, &until) != ETIMEDOUT;
}

/* Under the lock: an idle worker that is alive and silent, or NULL. One that speaks unasked is out of step, and
 * its next answer would be taken for another call's. */
static struct worker *worker_find_idle(struct worker_pool *pool)
{
        for (struct worker *worker = pool->workers; worker; worker = worker->next) {
                if (worker->state != WORKER_IDLE)
                        continue;
                if (worker_process_is_silent(&worker->process))
                        return worker;
                worker->state = WORKER_DOOMED;
                worker_process_kill(&worker->process);
        }
        return NULL;
}

/* Takes a worker for a call, waiting for it until `until_ms`. NULL and a fault when there is none. */
static struct worker *worker_take(struct worker_pool *pool, int64_t until_ms, struct fault *fault)
{
        struct worker *worker;
        bool in_time = true;

        pthread_mutex_lock(&pool->lock);
        unsigned start_fails = pool->start_fails;
        pool->wanted++;
        worker = worker_find_idle(pool);
        if (!worker)
                keeper_wake(pool);
        while (!worker && in_time && start_fails == pool->start_fails) {
                in_time = pool_wait(pool, until_ms);
                worker = worker_find_idle(pool);
        }
        pool->wanted--;
        if (worker)
                worker->state = WORKER_BUSY;
        else if (start_fails != pool->start_fails)
                *fault = pool->start_fault;
        else
                fault_set(fault, FAULT_TIMEOUT, "call a worker: none of %zu was free in time", pool->most);
        pthread_mutex_unlock(&pool->lock);
        return worker;
}

/* Gives a worker back after a call that it answered; one that is due is replaced. */
static void worker_release(struct worker_pool *pool, struct worker *worker)
{
        bool due =
                ++worker->calls >= pool->calls || worker_process_resident(&worker->process) > pool->resident_bytes;

        if (due)
                worker_process_kill(&worker->process);
        pthread_mutex_lock(&pool->lock);
        bool doomed = due || worker->ended;
        worker->state = doomed ? WORKER_DOOMED : WORKER_IDLE;
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
        if (doomed)
                keeper_wake(pool);
}

/* Waits until the keeper has reaped a worker that closed its socket, and says how it ended. */
static bool worker_await_end(struct worker_pool *pool, struct worker *worker, siginfo_t *cause)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + OBITUARY_WAIT_MS;
        bool in_time = true;

        pthread_mutex_lock(&pool->lock);
        while (!worker->ended && in_time)
                in_time = pool_wait(pool, until_ms);
        bool ended = worker->ended;
        *cause = worker->cause;
        pthread_mutex_unlock(&pool->lock);
        return ended;
}

/* Says in `fault` what the worker died of. One that exited with status 0 retired between two calls, and this one
 * came too late: *retired. */
static int worker_describe_end(struct worker_pool *pool, struct worker *worker, bool *retired, struct fault *fault)
{
        siginfo_t cause;

        if (!worker_await_end(pool, worker, &cause))
                return fault_set(fault, FAULT_UNAVAILABLE, "call a worker: it closed its socket");
        *retired = cause.si_code == CLD_EXITED && cause.si_status == 0;
        if (cause.si_code == 0)
                return fault_set(fault, FAULT_UNAVAILABLE, "call a worker: it has ended");
        if (cause.si_code == CLD_EXITED)
                return fault_set(fault, FAULT_UNAVAILABLE, "call a worker: it exited with status %d",
                                 cause.si_status);
        const char *name = sigabbrev_np(cause.si_status);
        return fault_set(fault, FAULT_UNAVAILABLE, "call a worker: it was ended by signal %d (SIG%s)",
                         cause.si_status, name ? name : "?");
}

/* After a call that got no answer of the act: words the fault, and ends the worker. */
static int worker_condemn(struct worker_pool *pool, struct worker *worker, int failed, bool *retired,
                          struct fault *fault)
{
        if (failed == -FAULT_UNAVAILABLE)
                failed = worker_describe_end(pool, worker, retired, fault);
        else if (failed == -FAULT_TIMEOUT)
                failed = fault_set(fault, FAULT_TIMEOUT, "call a worker: no answer in time, and it was killed");
        else
                failed = fault_set(fault, FAULT_INTERNAL, "call a worker: it answered nonsense and was killed");
        worker_process_kill(&worker->process);
        pthread_mutex_lock(&pool->lock);
        worker->state = WORKER_DOOMED;
        pthread_mutex_unlock(&pool->lock);
        keeper_wake(pool);
        return failed;
}

/* One attempt at a call. */
static int pool_exchange(struct worker_pool *pool, const struct message *request, struct message *reply,
                         int64_t until_ms, bool *retired, struct fault *fault)
{
        struct worker *worker = worker_take(pool, until_ms, fault);

        if (!worker)
                return -(int)fault->code;
        int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());
        message_fini(reply);
        reply->act = request->act;
        int failed = act_exchange(worker->process.socket, request, reply, left_ms > 0 ? (int)left_ms : 0, fault);
        bool answered = !failed || (reply->act == request->act && reply->fault_code != FAULT_NONE);
        if (!answered)
                return worker_condemn(pool, worker, failed, retired, fault);
        worker_release(pool, worker);
        return failed;
}

static int pool_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                     struct fault *fault)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;
        struct fault own = { 0 };
        bool retired;
        int failed;

        if (request->broken)
                return fault_set(fault, FAULT_TOO_LARGE, "call a worker: the request does not fit");
        do {
                retired = false;
                failed = pool_exchange(context, request, reply, until_ms, &retired, &own);
        } while (retired && clock_monotonic_ms(clock_system()) < until_ms);
        if (failed && fault)
                *fault = own;
        return failed;
}

struct act_caller worker_pool_acts(struct worker_pool *pool)
{
        return (struct act_caller){ .call = pool_call, .context = pool };
}
