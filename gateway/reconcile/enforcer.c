/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/enforcer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "reconcile/address_bag.h"
#include "reconcile/gate.h"
#include "reconcile/mark.h"
#include "reconcile/prober.h"

struct enforcer {
        struct enforcer_world world;
        pthread_mutex_t lock; /* held for the length of a call */
        struct status *status;
        struct gate *gate;
        uint64_t mark;              /* newest revision obeyed */
        uint64_t decider, number;   /* the order in force */
        char *volume;               /* of the newest order; NULL = none yet */
        struct address_bag ordered; /* whom that order lets in */
        struct address_bag clients; /* and with them the admitted probe client, while it has a place here */
        struct probe_network probe; /* of that order */
        struct address admitted;    /* ADDRESS_NONE: it has none */
        struct prober *prober;      /* NULL: nothing is verified here */
        struct volume_seen seen;    /* the volume as glusterd has said it last */
        bool door_told;
        bool door_serves; /* it may still serve somebody of an order */
        int64_t next_bricks_look_ms;
};

static int probe_admit(void *context, const struct address *admitted, struct fault *fault);

static int prober_start(struct enforcer *enforcer, struct fault *fault)
{
        const struct prober_settings settings = { .probe = enforcer->world.probe,
                                                  .gate = enforcer->gate,
                                                  .clock = enforcer->world.clock,
                                                  .admit = probe_admit,
                                                  .context = enforcer };

        return settings.probe ? prober_new(&settings, &enforcer->prober, fault) : 0;
}

int enforcer_new(const struct enforcer_world *world, struct enforcer **result, struct fault *fault)
{
        uint64_t mark;
        int failed = mark_read(world->mark_path, &mark, fault);

        if (failed)
                return failed;
        struct enforcer *enforcer = NEW(struct enforcer);
        enforcer->world = *world;
        enforcer->mark = mark;
        pthread_mutex_init(&enforcer->lock, NULL);
        enforcer->status = status_new(world->clock);
        enforcer->gate = gate_new(world->firewall, enforcer->status, NULL, world->clock, world->interval_ms);
        gate_adopt(enforcer->gate);
        if ((failed = prober_start(enforcer, fault)))
                enforcer_free(enforcer);
        else
                *result = enforcer;
        return failed;
}

void enforcer_free(struct enforcer *enforcer)
{
        if (!enforcer)
                return;
        prober_free(enforcer->prober); /* it opens and closes the gate */
        gate_free(enforcer->gate);
        status_free(enforcer->status);
        volume_seen_fini(&enforcer->seen);
        address_bag_fini(&enforcer->ordered);
        address_bag_fini(&enforcer->clients);
        free(enforcer->volume);
        pthread_mutex_destroy(&enforcer->lock);
        free(enforcer);
}

static int64_t now_of(const struct enforcer *enforcer)
{
        return clock_monotonic_ms(enforcer->world.clock);
}

/* An order of a store that is older than one obeyed before would give back what was taken away since. */
static int order_check(struct enforcer *enforcer, const struct member_order *order, struct fault *fault)
{
        if (order->revision < enforcer->mark)
                return fault_set(fault, FAULT_PRECONDITION,
                                 "obey revision %" PRIu64 " of the store: %" PRIu64
                                 " was obeyed before; remove %s on this member to let the older one decide",
                                 order->revision, enforcer->mark, enforcer->world.mark_path);
        return 0;
}

/* Written before anything is opened by it. */
static int order_mark(struct enforcer *enforcer, const struct member_order *order, struct fault *fault)
{
        if (order->revision == enforcer->mark)
                return 0;
        int failed = mark_write(enforcer->world.mark_path, order->revision, fault);
        if (!failed)
                enforcer->mark = order->revision;
        return failed;
}

static int clients_close_others(struct enforcer *enforcer, struct fault *fault)
{
        return gate_close_others(enforcer->gate, SERVICE_GLUSTER, enforcer->clients.items, enforcer->clients.count,
                                 fault);
}

static int clients_open(struct enforcer *enforcer, struct fault *fault)
{
        return gate_open(enforcer->gate, SERVICE_GLUSTER, enforcer->clients.items, enforcer->clients.count, fault);
}

static int gate_narrow(struct enforcer *enforcer, const struct member_order *order, struct fault *fault)
{
        AUTO_ADDRESS_BAG struct address_bag peers = { 0 };
        int failed;

        address_bag_add(&peers, order->set.peers, order->set.peer_count);
        address_bag_add(&peers, &enforcer->world.decider, 1);
        if ((failed = gate_close_others(enforcer->gate, SERVICE_NFS, NULL, 0, fault)) ||
            (failed = clients_close_others(enforcer, fault)) ||
            (failed = gate_bind_to(enforcer->gate, order->set.bindings, order->set.binding_count, fault)))
                return failed;
        return gate_peers(enforcer->gate, peers.items, peers.count, fault);
}

