/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tries a volume as a native client does, up to the point where it would mount: asks for the volume's description
 * (GETSPEC on 24007) and the ports of its bricks, and has every brick of one storage node that it names decide on
 * a directory (SETVOLUME). Nothing is mounted. Runs in a worker.
 */
#pragma once

#include "base/act.h"
#include "base/text.h"
#include "domain/export.h"
#include "domain/probe.h"

#define NATIVE_PROBE_DEADLINE_MAX_MS 60000

struct native_question {
        struct address server;
        const char *volume;
        const char *subdir;
        int deadline_ms;
};

/* What came of it. */
struct native_outcome {
        enum probe_verdict least, most; /* open, of description and bricks */
};

/* Tries. `bricks` has a line "PORT PATH" for each brick to try; an answered description replaces it. A description
 * with a credential in it counts as unknown. 0 and `outcome`, `fault` then has the cause of the least (or, for a
 * stranger, most) open verdict that is not LET_IN; a fault: the worker could not be asked. */
int native_probe(const struct act_caller *worker, const struct native_question *question, struct text *bricks,
                 struct native_outcome *outcome, struct fault *fault);

/* Takes from `volfile` the bricks at `server` as lines "PORT PATH", port 0 when it does not say. INVALID: it holds
 * a credential, or names no brick there. In native_probe_acts.c. */
int native_bricks_read(const char *volfile, const struct address *server, struct text *bricks,
                       struct fault *fault);

/* The worker's acts, closed by a row without `run`; no context. */
extern const struct act native_probe_acts[];
