/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/condition.h"
#include "reconcile/pool.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "reconcile/pool_seat.h"

static void order_free(void *object)
{
        struct order *order = object;

        firewall_set_fini(&order->words.set);
        free(order->volume);
        free(order);
}

static void errand_free(void *object)
{
        struct errand *errand = object;

        access_list_fini(&errand->list);
        free(errand->volume);
        free(errand);
}

static int seat_start(struct pool *pool, size_t which, struct fault *fault)
{
        struct seat *seat = &pool->seats[which];

        seat->pool = pool;
        seat->member = &pool->settings.members[which];
        address_format(&pool->settings.addresses[which], seat->name);
        if (pthread_create(&seat->thread, NULL, seat_run, seat) != 0)
                return fault_set(fault, FAULT_INTERNAL, "start a thread for member %s", seat->name);
        pthread_setname_np(seat->thread, "member");
        seat->running = true;
        return 0;
}

int pool_new(const struct pool_settings *settings, struct pool **result, struct fault *fault)
{
        struct pool *pool = NEW(struct pool);
        int failed = 0;

        pool->settings = *settings;
        pthread_mutex_init(&pool->lock, NULL);
        condition_init(&pool->work);
        condition_init(&pool->done);
        while (pool->decider == 0)
                if (getrandom(&pool->decider, sizeof pool->decider, 0) != sizeof pool->decider)
                        abort();
        for (size_t i = 0; i < settings->count && !failed; i++)
                failed = seat_start(pool, i, fault);
        if (failed)
                pool_free(pool);
        else
                *result = pool;
        return failed;
}

void pool_free(struct pool *pool)
{
        if (!pool)
                return;
        pthread_mutex_lock(&pool->lock);
        pool->stopping = true;
        pthread_cond_broadcast(&pool->work);
        pthread_cond_broadcast(&pool->done);
        pthread_mutex_unlock(&pool->lock);
        for (size_t i = 0; i < pool->settings.count; i++) {
                if (pool->seats[i].running)
                        pthread_join(pool->seats[i].thread, NULL);
                shared_put(pool->seats[i].errand);
        }
        shared_put(pool->order);
        pthread_cond_destroy(&pool->work);
        pthread_cond_destroy(&pool->done);
        pthread_mutex_destroy(&pool->lock);
        free(pool);
}

void pool_watch(struct pool *pool, void (*changed)(void *context), void *context)
{
        pthread_mutex_lock(&pool->lock);
        pool->changed_context = context;
        pool->changed = changed;
        pthread_mutex_unlock(&pool->lock);
}

const struct address *pool_addresses(const struct pool *pool, size_t *count)
{
        *count = pool->settings.count;
        return pool->settings.addresses;
}

static const struct order *order_new(const struct pool *pool, uint64_t number, uint64_t revision,
                                     const char *volume, const struct firewall_set *set,
                                     const struct probe_network *probe)
{
        struct order *order = NEW(struct order);

        shared_init(order, order_free);
        order->volume = memory_text(volume);
        order->words = (struct member_order){
                .decider = pool->decider,
                .number = number,
                .revision = revision,
                .volume = order->volume,
                .probe = *probe,
        };
        firewall_set_peers(&order->words.set, set->peers, set->peer_count);
        firewall_set_open_all(&order->words.set, set->pairs, set->pair_count);
        firewall_set_bindings(&order->words.set, set->bindings, set->binding_count);
        return order;
}

/* Whether what is wanted is another thing than `order` says. */
static bool order_differs(const struct order *order, const char *volume, const struct firewall_set *set,
                          const struct probe_network *probe)
{
        return strcmp(order->words.volume, volume) != 0 || !firewall_set_equal(&order->words.set, set) ||
               !address_equal(&order->words.probe.base, &probe->base);
}

void pool_order(struct pool *pool, uint64_t revision, const char *volume, const struct firewall_set *set,
                const struct probe_network *probe)
{
        pthread_mutex_lock(&pool->lock);
        const struct order *older = pool->order;
        if (!older || order_differs(older, volume, set, probe)) {
                pool->order = order_new(pool, older ? older->words.number + 1 : 1, revision, volume, set, probe);
                for (size_t i = 0; i < pool->settings.count && !older; i++)
                        pool->seats[i].heard_ms =
                                clock_monotonic_ms(pool->settings.clock); /* its silence begins to count */
                shared_put(older);
                pthread_cond_broadcast(&pool->work);
        }
        pthread_mutex_unlock(&pool->lock);
}

bool pool_answer_await(struct pool *pool, int64_t until_ms)
{
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

        return !pool->stopping && pthread_cond_timedwait(&pool->done, &pool->lock, &until) == 0;
}

static int64_t deadline_after(int deadline_ms)
{
        return clock_monotonic_ms(clock_system()) + deadline_ms;
}

static struct errand *errand_new(const char *volume, const struct access_list *list)
{
        struct errand *errand = NEW(struct errand);

        shared_init(errand, errand_free);
        errand->volume = memory_text(volume);
        access_list_copy(&errand->list, list);
        return errand;
}

int pool_take_list(struct pool *pool, const char *volume, const struct access_list *list, int deadline_ms,
                   struct fault *fault)
{
        AUTO_SHARED struct errand *errand = errand_new(volume, list);
        const struct fault late = { FAULT_TIMEOUT, "it has not taken the access list in time" };
        int64_t until_ms = deadline_after(deadline_ms);

