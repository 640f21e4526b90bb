/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Several paths seen to at the same time, by threads of which each may hang: whoever waits for them gets those
 * that are done, and leaves behind those that are not. Knows no more of a path than its number. Used by the acts
 * of volume_files in a worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREW_MOST 4        /* threads at a time: what two cores of a storage node keep up with */
#define CREW_QUIET_MS 1000 /* what others got an answer to is not held up for longer than this */

struct crew_task {
        /* Makes what one thread works with. */
        void *(*begin)(void *context);
        /* Sees to path number `index`. Called for each once, by any of the threads. */
        void (*see_to)(void *context, void *mine, size_t index);
        void (*end)(void *mine);
        void *context;
};

/* Sees to `count` paths (1 or more) and sets done[i] for those that are seen to. Ends when all are; else at
 * `until_ms` (monotonic), or when some are done and no other has been for CREW_QUIET_MS. True when all are done.
 * False: threads may still be at work with `context`, now and for as long as the process lives: it must stay, what
 * belongs to a path that is not done must not be read, and the process should end soon. */
bool crew_run(const struct crew_task *task, size_t count, int64_t until_ms, bool *done);
