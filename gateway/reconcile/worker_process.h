/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One worker process: how it is started, looked at, killed and reaped. Used by worker_pool.c alone.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"
#include "reconcile/worker_pool.h"

struct worker_process {
        pid_t pid;
        int pid_fd; /* readable once it has ended */
        int socket; /* SOCK_SEQPACKET, the worker's descriptor 3 */
};

/* Starts a worker by way of `start`, or `program` itself when that has no function; see worker_pool_new for what
 * it finds. UNAVAILABLE when it cannot be executed. */
int worker_process_start(struct worker_process *process, const char *program, const struct worker_start *start,
                         struct fault *fault);

/* Sends SIGKILL; one that has ended already is fine. */
void worker_process_kill(const struct worker_process *process);

/* Takes it out of the process table if it has ended, and says how in `cause` (nothing of another's child: si_code
 * 0); false while it lives. */
bool worker_process_reap(const struct worker_process *process, siginfo_t *cause);

/* Closes both descriptors. */
void worker_process_close(struct worker_process *process);

/* Whether it is connected and has said nothing that was not yet read. */
bool worker_process_is_silent(const struct worker_process *process);

/* Resident memory in bytes; 0 when it cannot be told. */
size_t worker_process_resident(const struct worker_process *process);
