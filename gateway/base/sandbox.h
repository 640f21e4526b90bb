/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which system calls each program may make, from the point on at which its start-up is over. Three answers:
 *   - what its list names (sandbox_calls.c) is done;
 *   - what no program of Gatehouse ever makes and an intruder would (ptrace, mount, bpf, keyctl, loading a module;
 *     executing, where no worker is started) ends the process: SIGSYS, and a line of the kernel's audit;
 *   - everything else is answered ENOSYS, once a call with a warning on standard error that names it. A library
 * that found a call that was not foreseen takes another way, or one act fails: the storage stays up. Filters are
 * inherited: who starts gatehouse-worker allows what it may do. See docs/decisions/0125.
 */
#pragma once

#include "base/fault.h"

enum sandbox_program {
        SANDBOX_GATEHOUSED, /* also with --enforce-only */
        SANDBOX_HELPER,
        SANDBOX_WORKER,
        SANDBOX_VOLFILED,
        SANDBOX_VOLFILE_FILTER,
        SANDBOX_PROGRAM_COUNT
};

/* Puts the calling thread, and all that it starts from now on, under the list of `program`, for good; sets
 * no_new_privs. To be called while there is one thread. Takes SIGSYS: a thread that blocks it dies of what would
 * be answered ENOSYS. UNAVAILABLE, and nothing is changed: this program was built without seccomp or with
 * sanitizers, which need calls of their own, or the kernel has none. */
int sandbox_enter(enum sandbox_program program, struct fault *fault);
