/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The acts of the worker that test_worker_pool starts.
 */
#pragma once

enum worker_behaviour {
        WORKER_ECHO = 1,     /* answers the text that it was sent */
        WORKER_LAST_ECHO,    /* the same, and exits with status 0 then */
        WORKER_HANG,         /* never answers */
        WORKER_ABORT,        /* dies of SIGABRT */
        WORKER_EXIT,         /* exits with status 7 */
        WORKER_NONSENSE,     /* answers bytes that are no packet */
        WORKER_OTHER_ACT,    /* answers as WORKER_ECHO */
        WORKER_FLOOD,        /* answers ten times */
        WORKER_REFUSE,       /* answers FAULT_TIMEOUT, in time */
        WORKER_SURROUNDINGS, /* tells what it was started with */
        WORKER_GROW,         /* grows by WORKER_GROWS_MIB */
};

#define WORKER_GROWS_MIB 32
