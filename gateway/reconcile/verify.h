/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Proves from outside that who is admitted gets in and who is not does not: a thread that tries the canary of each
 * storage from the probe place, by each protocol, after changes and from time to time. One try at a time, each
 * with a deadline, so that a server that hangs costs one worker. A storage node that is a member of the pool tries
 * it itself, at the same time, and reports; a run waits for that, POOL_FINDINGS_MS at most. Knows the probe seam,
 * not the servers.
 */
#pragma once

#include "reconcile/side.h"
#include "domain/verification.h"

struct verify;

struct verify_settings {
        const struct probe *probe;
        int64_t interval_ms; /* verify_interval */
        /* Told of each row whose result or code is another than before (NULL = there was none); must not block. Or
         * NULL. */
        void (*report)(void *context, const struct verification *older, const struct verification *row);
        void *report_context;
};

/* Starts the thread; `world` and what `settings` points to must outlive it. */
int verify_start(const struct side_world *world, const struct verify_settings *settings, struct verify **verify,
                 struct fault *fault);

/* Ends it after the try in hand, and takes the probe place away. NULL is fine. */
void verify_stop(struct verify *verify);

/* Asks for a run; returns its number, which verify_results tells when it has ended. Never blocks. */
uint64_t verify_request(struct verify *verify);

/* The rows as of the last run, whose number is in *run (0 = none yet). Caller frees. */
struct verification *verify_results(struct verify *verify, size_t *count, uint64_t *run);

/* Whether an active grant of `storage` that has been held since `held_since_ms` (status_held_since) is verified:
 * on each storage node that serves it by `protocol`, probes that began after that have passed. *row (caller's) is
 * the one that decides; zeroed, with a code, when there is none. A row that passed too long ago, by two of the
 * intervals and a minute, counts as unverified, here and in verify_results. */
enum verification_result verify_grant(struct verify *verify, const char *storage, enum protocol protocol,
                                      int64_t held_since_ms, struct verification *row);
