/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the servers were last seen to hold for each export: an observation that can be made again, so it lives
 * in memory only. Written by the reconcile threads, read by REST when it shows grants, awaited by requests that
 * asked to wait. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"
#include "domain/grant.h"

struct status;

struct status *status_new(const struct clock *clock);
void status_free(struct status *status);

/* One side (protocol) of one export: seen to hold what snapshot `revision` wants (fault NULL), or not, and why.
 * A revision older than the one noted is ignored. */
void status_note(struct status *status, const char *export_id, enum protocol protocol, uint64_t revision,
                 const struct fault *fault);

/* The export is gone from that side: seen to hold nothing any more. */
void status_note_gone(struct status *status, const char *export_id, enum protocol protocol, uint64_t revision);

/* State of one grant: the verdict's when it is not admitted, else what was noted for its export and protocol.
 * `cause_code` (static) and `cause` tell why when failed, suspended or refused, else NULL and "". */
enum grant_state status_grant_state(struct status *status, const struct grant *grant, const char **cause_code,
                                    char cause[FAULT_TEXT_SIZE]);

/* Calls `settled` once, from another thread, when every grant side of `export_id` has been noted at `revision`
 * or later with an outcome (active or failed... failed counts only at the deadline), or at `deadline_ms`
 * (monotonic). `gone` waits for the export to be seen gone instead. Must not block in `settled`. */
struct status_wait {
        char export_id[EXPORT_ID_SIZE];
        uint64_t revision;
        bool gone;
        bool sides[2]; /* which protocols must have been noted */
        int64_t deadline_ms;
        void (*settled)(struct status_wait *wait, bool in_time);
        struct status_wait *next; /* the status's */
};
void status_wait_start(struct status *status, struct status_wait *wait);

/* What is known of the world for the protocol choice; noted by the gluster thread. */
struct protocol_facts status_facts(struct status *status);
void status_set_facts(struct status *status, const struct protocol_facts *facts);

/* Health of a backend for /healthz and `gatehouse status`. */
enum backend { BACKEND_STORE, BACKEND_HELPER, BACKEND_GANESHA, BACKEND_GLUSTERD, BACKEND_COUNT };
void status_note_backend(struct status *status, enum backend backend, const struct fault *fault);
void status_backend(struct status *status, enum backend backend, struct fault *fault); /* code NONE = well */
