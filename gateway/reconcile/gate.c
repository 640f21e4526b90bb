/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/gate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/bindings.h"
#include "reconcile/gate_drift.h"
#include "reconcile/side.h"

#define OFF_LOOK_MS 3000 /* whether root has switched it on again */

struct gate {
        pthread_mutex_t lock;
        const struct clock *clock;
        int64_t interval_ms;
        int64_t due_ms;          /* monotonic: the next look */
        unsigned failures;       /* in a row */
        bool off;                /* the node's root has switched the filter off */
        struct pmap bound_nodes; /* whose bindings `wanted` has */
        uint64_t bound_revision; /* of the snapshot that they are from */
        const struct firewall *firewall;
        struct probe_network of_this_node; /* nobody else has an address of it */
        struct status *status;
        struct drift *drift;
        struct firewall_set wanted; /* what the kernel shall hold */
        bool installed;             /* it was put in place by us, or found as it should be */
        bool behind;                /* a change did not reach the kernel: the whole table goes with the next */
        bool unneeded;              /* there is no storage node, and no table was found: nothing is to be closed */
        enum known in_force;
        struct fault fault;               /* the last one, while it is behind */
        uint64_t followed[SERVICE_COUNT]; /* revision of the snapshot that a side has closed for; 0 = none yet */
};

struct gate *gate_new(const struct firewall *firewall, struct status *status, struct drift *drift,
                      const struct clock *clock, int64_t interval_ms)
{
        struct gate *gate = NEW(struct gate);

        pthread_mutex_init(&gate->lock, NULL);
        gate->firewall = firewall;
        gate->status = status;
        gate->drift = drift;
        gate->clock = clock;
        gate->interval_ms = interval_ms;
        gate->wanted.nfs_held = true;
        gate->in_force = firewall ? KNOWN_UNKNOWN : KNOWN_PRESENT;
        return gate;
}

void gate_free(struct gate *gate)
{
        if (!gate)
                return;
        firewall_set_fini(&gate->wanted);
        pmap_fini(&gate->bound_nodes);
        pthread_mutex_destroy(&gate->lock);
        free(gate);
}

static void switch_note(struct gate *gate, bool off, const struct fault *fault)
{
        if (off && !gate->off)
                log_error("%s", fault->text);
        if (!off && gate->off)
                log_warning("the packet filter is switched on again, and in place");
        gate->off = off;
}

/* Tells the receipts how it stands. A table that is not in place yet has nothing to say. */
static void gate_tell(struct gate *gate)
{
        for (enum firewall_service service = 0; service < SERVICE_COUNT; service++)
                if (gate->followed[service] > 0 && (gate->behind || gate->installed || gate->unneeded))
                        status_review_firewall(gate->status, service, gate->followed[service],
                                               gate->behind ? &gate->fault : NULL);
}

/* That root has switched it off is no failure: what follows is done as if it were there, and it goes there whole
 * when it may. */
static int gate_outcome(struct gate *gate, int failed, const struct fault *fault)
{
        bool off = failed == -FAULT_PRECONDITION, again = failed && !off && failed != -FAULT_OBSERVING;

        switch_note(gate, off || (gate->off && failed), fault);
        gate->behind = failed != 0;
        if (failed)
                gate->fault = *fault;
        gate->failures = again ? gate->failures + 1 : 0;
        gate->due_ms = clock_monotonic_ms(gate->clock) + (off     ? OFF_LOOK_MS
                                                          : again ? side_backoff_ms(gate->failures)
                                                                  : gate->interval_ms);
        gate->in_force = failed && !off ? KNOWN_ABSENT : KNOWN_PRESENT;
        status_note_backend(gate->status, BACKEND_FIREWALL, failed ? fault : NULL);
        gate_tell(gate);
        return off ? 0 : failed;
}

static int gate_install(struct gate *gate, struct fault *fault)
{
        int failed = gate->firewall->install(gate->firewall->context, &gate->wanted, fault);

        gate->installed = gate->installed || !failed;
        return gate_outcome(gate, failed, fault);
}

/* Whether a change can go to the kernel by itself; if not, *failed is the outcome of what was done in its place.
 */
static bool gate_may_change(struct gate *gate, int *failed, struct fault *fault)
{
        *failed = 0;
        if (!gate->installed && !gate->behind)
                return false; /* the storage nodes are not known yet: gate_peers installs it */
        if (gate->behind)
                *failed = gate_install(gate, fault);
        return !gate->behind;
}

