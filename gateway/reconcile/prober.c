/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/prober.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/address_bag.h"

#define BEGINNINGS_MAX 3 /* of one run that is disturbed by what is ordered meanwhile */

/* What is to be tried; the prober's under its lock, or a run's copy. */
struct plan {
        uint64_t decider, number; /* of the order; 0 = none yet */
        uint64_t generation;
        struct probe_network network;
        char *volume;
        struct address_bag nodes; /* storage nodes: this one is among them */
};

struct prober {
        struct prober_settings settings;
        pthread_t thread;
        pthread_mutex_t lock; /* never held during a call; guards what follows */
        pthread_cond_t work;
        bool stopping;
        struct plan plan;
        uint64_t asked;
        struct member_findings found;
        int64_t begun_ms; /* when what was found was begun, by the monotonic clock */
};

static void plan_fini(struct plan *plan)
{
        free(plan->volume);
        address_bag_fini(&plan->nodes);
        *plan = (struct plan){ 0 };
}

static void plan_copy(struct plan *copy, const struct plan *plan)
{
        *copy = *plan;
        copy->volume = memory_text(plan->volume ? plan->volume : "");
        copy->nodes = (struct address_bag){ 0 };
        address_bag_add(&copy->nodes, plan->nodes.items, plan->nodes.count);
}

static bool prober_is_stopping(struct prober *prober)
{
        pthread_mutex_lock(&prober->lock);
        bool stopping = prober->stopping;
        pthread_mutex_unlock(&prober->lock);
        return stopping;
}

/* --- One run ------------------------------------------------------------------------------------------------- */

/* The probe place is looked after at each run: a helper that was restarted knows of none. */
static int place_prepare(struct prober *prober, const struct probe_network *network, struct fault *fault)
{
        const struct prober_settings *settings = &prober->settings;
        struct address admitted = probe_network_client(network, PROBE_ADMITTED);
        struct fault ignored = { 0 };
        int failed = settings->probe->prepare(settings->probe->context, network, fault);

        if (!failed)
                return settings->admit(settings->context, &admitted, fault);
        settings->admit(settings->context, NULL, &ignored);
        return failed;
}

static void place_remove(struct prober *prober)
{
        const struct prober_settings *settings = &prober->settings;
        struct fault ignored = { 0 };

        settings->admit(settings->context, NULL, &ignored);
        settings->probe->remove(settings->probe->context);
}

/* Tries each address of this node that storage nodes are known by. */
static void nodes_try(struct prober *prober, const struct plan *plan, struct member_findings *found)
{
        const struct probe *probe = prober->settings.probe;
        const struct trial trial = { .probe = probe,
                                     .network = plan->network,
                                     .gate = prober->settings.gate,
                                     .clock = prober->settings.clock,
                                     .volume = plan->volume,
                                     .path = CANARY_PATH };
        struct fault fault = { 0 };
        int failed = place_prepare(prober, &plan->network, &fault);

        for (size_t i = 0; i < plan->nodes.count && found->row_count < MEMBER_ROWS_MAX; i++) {
                const struct address *node = &plan->nodes.items[i];
                struct verification *row = &found->rows[found->row_count];

                if (prober_is_stopping(prober) || node->family != ADDRESS_V4 ||
                    !probe->is_here(probe->context, node))
                        continue;
                *row = (struct verification){ .node = *node, .protocol = PROTOCOL_IS_GLUSTER };
                if (failed)
                        verification_skip(row, fault_word(fault.code), fault.text);
                else
                        trial_run(&trial, row);
                found->row_count++;
        }
        trial_mend_filter(prober->settings.gate, found->rows, found->row_count);
}

/* Keeps what was found, unless it was for another decider than the one that counts now. False: the world has
 * changed meanwhile. The lock is held. */
static bool findings_keep(struct prober *prober, const struct plan *plan, const struct member_findings *found,
                          int64_t begun_ms, bool last)
{
        if (plan->decider != prober->plan.decider)
                return true;
        if (!last && (plan->number != prober->plan.number || plan->generation != prober->plan.generation))
                return false;
        prober->found = *found;
        prober->begun_ms = begun_ms;
        return true;
}

