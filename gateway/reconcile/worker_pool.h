/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's workers: processes without privilege that do whatever may hang (gfapi, bricks, libnfs), one call
 * at a time each, killed when a call is late. Owns the processes and their sockets; knows nothing of the acts.
 * A thread of its own starts and reaps them: the kernel ends a child with PR_SET_PDEATHSIG when the *thread*
 * that made it ends, so no thread that serves a request may be the parent.
 */
#pragma once

#include <sys/types.h>

#include "base/act.h"

struct worker_pool;

/* Workers that somebody else starts, in a place where this process cannot go. */
struct worker_start {
        /* Starts one with `socket` as its descriptor 3; *pid_fd becomes readable when it has ended. NULL: none. */
        int (*run)(void *context, int socket, pid_t *pid, int *pid_fd, struct fault *fault);
        void *context;
};

struct worker_pool_settings {
        const char *program; /* path of gatehouse-worker; copied; NULL with `start` */
        struct worker_start start;
        size_t workers;        /* at most this many at a time, kept warm; 1..WORKER_POOL_MAX */
        unsigned calls;        /* a worker is replaced after so many calls; 0 = 1000 */
        size_t resident_bytes; /* or when it has grown past this; 0 = 256 MiB */
};

#define WORKER_POOL_MAX 32

/* A pool without workers: the first call starts one. A worker runs `program` with a SOCK_SEQPACKET socket as
 * descriptor 3, /dev/null as standard input, this process's standard error as 1 and 2, nothing else open, and an
 * environment of PATH alone. INTERNAL when the thread cannot be started. Free with worker_pool_free. */
struct worker_pool *worker_pool_new(const struct worker_pool_settings *settings, struct fault *fault);

/* Kills and reaps every worker. No call may be under way. NULL is fine. */
void worker_pool_free(struct worker_pool *pool);

/* Kills the workers that are idle; the next call starts another. */
void worker_pool_renew(struct worker_pool *pool);

/* The caller over this pool. A call waits for a free worker within its deadline. Faults besides the act's own:
 * TIMEOUT: late, and the worker was killed, or all were busy; UNAVAILABLE: the worker could not be started, or
 * died during the call (the text names the signal); INTERNAL: it answered nonsense, and was killed. A worker that
 * exits with status 0 without an answer had retired before it took the call, which then goes to another. */
struct act_caller worker_pool_acts(struct worker_pool *pool);

/* The process ids of the living workers, busy or not; returns how many were written. For health and tests. */
size_t worker_pool_pids(struct worker_pool *pool, pid_t *pids, size_t most);