        pthread_mutex_lock(&pool->lock);
        errand->left = pool->settings.count;
        for (size_t i = 0; i < pool->settings.count; i++)
                pool->seats[i].errand = shared_get(errand);
        pthread_cond_broadcast(&pool->work);
        while (errand->left > 0 && pool_answer_await(pool, until_ms))
                ;
        for (size_t i = 0; i < pool->settings.count; i++)
                if (pool->seats[i].errand == errand)
                        errand_end(&pool->seats[i], &late);
        *fault = errand->fault;
        pthread_mutex_unlock(&pool->lock);
        return -(int)fault->code;
}

/* The first member that lacks the newest order; NULL = all have it. The lock is held. */
static const struct seat *seat_behind(const struct pool *pool, bool in_trouble)
{
        for (size_t i = 0; i < pool->settings.count; i++) {
                const struct seat *seat = &pool->seats[i];

                if (pool->order && seat->done != pool->order->words.number &&
                    (!in_trouble || seat->trouble.code != FAULT_NONE))
                        return seat;
        }
        return NULL;
}

/* Why it has not obeyed, without its name. */
static void seat_excuse(const struct seat *seat, struct fault *fault)
{
        *fault = seat->trouble;
        if (fault->code == FAULT_NONE)
                fault_set(fault, FAULT_TIMEOUT, "it has not said yet that it obeys");
}

bool pool_has_order(struct pool *pool)
{
        pthread_mutex_lock(&pool->lock);
        bool has = pool->order != NULL;
        pthread_mutex_unlock(&pool->lock);
        return has;
}

int pool_member_obeys(struct pool *pool, size_t member, struct fault *fault)
{
        const struct seat *seat = &pool->seats[member];

        pthread_mutex_lock(&pool->lock);
        bool obeys = !pool->order || seat->done == pool->order->words.number;
        if (!obeys) {
                pool->missed = true;
                seat_excuse(seat, fault);
        }
        pthread_mutex_unlock(&pool->lock);
        return obeys ? 0 : -(int)fault->code;
}

int pool_await(struct pool *pool, int deadline_ms, struct fault *fault)
{
        int64_t until_ms = deadline_after(deadline_ms);
        const struct seat *behind;

        pthread_mutex_lock(&pool->lock);
        while (!seat_behind(pool, true) && seat_behind(pool, false) && pool_answer_await(pool, until_ms))
                ;
        if (!(behind = seat_behind(pool, true)))
                behind = seat_behind(pool, false);
        if (behind) {
                pool->missed = true;
                seat_excuse(behind, fault);
                fault_prefix(fault, "member %s", behind->name);
        }
        pthread_mutex_unlock(&pool->lock);
        return behind ? -(int)fault->code : 0;
}

bool pool_member_holds_list(struct pool *pool, size_t member, uint64_t generation)
{
        pthread_mutex_lock(&pool->lock);
        bool holds = pool->seats[member].report.list_generation >= generation;
        pthread_mutex_unlock(&pool->lock);
        return holds;
}

bool pool_holds_list(struct pool *pool, uint64_t generation)
{
        bool holds = true;

        pthread_mutex_lock(&pool->lock);
        for (size_t i = 0; i < pool->settings.count; i++)
                holds = holds && pool->seats[i].report.list_generation >= generation;
        pthread_mutex_unlock(&pool->lock);
        return holds;
}

/* The member that is this node of the pool: by its glusterd's id, else by the address it was probed with. */
static const struct seat *seat_of(const struct pool *pool, const struct pool_node *node)
{
        for (size_t i = 0; i < pool->settings.count; i++)
                if (pool->seats[i].heard && strcmp(pool->seats[i].report.node_id, node->id) == 0)
                        return &pool->seats[i];
        for (size_t i = 0; i < pool->settings.count; i++)
                if (!pool->seats[i].heard && strcmp(pool->seats[i].name, node->name) == 0)
                        return &pool->seats[i];
        return NULL;
}

/* A node that no member has said to be: ABSENT unless one may still say so. */
static enum known stranger_standing(const struct pool *pool, const struct pool_node *node, struct fault *fault)
{
        for (size_t i = 0; i < pool->settings.count; i++)
                if (seat_standing(&pool->seats[i]) == KNOWN_UNKNOWN)
                        return KNOWN_UNKNOWN;
        fault_set(fault, FAULT_UNAVAILABLE,
                  "member %s: it is in the Gluster pool, and no gatehoused --enforce-only of `members` is there",
                  node->name);
        return KNOWN_ABSENT;
}

enum known pool_enforces(struct pool *pool, const struct volume_seen *seen, char name[ADDRESS_TEXT_SIZE],
                         struct fault *fault)
{
        enum known enforces = KNOWN_PRESENT;

        pthread_mutex_lock(&pool->lock);
        for (size_t i = 0; i < seen->pool_members && enforces != KNOWN_ABSENT; i++) {
                const struct pool_node *node = &seen->pool[i];
                const struct seat *seat = node->local ? NULL : seat_of(pool, node);
                enum known standing = node->local ? KNOWN_PRESENT
                                      : seat      ? seat_standing(seat)
                                                  : stranger_standing(pool, node, fault);

                if (standing == KNOWN_PRESENT)
                        continue;
                enforces = standing;
                snprintf(name, ADDRESS_TEXT_SIZE, "%s", seat ? seat->name : node->name);
                if (seat && standing == KNOWN_ABSENT)
                        seat_complain(seat, fault);
        }
        pthread_mutex_unlock(&pool->lock);
        return enforces;
}