/* What became of a change; a table that is not as it was left goes there whole. */
static int gate_changed(struct gate *gate, int failed, struct fault *fault)
{
        if (failed != -FAULT_NOT_FOUND)
                return gate_outcome(gate, failed, fault);
        failed = gate_install(gate, fault);
        gate_drift_note(gate->drift, &gate->wanted, NULL, failed, fault);
        return failed;
}

/* Brings one change of pairs to the kernel. */
static int gate_change(struct gate *gate, const struct firewall_pair *closed, size_t closed_count,
                       const struct firewall_pair *opened, size_t opened_count, struct fault *fault)
{
        const struct firewall *firewall = gate->firewall;
        int failed;

        if (!gate_may_change(gate, &failed, fault))
                return failed;
        AUTO_FREE unsigned *ended = memory_new(closed_count, sizeof *ended);
        failed = firewall->change(firewall->context, closed, closed_count, opened, opened_count, ended, fault);
        for (size_t i = 0; i < closed_count; i++)
                if (ended[i] > 0)
                        status_note_cut(gate->status, &closed[i], ended[i]);
        return gate_changed(gate, failed, fault);
}

void gate_adopt(struct gate *gate)
{
        AUTO_FIREWALL_SET struct firewall_set held = { 0 };
        enum known known = KNOWN_UNKNOWN;
        struct fault fault = { 0 };

        if (!gate->firewall)
                return;
        pthread_mutex_lock(&gate->lock);
        if (gate->firewall->observe(gate->firewall->context, &known, &held, &fault) == 0 &&
            known == KNOWN_PRESENT) {
                for (size_t i = 0; i < held.pair_count; i++)
                        firewall_set_open(&gate->wanted, &held.pairs[i]);
                firewall_set_bindings(&gate->wanted, held.bindings, held.binding_count);
                firewall_set_peers(&gate->wanted, held.peers, held.peer_count);
                gate->wanted.nfs_held = held.nfs_held;
        }
        pthread_mutex_unlock(&gate->lock);
}

static bool peers_differ(const struct firewall_set *set, const struct address *peers, size_t peer_count)
{
        AUTO_FIREWALL_SET struct firewall_set other = { 0 };

        firewall_set_peers(&other, peers, peer_count);
        if (other.peer_count != set->peer_count)
                return true;
        for (size_t i = 0; i < other.peer_count; i++)
                if (!address_equal(&other.peers[i], &set->peers[i]))
                        return true;
        return false;
}

