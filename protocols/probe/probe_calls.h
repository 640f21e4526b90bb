/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's side of the probe place: the seam struct probe over the helper's acts (probe_acts.h), and over
 * workers that the helper has started there.
 */
#pragma once

#include <sys/types.h>

#include "base/act.h"
#include "base/text.h"
#include "domain/probe.h"

struct probe_calls {
        struct act_caller helper;
        struct probe_network network;
        struct act_caller workers[PROBE_CLIENT_COUNT]; /* in the place of each client; see probe_worker_spawn */
        void (*workers_end)(void *context);            /* kills them: they are in a place that is no more */
        void *workers_context;
        uint64_t place;     /* number of the place that they are in */
        struct text bricks; /* of the volume that was last described to a client */
};

/* Starts a worker in the place of one client; for a pool of workers, with a struct probe_spawn as context. */
struct probe_spawn {
        const struct probe_calls *calls;
        enum probe_client client;
};
int probe_worker_spawn(void *spawn, int socket, pid_t *pid, int *pid_fd, struct fault *fault);

/* The seam. `calls` is borrowed and must outlive it; probe_calls_fini frees what it has gathered. */
struct probe probe_over(struct probe_calls *calls);
void probe_calls_fini(struct probe_calls *calls);
