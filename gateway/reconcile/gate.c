/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/gate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define PAIRS_TOLD 3 /* of those that are too many, and of those that are missing */

struct gate {
        pthread_mutex_t lock;
        const struct firewall *firewall;
        struct status *status;
        struct drift *drift;
        struct firewall_set wanted; /* what the kernel shall hold */
        bool installed;             /* it was put in place by us, or found as it should be */
        bool behind;                /* a change did not reach the kernel: the whole table goes with the next */
        enum known in_force;
};

struct gate *gate_new(const struct firewall *firewall, struct status *status, struct drift *drift)
{
        struct gate *gate = NEW(struct gate);

        pthread_mutex_init(&gate->lock, NULL);
        gate->firewall = firewall;
        gate->status = status;
        gate->drift = drift;
        gate->in_force = firewall ? KNOWN_UNKNOWN : KNOWN_PRESENT;
        return gate;
}

void gate_free(struct gate *gate)
{
        if (!gate)
                return;
        firewall_set_fini(&gate->wanted);
        pthread_mutex_destroy(&gate->lock);
        free(gate);
}

static int gate_outcome(struct gate *gate, int failed, const struct fault *fault)
{
        gate->behind = failed != 0;
        gate->in_force = failed ? KNOWN_ABSENT : KNOWN_PRESENT;
        status_note_backend(gate->status, BACKEND_FIREWALL, failed ? fault : NULL);
        return failed;
}

static int gate_install(struct gate *gate, struct fault *fault)
{
        int failed = gate->firewall->install(gate->firewall->context, &gate->wanted, fault);

        gate->installed = gate->installed || !failed;
        return gate_outcome(gate, failed, fault);
}

/* What a table holds, for people. Caller frees. */
static char *set_text(const struct firewall_set *set)
{
        size_t counts[SERVICE_COUNT] = { 0 };

        for (size_t i = 0; i < set->pair_count; i++)
                counts[set->pairs[i].service]++;
        return memory_format("%zu storage nodes; let in: %zu addresses to nfs, %zu to gluster", set->peer_count,
                             counts[SERVICE_NFS], counts[SERVICE_GLUSTER]);
}

/* The first pairs that are in `set` and not in `other`, up to three; "" when there are none. */
static void surplus_add(struct text *text, const char *what, const struct firewall_set *set,
                        const struct firewall_set *other)
{
        char address[ADDRESS_TEXT_SIZE];
        size_t told = 0, count = 0;

        for (size_t i = 0; i < set->pair_count; i++) {
                const struct firewall_pair *pair = &set->pairs[i];

                if (firewall_set_has(other, pair) || count++ >= PAIRS_TOLD)
                        continue;
                text_addf(text, "%s %s %s", told++ ? "," : what, address_format(&pair->address, address),
                          firewall_service_word(pair->service));
        }
        if (count > told)
                text_addf(text, " and %zu more", count - told);
}

/* The kernel's table is not as it was left; `held` NULL: it is gone. */
static void difference_note(struct gate *gate, const struct firewall_set *held, int failed,
                            const struct fault *fault)
{
        AUTO_FREE char *wanted = set_text(&gate->wanted);
        AUTO_FREE char *detail = failed && failed != -FAULT_OBSERVING ? memory_text(fault->text) : NULL;
        AUTO_TEXT struct text seen = { 0 };
        struct difference found = { .kind = held ? DIFFERENCE_FIREWALL_CHANGED : DIFFERENCE_FIREWALL_MISSING,
                                    .action = !failed                      ? DIFFERENCE_REPAIRED
                                              : failed == -FAULT_OBSERVING ? DIFFERENCE_REPORTED
                                                                           : DIFFERENCE_FAILED,
                                    .object = "the packet filter",
                                    .desired = wanted,
                                    .detail = detail };

        if (held) {
                AUTO_FREE char *counts = set_text(held);

                text_add(&seen, counts);
                surplus_add(&seen, "; more than wanted:", held, &gate->wanted);
                surplus_add(&seen, "; less than wanted:", &gate->wanted, held);
                found.observed = text_take(&seen);
        }
        drift_note(gate->drift, &found);
        free(found.observed);
}

/* Brings one change to the kernel; a table that is not as it was left goes there whole. */
static int gate_change(struct gate *gate, const struct firewall_pair *closed, size_t closed_count,
                       const struct firewall_pair *opened, size_t opened_count, struct fault *fault)
{
        const struct firewall *firewall = gate->firewall;
        int failed;

        if (!gate->installed && !gate->behind)
                return 0; /* the storage nodes are not known yet: gate_peers installs it */
        if (gate->behind)
                return gate_install(gate, fault);
        failed = firewall->change(firewall->context, closed, closed_count, opened, opened_count, NULL, fault);
        if (failed == -FAULT_NOT_FOUND) {
                failed = gate_install(gate, fault);
                difference_note(gate, NULL, failed, fault);
                return failed;
        }
        return gate_outcome(gate, failed, fault);
}

void gate_adopt(struct gate *gate)
{
        AUTO_FIREWALL_SET struct firewall_set held = { 0 };
        enum known known = KNOWN_UNKNOWN;
        struct fault fault = { 0 };

        if (!gate->firewall)
                return;
        pthread_mutex_lock(&gate->lock);
        if (gate->firewall->observe(gate->firewall->context, &known, &held, &fault) == 0 && known == KNOWN_PRESENT)
                for (size_t i = 0; i < held.pair_count; i++)
                        firewall_set_open(&gate->wanted, &held.pairs[i]);
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

        if (!gate->firewall || peer_count == 0)
                return 0;
        pthread_mutex_lock(&gate->lock);
        if (!gate->installed || peers_differ(&gate->wanted, peers, peer_count)) {
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
        behind = gate->behind;
        failed = gate->firewall->observe(gate->firewall->context, &known, &held, fault);
        if (!failed && (known != KNOWN_PRESENT || !firewall_set_equal(&held, &gate->wanted))) {
                failed = gate_install(gate, fault);
                *repaired = !failed;
                if (!behind || failed == -FAULT_OBSERVING)
                        difference_note(gate, known == KNOWN_PRESENT ? &held : NULL, failed, fault);
        } else if (!failed) {
                drift_clear(gate->drift, PLACE_FIREWALL, "the packet filter");
        }
        gate_outcome(gate, failed, fault);
        pthread_mutex_unlock(&gate->lock);
        return failed;
}

enum known gate_in_force(struct gate *gate)
{
        enum known in_force;

        pthread_mutex_lock(&gate->lock);
        in_force = gate->in_force;
        pthread_mutex_unlock(&gate->lock);
        return in_force;
}
