/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asks an NFSv4 server, as a client would, whether it lets this machine into an export: one compound that looks
 * the pseudo path up and takes the attributes of what is there. It leaves nothing behind: no client id is set up,
 * which Ganesha would remember, and wait for in the grace period after its next start. Runs in a worker, since a
 * server whose packets are dropped never answers.
 */
#pragma once

#include "base/act.h"
#include "domain/address.h"

#define NFS_PROBE_DEADLINE_MAX_MS 60000

enum nfs_probe_verdict {
        NFS_PROBE_UNREACHABLE, /* no connection, or an answer that tells nothing of access */
        NFS_PROBE_ADMITTED,
        NFS_PROBE_REFUSED, /* the server hides the export from this machine, or denies it */
        NFS_PROBE_CLOSED,  /* the connection was refused: by a packet filter, or because nobody listens */
        NFS_PROBE_SILENT,  /* no answer in time */
};

/* Tries `pseudo` (absolute, canonical, at most EXPORT_PATH_MAX bytes) at `server`, TCP port 2049, within
 * `deadline_ms` (at most NFS_PROBE_DEADLINE_MAX_MS). 0 and *verdict; for all but ADMITTED `fault` has the cause. A
 * fault: the worker could not be asked. */
int nfs_probe(const struct act_caller *worker, const struct address *server, const char *pseudo, int deadline_ms,
              enum nfs_probe_verdict *verdict, struct fault *fault);

/* The worker's acts, closed by a row without `run`; no context. */
extern const struct act nfs_probe_acts[];