/* Where the bricks listen is asked for from time to time only: the answer is a transaction of the cluster. */
static int bricks_look(struct enforcer *enforcer, struct fault *fault)
{
        const struct gluster_volume *gluster = enforcer->world.gluster;
        struct volume_seen seen = { 0 };

        if (enforcer->seen.known == KNOWN_PRESENT && now_of(enforcer) < enforcer->next_bricks_look_ms)
                return 0;
        int failed = gluster->observe(gluster->context, enforcer->volume, &seen, fault);
        if (!failed && seen.known != KNOWN_PRESENT)
                failed = fault_set(fault, FAULT_UNAVAILABLE, "look at volume %s: this glusterd knows none",
                                   enforcer->volume);
        if (failed) {
                volume_seen_fini(&seen);
                return failed;
        }
        volume_seen_fini(&enforcer->seen);
        enforcer->seen = seen;
        enforcer->next_bricks_look_ms = now_of(enforcer) + enforcer->world.interval_ms;
        return 0;
}

static int door_tell(struct enforcer *enforcer, struct fault *fault)
{
        const struct native_door *door = enforcer->world.door;
        int failed;

        enforcer->door_told = !door;
        if (!door)
                return 0;
        enforcer->door_serves = enforcer->door_serves || enforcer->ordered.count > 0;
        if ((failed = bricks_look(enforcer, fault)) ||
            (failed = door->publish(door->context, enforcer->volume, enforcer->seen.bricks,
                                    enforcer->seen.brick_count, enforcer->clients.items, enforcer->clients.count,
                                    fault)))
                return failed;
        enforcer->door_told = true;
        enforcer->door_serves = enforcer->ordered.count > 0;
        return 0;
}

/* Puts together who is let in. The place of the probe clients is this node's own: of an order nobody in there is
 * taken, and of that place the admitted client alone. */
static void clients_gather(struct enforcer *enforcer)
{
        const struct address_bag *ordered = &enforcer->ordered;

        address_bag_fini(&enforcer->clients);
        for (size_t i = 0; i < ordered->count; i++)
                if (!probe_network_has(&enforcer->probe, &ordered->items[i]))
                        address_bag_add(&enforcer->clients, &ordered->items[i], 1);
        if (probe_network_has(&enforcer->probe, &enforcer->admitted))
                address_bag_add(&enforcer->clients, &enforcer->admitted, 1);
        address_bag_tidy(&enforcer->clients);
}

static void order_take(struct enforcer *enforcer, const struct member_order *order)
{
        if (!enforcer->volume || strcmp(enforcer->volume, order->volume) != 0) {
                free(enforcer->volume);
                enforcer->volume = memory_text(order->volume);
                volume_seen_fini(&enforcer->seen);
        }
        enforcer->probe = order->probe;
        address_bag_fini(&enforcer->ordered);
        for (size_t i = 0; i < order->set.pair_count; i++)
                if (order->set.pairs[i].service == SERVICE_GLUSTER)
                        address_bag_add(&enforcer->ordered, &order->set.pairs[i].address, 1);
        clients_gather(enforcer);
        enforcer->number = 0; /* until all of it is in force */
}

static int order_obey(struct enforcer *enforcer, const struct member_order *order, struct fault *fault)
{
        int failed = order_check(enforcer, order, fault);

        if (failed)
                return failed;
        order_take(enforcer, order);
        if ((failed = gate_narrow(enforcer, order, fault)) || (failed = order_mark(enforcer, order, fault)))
                return failed;
        if (order->volume[0] == '\0')
                return fault_set(fault, FAULT_UNAVAILABLE, "enforce: there is no volume, or more than one");
        /* Before the first list a volume's client volfile still has credentials and cannot be served to anybody.
         */
        failed = door_tell(enforcer, fault);
        if (enforcer->ordered.count == 0)
                failed = 0;
        if (failed || (failed = clients_open(enforcer, fault)))
                return failed;
        enforcer->decider = order->decider;
        enforcer->number = order->number;
        if (enforcer->prober)
                prober_follow(enforcer->prober, order);
        return 0;
}

