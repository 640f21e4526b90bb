/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the servers were last seen to hold for each export: an observation that can be made again, so it lives
 * in memory only and costs no commit. Written by the reconcile threads, read by REST when it shows grants,
 * awaited by requests that asked to wait. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"
#include "domain/grant.h"
#include "reconcile/address_bag.h"
#include "reconcile/receipts.h"

struct status;

/* Starts its thread, which ends waits at their deadlines. */
struct status *status_new(const struct clock *clock);

/* Ends every wait (in_time false) and frees. No other thread may use it any more. */
void status_free(struct status *status);

/* New exports of a cluster's storage that requests still ask its volume about: one more, or one less, which is
 * committed with the next snapshot or refused. An access list that only gives waits a little for them. Neither
 * blocks. */
void status_note_coming(struct status *status, bool is_coming);
size_t status_coming(const struct status *status);

/* One side (protocol) of one export: seen to hold what the snapshot of `revision` wants of it (fault NULL), or
 * not, and why. A fault keeps what was seen to hold before from being shown as active. */
void status_note(struct status *status, const char *export_id, enum protocol protocol, uint64_t revision,
                 const struct fault *fault);

/* The export is gone from that side: the server was seen to hold nothing of it. */
void status_note_gone(struct status *status, const char *export_id, enum protocol protocol);

/* What is known of one side of an export: *seen is false while nothing was noted of it. Returns the monotonic time
 * since when it has been seen to hold what is wanted, or 0 and `fault` with the cause, if there is one. */
int64_t status_held_since(struct status *status, const char *export_id, enum protocol protocol, bool *seen,
                          struct fault *fault);

/* Has `changed` called whenever a side comes to hold what it was not seen to hold before; it must not block and
 * not call status_*. NULL ends that. */
void status_on_held(struct status *status, void (*changed)(void *context), void *context);

/* State of one grant: the verdict's when it is not admitted, else what was noted for its export and protocol at
 * a revision that knows the objects the grant is made of. When failed, suspended or refused *cause_code is a
 * stable word and `cause` one sentence, else NULL and "". */
enum grant_state status_grant_state(struct status *status, const struct grant *grant, const char **cause_code,
                                    char cause[FAULT_TEXT_SIZE]);

/* Adds to counts[state] for each of the grants, all of one export, what status_grant_state would tell of it. */
void status_grants_count(struct status *status, const struct grant_list *grants, size_t counts[GRANT_FAILED + 1]);

/* Calls `settled` once, from another thread, when each side in `sides` was seen to hold the export at `revision`
 * or later and the task (if one is named) has ended, or when the monotonic clock reaches `deadline_ms`. `settled`
 * may be called before status_wait_start returns, must not block and must not call status_*; the struct stays the
 * caller's and must live until then. */
struct status_wait {
        bool any_change;      /* settled instead once status_version is no longer `version`, */
        uint64_t version;     /* which the caller has asked for before it looked at anything, */
        int64_t not_until_ms; /* but not before the monotonic clock is there: many changes make one look */
        char export_id[EXPORT_ID_SIZE];
        uint64_t revision;
        char task_id[TASK_ID_SIZE]; /* or "" */
        bool sides[2];              /* by enum protocol */
        int64_t deadline_ms;
        void (*settled)(struct status_wait *wait, bool in_time);
        struct status_wait *next; /* the status's */
};
void status_wait_start(struct status *status, struct status_wait *wait);

/* The receipts of running tasks (reconcile/receipts.h), under the lock: what this storage node is called in them
 * and which layers it has; set at start. */
void status_set_layers(struct status *status, const char *storage_node, const bool in_use[LAYER_COUNT]);
/* A side goes over to `snapshot`: to be called before anything is done about it. */
void status_follow(struct status *status, const struct snapshot *snapshot);
/* The members of the pool: their packet filters are rows of receipts too, and they serve no NFS. Borrowed, and
 * must outlive the status. To be called before any task, and after the facts were set. */