/* The lock is held, and let go of for the tries. */
static void run_once(struct prober *prober)
{
        uint64_t run = prober->asked;
        bool kept = false;

        for (int beginning = 1; !kept && !prober->stopping; beginning++) {
                struct member_findings found = { .run = run, .generation = prober->plan.generation };
                struct plan plan;

                plan_copy(&plan, &prober->plan);
                pthread_mutex_unlock(&prober->lock);
                int64_t begun_ms = clock_monotonic_ms(prober->settings.clock);
                nodes_try(prober, &plan, &found);
                pthread_mutex_lock(&prober->lock);
                kept = findings_keep(prober, &plan, &found, begun_ms, beginning == BEGINNINGS_MAX);
                plan_fini(&plan);
        }
}

static void *prober_run(void *argument)
{
        struct prober *prober = argument;
        bool placed = false;

        pthread_mutex_lock(&prober->lock);
        while (!prober->stopping) {
                bool wanted = prober->plan.network.base.family != ADDRESS_NONE;

                if (wanted && prober->asked > prober->found.run) {
                        placed = true;
                        run_once(prober);
                } else if (!wanted && placed) {
                        placed = false;
                        pthread_mutex_unlock(&prober->lock);
                        place_remove(prober);
                        pthread_mutex_lock(&prober->lock);
                } else {
                        pthread_cond_wait(&prober->work, &prober->lock);
                }
        }
        pthread_mutex_unlock(&prober->lock);
        if (placed)
                prober->settings.probe->remove(prober->settings.probe->context);
        return NULL;
}

/* --- What the enforcer calls --------------------------------------------------------------------------------- */

int prober_new(const struct prober_settings *settings, struct prober **result, struct fault *fault)
{
        struct prober *prober = NEW(struct prober);

        prober->settings = *settings;
        pthread_mutex_init(&prober->lock, NULL);
        pthread_cond_init(&prober->work, NULL);
        if (pthread_create(&prober->thread, NULL, prober_run, prober) != 0) {
                pthread_cond_destroy(&prober->work);
                pthread_mutex_destroy(&prober->lock);
                free(prober);
                return fault_set(fault, FAULT_INTERNAL, "start verification: no thread to be had");
        }
        pthread_setname_np(prober->thread, "prober");
        *result = prober;
        return 0;
}

void prober_free(struct prober *prober)
{
        if (!prober)
                return;
        pthread_mutex_lock(&prober->lock);
        prober->stopping = true;
        pthread_cond_signal(&prober->work);
        pthread_mutex_unlock(&prober->lock);
        pthread_join(prober->thread, NULL);
        plan_fini(&prober->plan);
        pthread_cond_destroy(&prober->work);
        pthread_mutex_destroy(&prober->lock);
        free(prober);
}

void prober_follow(struct prober *prober, const struct member_order *order)
{
        pthread_mutex_lock(&prober->lock);
        struct plan *plan = &prober->plan;
        uint64_t generation = plan->generation;

        if (plan->decider != order->decider) {
                prober->found = (struct member_findings){ 0 };
                prober->asked = 0;
        }
        plan_fini(plan);
        *plan = (struct plan){ .decider = order->decider,
                               .number = order->number,
                               .generation = generation,
                               .network = order->probe,
                               .volume = memory_text(order->volume) };
        address_bag_add(&plan->nodes, order->set.peers, order->set.peer_count);
        pthread_cond_signal(&prober->work);
        pthread_mutex_unlock(&prober->lock);
}

void prober_ask(struct prober *prober, uint64_t run, uint64_t generation)
{
        pthread_mutex_lock(&prober->lock);
        prober->plan.generation = generation;
        if (run > prober->asked) {
                prober->asked = run;
                pthread_cond_signal(&prober->work);
        }
        pthread_mutex_unlock(&prober->lock);
}

void prober_tell(struct prober *prober, struct member_findings *findings)
{
        pthread_mutex_lock(&prober->lock);
        *findings = prober->found;
        findings->age_ms = clock_monotonic_ms(prober->settings.clock) - prober->begun_ms;
        pthread_mutex_unlock(&prober->lock);
}