/* The prober's thread: its admitted client has a place now, or none any more. */
static int probe_admit(void *context, const struct address *admitted, struct fault *fault)
{
        struct enforcer *enforcer = context;
        struct address is = admitted ? *admitted : (struct address){ 0 };
        int failed = 0;

        pthread_mutex_lock(&enforcer->lock);
        if (!address_equal(&enforcer->admitted, &is)) {
                enforcer->admitted = is;
                clients_gather(enforcer);
                /* Without an order in force the next one does this. */
                if (enforcer->number && !(failed = clients_close_others(enforcer, fault)) &&
                    !(failed = door_tell(enforcer, fault)))
                        failed = clients_open(enforcer, fault);
                if (failed) { /* to be done again */
                        enforcer->admitted = (struct address){ 0 };
                        clients_gather(enforcer);
                }
        }
        pthread_mutex_unlock(&enforcer->lock);
        return failed;
}

/* Puts right what others have changed of the packet filter, and what gatehouse-volfiled has forgotten. */
static void drift_mend(struct enforcer *enforcer)
{
        const struct native_door *door = enforcer->world.door;
        struct fault fault = { 0 };
        bool told = false;

        gate_tend(enforcer->gate);
        if (!enforcer->volume || !door)
                return;
        if (now_of(enforcer) < enforcer->next_bricks_look_ms && enforcer->door_told &&
            door->observe(door->context, &told, &fault) == 0 && told)
                return;
        if (door_tell(enforcer, &fault) != 0)
                log_debug("tell gatehouse-volfiled: %s", fault.text);
}

/* Asks the prober for `run`, and tells what it has found. Who has none has nothing to find out. */
static void findings_tell(struct enforcer *enforcer, uint64_t run, struct member_report *report)
{
        struct member_findings *findings = &report->findings;

        if (!enforcer->number)
                return;
        if (!enforcer->prober) {
                findings->run = run;
                findings->generation = report->list_generation;
                return;
        }
        prober_ask(enforcer->prober, run, report->list_generation);
        prober_tell(enforcer->prober, findings);
        for (size_t i = 0; i < findings->row_count; i++)
                server_version_of_glusterd(enforcer->seen.op_version, findings->rows[i].version);
}

static int report_make(struct enforcer *enforcer, const char *volume, uint64_t run, struct member_report *report,
                       struct fault *fault)
{
        const struct gluster_node *node = enforcer->world.node;
        struct node_seen seen = { 0 };
        int failed = node->observe(node->context, volume, &seen, fault);

        if (failed)
                return failed;
        *report = (struct member_report){
                .decider = enforcer->number ? enforcer->decider : 0,
                .number = enforcer->number,
                .firewall = gate_in_force(enforcer->gate),
                .filter_in_place = seen.filter_in_place,
                .door_told = enforcer->door_told || (enforcer->ordered.count == 0 && !enforcer->door_serves),
                .list_generation = seen.list_generation,
        };
        snprintf(report->node_id, sizeof report->node_id, "%s", seen.id);
        findings_tell(enforcer, run, report);
        return 0;
}

static int member_enforce(void *context, const struct member_order *order, struct member_report *report,
                          struct fault *fault)
{
        struct enforcer *enforcer = context;

        pthread_mutex_lock(&enforcer->lock);
        int failed = order_obey(enforcer, order, fault);
        if (!failed)
                failed = report_make(enforcer, order->volume, 0, report, fault);
        pthread_mutex_unlock(&enforcer->lock);
        return failed;
}

static int member_take_list(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        struct enforcer *enforcer = context;
        const struct gluster_node *node = enforcer->world.node;

        pthread_mutex_lock(&enforcer->lock);
        /* Whom to believe is checked with the order. */
        int failed = enforcer->number ? node->store(node->context, volume, list, fault)
                                      : fault_set(fault, FAULT_PRECONDITION,
                                                  "take an access list: no order was obeyed before it");
        pthread_mutex_unlock(&enforcer->lock);
        return failed;
}

static int member_look(void *context, const char *volume, uint64_t run, struct member_report *report,
                       struct fault *fault)
{
        struct enforcer *enforcer = context;

        pthread_mutex_lock(&enforcer->lock);
        drift_mend(enforcer);
        int failed = report_make(enforcer, volume, run, report, fault);
        pthread_mutex_unlock(&enforcer->lock);
        return failed;
}

struct pool_member enforcer_member(struct enforcer *enforcer)
{
        return (struct pool_member){ member_enforce, member_take_list, member_look, enforcer };
}

void enforcer_turn(struct enforcer *enforcer)
{
        pthread_mutex_lock(&enforcer->lock);
        drift_mend(enforcer);
        pthread_mutex_unlock(&enforcer->lock);
}
