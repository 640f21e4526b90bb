/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_pool_member.h"

#include <pthread.h>

#include "base/memory.h"
#include "tests/fakes/fake_gluster_volume.h"

struct fake_pool_member {
        pthread_mutex_t lock;
        struct member_report report;
        struct firewall_set set;
        struct member_findings findings; /* of the next run */
        bool mute;                       /* no run ends */
        unsigned calls, orders, fail_at, fail_count;
        enum fault_code fail_with;
};

struct fake_pool_member *fake_pool_member_new(size_t node)
{
        struct fake_pool_member *fake = NEW(struct fake_pool_member);

        pthread_mutex_init(&fake->lock, NULL);
        fake->report =
                (struct member_report){ .firewall = KNOWN_PRESENT, .filter_in_place = true, .door_told = true };
        fake_pool_node_id(node, fake->report.node_id);
        return fake;
}

void fake_pool_member_free(struct fake_pool_member *fake)
{
        firewall_set_fini(&fake->set);
        pthread_mutex_destroy(&fake->lock);
        free(fake);
}

/* Takes the lock; the fault of the present call. */
static int turn_take(struct fake_pool_member *fake, struct fault *fault)
{
        pthread_mutex_lock(&fake->lock);
        fake->calls++;
        if (fake->fail_at == 0 || fake->calls < fake->fail_at || fake->calls - fake->fail_at >= fake->fail_count)
                return 0;
        return fault_set(fault, fake->fail_with, "fake: it does not answer");
}

static int fake_enforce(void *context, const struct member_order *order, struct member_report *report,
                        struct fault *fault)
{
        struct fake_pool_member *fake = context;
        int failed = turn_take(fake, fault);

        if (!failed) {
                firewall_set_fini(&fake->set);
                firewall_set_open_all(&fake->set, order->set.pairs, order->set.pair_count);
                fake->report.decider = order->decider;
                fake->report.number = order->number;
                fake->orders++;
                *report = fake->report;
        }
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int fake_take_list(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        struct fake_pool_member *fake = context;
        int failed = turn_take(fake, fault);

        (void)volume;
        if (!failed)
                fake->report.list_generation = list->generation;
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

/* A run ends at once. Of an older list than it holds only when that was asked for. */
static void run_end(struct fake_pool_member *fake, uint64_t run)
{
        struct member_findings *findings = &fake->report.findings;

        if (fake->mute || run <= findings->run)
                return;
        *findings = fake->findings;
        findings->run = run;
        findings->generation = fake->report.list_generation - fake->findings.generation;
}

static int fake_look(void *context, const char *volume, uint64_t run, struct member_report *report,
                     struct fault *fault)
{
        struct fake_pool_member *fake = context;
        int failed = turn_take(fake, fault);

        (void)volume;
        if (!failed) {
                run_end(fake, run);
                *report = fake->report;
        }
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

struct pool_member fake_pool_member_seam(struct fake_pool_member *fake)
{
        return (struct pool_member){ fake_enforce, fake_take_list, fake_look, fake };
}

void fake_pool_member_fail(struct fake_pool_member *fake, unsigned nth, unsigned count, enum fault_code code)
{
        pthread_mutex_lock(&fake->lock);
        fake->fail_at = nth ? fake->calls + nth : 0;
        fake->fail_count = count;
        fake->fail_with = code;
        pthread_mutex_unlock(&fake->lock);
}

void fake_pool_member_set_filter(struct fake_pool_member *fake, bool in_place)
{
        pthread_mutex_lock(&fake->lock);
        fake->report.filter_in_place = in_place;
        pthread_mutex_unlock(&fake->lock);
}

void fake_pool_member_set_firewall(struct fake_pool_member *fake, enum known in_force)
{
        pthread_mutex_lock(&fake->lock);
        fake->report.firewall = in_force;
        pthread_mutex_unlock(&fake->lock);
}

void fake_pool_member_find(struct fake_pool_member *fake, const struct member_findings *findings)
{
        pthread_mutex_lock(&fake->lock);
        fake->mute = findings == NULL;
        if (findings)
                fake->findings = *findings;
        pthread_mutex_unlock(&fake->lock);
}

void fake_pool_member_restart(struct fake_pool_member *fake)
{
        pthread_mutex_lock(&fake->lock);
        fake->report.decider = 1;
        pthread_mutex_unlock(&fake->lock);
}

bool fake_pool_member_admits(struct fake_pool_member *fake, const struct address *address)
{
        pthread_mutex_lock(&fake->lock);
        bool admits = firewall_set_has(&fake->set, &(struct firewall_pair){ *address, SERVICE_GLUSTER });
        pthread_mutex_unlock(&fake->lock);
        return admits;
}

uint64_t fake_pool_member_list(struct fake_pool_member *fake)
{
        pthread_mutex_lock(&fake->lock);
        uint64_t generation = fake->report.list_generation;
        pthread_mutex_unlock(&fake->lock);
        return generation;
}

unsigned fake_pool_member_orders(struct fake_pool_member *fake)
{
        pthread_mutex_lock(&fake->lock);
        unsigned orders = fake->orders;
        pthread_mutex_unlock(&fake->lock);
        return orders;
}