int gate_peers(struct gate *gate, const struct address *peers, size_t peer_count, struct fault *fault)
{
        int failed = 0;

        if (!gate->firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        gate->unneeded = peer_count == 0 && !gate->installed && gate->wanted.peer_count == 0;
        if (gate->unneeded)
                gate_tell(gate);
        else if (!gate->installed || peers_differ(&gate->wanted, peers, peer_count)) {
                firewall_set_peers(&gate->wanted, peers, peer_count);
                failed = gate_install(gate, fault);
        }
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

/* Those of the addresses whose pair is (or is not) in the set, as pairs. Caller frees. */
static struct firewall_pair *pairs_pick(const struct firewall_set *set, enum firewall_service service,
                                        const struct address *addresses, size_t count, bool present,
                                        size_t *picked)
{
        struct firewall_pair *pairs = memory_new(count, sizeof *pairs);

        *picked = 0;
        for (size_t i = 0; i < count; i++) {
                struct firewall_pair pair = { addresses[i], service };

                if (firewall_set_has(set, &pair) == present)
                        pairs[(*picked)++] = pair;
        }
        return pairs;
}

int gate_open(struct gate *gate, enum firewall_service service, const struct address *addresses, size_t count,
              struct fault *fault)
{
        size_t picked;
        int failed = 0;

        if (!gate->firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        AUTO_FREE struct firewall_pair *pairs =
                pairs_pick(&gate->wanted, service, addresses, count, false, &picked);
        for (size_t i = 0; i < picked; i++)
                firewall_set_open(&gate->wanted, &pairs[i]);
        if (picked > 0 || gate->behind)
                failed = gate_change(gate, NULL, 0, pairs, picked, fault);
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

/* Takes `pairs` out; the lock is held. */
static int pairs_close(struct gate *gate, const struct firewall_pair *pairs, size_t count, struct fault *fault)
{
        for (size_t i = 0; i < count; i++)
                firewall_set_close(&gate->wanted, &pairs[i]);
        return count > 0 || gate->behind ? gate_change(gate, pairs, count, NULL, 0, fault) : 0;
}

int gate_close(struct gate *gate, enum firewall_service service, const struct address *addresses, size_t count,
               struct fault *fault)
{
        size_t picked;
        int failed;

        if (!gate->firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        AUTO_FREE struct firewall_pair *pairs =
                pairs_pick(&gate->wanted, service, addresses, count, true, &picked);
        failed = pairs_close(gate, pairs, picked, fault);
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

static int address_order(const void *a, const void *b)
{
        return address_compare(a, b);
}

int gate_close_others(struct gate *gate, enum firewall_service service, const struct address *addresses,
                      size_t count, struct fault *fault)
{
        size_t picked = 0;
        int failed;

        if (!gate->firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        AUTO_FREE struct firewall_pair *pairs = memory_new(gate->wanted.pair_count, sizeof *pairs);
        for (size_t i = 0; i < gate->wanted.pair_count; i++) {
                const struct firewall_pair *pair = &gate->wanted.pairs[i];

                if (pair->service == service &&
                    (count == 0 || !bsearch(&pair->address, addresses, count, sizeof *addresses, address_order)))
                        pairs[picked++] = *pair;
        }
        failed = pairs_close(gate, pairs, picked, fault);
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

int gate_repair(struct gate *gate, bool *repaired, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set held = { 0 };
        enum known known = KNOWN_UNKNOWN;
        bool behind; /* then what differs is what we have not brought there */
        int failed;

        *repaired = false;
        if (!gate->firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        if (!gate->installed && !gate->behind) { /* no storage yet: there is nothing to close */
                pthread_mutex_unlock(&gate->lock);
                return 0;
        }
        behind = gate->behind && gate->fault.code != FAULT_OBSERVING;
        failed = gate->firewall->observe(gate->firewall->context, &known, &held, fault);
        if (!failed && (known != KNOWN_PRESENT || !firewall_set_equal(&held, &gate->wanted))) {
                failed = gate_install(gate, fault);
                *repaired = !failed && !gate->off;
                if (!gate->off && (!behind || failed == -FAULT_OBSERVING))
                        gate_drift_note(gate->drift, &gate->wanted, known == KNOWN_PRESENT ? &held : NULL, failed,
                                        fault);
        } else {
                failed = gate_outcome(gate, failed, fault);
                if (!failed)
                        drift_clear(gate->drift, PLACE_FIREWALL, "the packet filter");
        }
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

void gate_followed(struct gate *gate, enum firewall_service service, uint64_t revision)
{
        if (!gate->firewall)
                return;
        pthread_mutex_lock(&gate->lock);
        gate->followed[service] = revision;
        gate_tell(gate);
        pthread_mutex_unlock(&gate->lock);
}

int64_t gate_due_ms(struct gate *gate)
{
        int64_t due_ms;

        pthread_mutex_lock(&gate->lock);
        due_ms = gate->due_ms;
        pthread_mutex_unlock(&gate->lock);
        return due_ms;
}

/* A look has ended: when the next one is due, unless its outcome has said so; the revision it was about. */
static uint64_t look_end(struct gate *gate, int64_t started_ms)
{
        uint64_t revision;

        pthread_mutex_lock(&gate->lock);
        if (gate->due_ms <= started_ms)
                gate->due_ms = started_ms + gate->interval_ms;
        revision = gate->bound_revision;
        pthread_mutex_unlock(&gate->lock);
        return revision;
}

void gate_tend(struct gate *gate)
{
        int64_t now_ms = clock_monotonic_ms(gate->clock);
        struct fault fault = { 0 };
        bool repaired;
        int failed;

        if (now_ms < gate_due_ms(gate))
                return;
        failed = gate_repair(gate, &repaired, &fault);
        if (failed && failed != -FAULT_OBSERVING)
                log_error("look at the packet filter: %s", fault.text);
        drift_looked(gate->drift, PLACE_FIREWALL, look_end(gate, now_ms), now_ms, failed ? &fault : NULL);
}

/* Takes the nodes of `snapshot` in the place of those that are known, and what follows to the kernel. */
static int nodes_bind(struct gate *gate, const struct snapshot *snapshot, struct fault *fault)
{
        AUTO_BINDING_CHANGE struct binding_change change = { 0 };
        const struct firewall *firewall = gate->firewall;
        int failed;

        bindings_follow(&gate->wanted, gate->bound_nodes, snapshot, &change);
        pmap_fini(&gate->bound_nodes);
        gate->bound_nodes = pmap_dup(snapshot->kinds[DOCUMENT_NODE]);
        if (change.removed_count + change.added_count == 0)
                return 0;
        firewall_set_rebind(&gate->wanted, change.removed, change.removed_count, change.added, change.added_count);
        if (!gate_may_change(gate, &failed, fault))
                return failed;
        failed = firewall->bind(firewall->context, change.removed, change.removed_count, change.added,
                                change.added_count, fault);
        return gate_changed(gate, failed, fault);
}

int gate_bind(struct gate *gate, const struct snapshot *snapshot, struct fault *fault)
{
        int failed = 0;

        pthread_mutex_lock(&gate->lock);
        if (snapshot->revision >= gate->bound_revision) {
                if (gate->firewall &&
                    (gate->bound_revision == 0 || snapshot->kinds[DOCUMENT_NODE].root != gate->bound_nodes.root))
                        failed = nodes_bind(gate, snapshot, fault);
                gate->bound_revision = snapshot->revision;
        }
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

int gate_bind_to(struct gate *gate, const struct firewall_binding *bindings, size_t count, struct fault *fault)
{
        const struct firewall *firewall = gate->firewall;
        int failed = 0;

        if (!firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        AUTO_FIREWALL_SET struct firewall_set was = { 0 }, is = { 0 };
        firewall_set_bindings(&was, gate->wanted.bindings, gate->wanted.binding_count);
        firewall_set_bindings(&is, bindings, count);
        if (!firewall_set_equal(&was, &is)) {
                firewall_set_bindings(&gate->wanted, bindings, count);
                if (gate_may_change(gate, &failed, fault))
                        failed = gate_changed(gate,
                                              firewall->bind(firewall->context, was.bindings, was.binding_count,
                                                             is.bindings, is.binding_count, fault),
                                              fault);
        }
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

int gate_hold_nfs(struct gate *gate, bool held, struct fault *fault)
{
        const struct firewall *firewall = gate->firewall;
        int failed = 0;

        if (!firewall)
                return 0;
        pthread_mutex_lock(&gate->lock);
        bool changes = gate->wanted.nfs_held != held;
        gate->wanted.nfs_held = held;
        if (changes && gate_may_change(gate, &failed, fault))
                failed = gate_changed(gate, firewall->hold_nfs(firewall->context, held, fault), fault);
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

bool gate_nfs_is_held(struct gate *gate)
{
        pthread_mutex_lock(&gate->lock);
        bool held = gate->firewall && gate->wanted.nfs_held && !gate->behind;
        pthread_mutex_unlock(&gate->lock);
        return held;
}

bool gate_filters(struct gate *gate)
{
        pthread_mutex_lock(&gate->lock);
        bool filters = gate->firewall && !gate->off && (gate->installed || gate->behind);
        pthread_mutex_unlock(&gate->lock);
        return filters;
}

void gate_keep_to_itself(struct gate *gate, const struct probe_network *network)
{
        gate->of_this_node = *network;
}

static bool is_of_this_node(const struct gate *gate, const struct firewall_pair *pair)
{
        return probe_network_has(&gate->of_this_node, &pair->address);
}

bool gate_copy(struct gate *gate, enum firewall_service service, struct firewall_set *set)
{
        pthread_mutex_lock(&gate->lock);
        bool installed = gate->installed || gate->behind;
        if (installed)
                firewall_set_peers(set, gate->wanted.peers, gate->wanted.peer_count);
        AUTO_FREE struct firewall_pair *pairs = memory_new(gate->wanted.pair_count, sizeof *pairs);
        size_t count = 0;
        for (size_t i = 0; installed && i < gate->wanted.pair_count; i++)
                if (gate->wanted.pairs[i].service == service && !is_of_this_node(gate, &gate->wanted.pairs[i]))
                        pairs[count++] = gate->wanted.pairs[i];
        firewall_set_open_all(set, pairs, count);
        if (installed)
                firewall_set_bindings(set, gate->wanted.bindings, gate->wanted.binding_count);
        pthread_mutex_unlock(&gate->lock);
        return installed;
}

enum known gate_in_force(struct gate *gate)
{
        enum known in_force;

        pthread_mutex_lock(&gate->lock);
        in_force = gate->in_force;
        pthread_mutex_unlock(&gate->lock);
        return in_force;
}