void status_set_members(struct status *status, const struct address *members, size_t count);

/* As receipts_review_member. */
void status_review_member(struct status *status, size_t member, enum task_layer layer, uint64_t revision,
                          const struct fault *fault);

/* As receipts_review; a hindrance without a fault is told by what the layer's side was noted to fail at. */
void status_review(struct status *status, const struct let_go_question *question);
void status_review_firewall(struct status *status, enum firewall_service service, uint64_t revision,
                            const struct fault *fault);
void status_note_cut(struct status *status, const struct firewall_pair *pair, unsigned connections);
/* A task with what has become of it, to be dropped by the caller; and all that have ended, as receipts_each_ended.
 */
struct task *status_task(struct status *status, const struct task *task);
void status_each_ended(struct status *status, void (*each)(void *context, struct task *task), void *context);

/* Grows with whatever changes what status_grant_state or status_facts answer, and with each snapshot that a side
 * goes over to: what was made of their answers after it was read still holds while it is the same. Time alone, by
 * which an export expires, does not make it grow. Waits for nobody. */
uint64_t status_version(struct status *status);

/* What is known of the world for the protocol choice. Set at start from the configuration (the arrays must
 * outlive the status); pool_enforced is noted by the gluster side. True when that changed something. */
struct protocol_facts status_facts(struct status *status);
void status_set_facts(struct status *status, const struct protocol_facts *facts);
bool status_note_probe(struct status *status, const struct address *probe); /* ADDRESS_NONE: no place */
bool status_note_pool(struct status *status, enum known pool_enforced, const char *unenforced);

/* Whether nothing is changed on any server (reconcile = observe). Set at start; false unless set. */
void status_set_observes(struct status *status, bool observes);
bool status_observes(struct status *status);

/* Reconcile lag (reconcile/lag.h): the commit of `revision` was made; one side has settled all up to `revision`;
 * milliseconds that the oldest commit has been waiting, by the monotonic clock. */
void status_note_committed(struct status *status, uint64_t revision);
void status_note_settled(struct status *status, enum protocol protocol, uint64_t revision);
int64_t status_lag_ms(struct status *status);

/* For the metrics: who had a connection to the NFS server at the last look (sorted by address_compare; copied),
 * and how many members of the pool enforce what they were told last, and how many do not. */
void status_note_connected(struct status *status, const struct address *addresses, size_t count);
/* Whether this address had one; UNKNOWN: nobody has looked. */
enum known status_is_connected(struct status *status, const struct address *address);
void status_note_members(struct status *status, size_t enforcing, size_t others);
void status_members(struct status *status, size_t *enforcing, size_t *others);

/* Health of what Gatehouse stands on, for /healthz. A fault with code FAULT_NONE (or NULL) = well. */
enum backend {
        BACKEND_STORE,
        BACKEND_HELPER,
        BACKEND_FIREWALL,
        BACKEND_GANESHA,
        BACKEND_GLUSTERD,
        BACKEND_INVENTORY,    /* noted once any source has sent a heartbeat */
        BACKEND_MEMBERS,      /* noted once members of the pool are to enforce */
        BACKEND_VERIFICATION, /* a fault: somebody gets in, or the canary does not (reconcile/verify.h) */
        BACKEND_BRICKS,       /* of this node: those of cluster storages; noted as far as glusterd answers */
        BACKEND_FILTER,       /* of volfiles, where this node's glusterd looks for it */
        BACKEND_VOLFILED,     /* noted once there is a cluster storage */
        BACKEND_TLS,          /* the certificate of the API; noted where there is one */
        BACKEND_COUNT
};
void status_note_backend(struct status *status, enum backend backend, const struct fault *fault);

/* False while nothing has been noted: that backend is not in use. */
bool status_backend(struct status *status, enum backend backend, struct fault *fault);
/* When that was noted last, wall clock in milliseconds; 0 = never. */
int64_t status_backend_at_ms(struct status *status, enum backend backend);
const char *backend_word(enum backend backend); /* "store", "helper", ... */
