/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_firewall.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct cut {
        struct firewall_pair pair;
        unsigned count;
};

struct fake_firewall {
        pthread_mutex_t lock;
        bool installed;
        bool tampered;
        struct firewall_set set;
        struct cut *cuts; /* of every pair that was ever open or closed */
        size_t cut_count;
        unsigned connections; /* of each open pair */
        struct address only;  /* that has them; ADDRESS_NONE = everybody */
        unsigned calls, sessions_asked;
        unsigned fail_at; /* number of a call; 0 = none */
        enum fault_code fail_code;
        bool fail_applied;
        bool away;
        bool off;
};

struct fake_firewall *fake_firewall_new(void)
{
        struct fake_firewall *fake = NEW(struct fake_firewall);

        pthread_mutex_init(&fake->lock, NULL);
        return fake;
}

void fake_firewall_free(struct fake_firewall *fake)
{
        firewall_set_fini(&fake->set);
        free(fake->cuts);
        pthread_mutex_destroy(&fake->lock);
        free(fake);
}

void fake_firewall_flush(struct fake_firewall *fake)
{
        pthread_mutex_lock(&fake->lock);
        firewall_set_fini(&fake->set);
        fake->installed = fake->tampered = false;
        pthread_mutex_unlock(&fake->lock);
}

void fake_firewall_tamper(struct fake_firewall *fake)
{
        pthread_mutex_lock(&fake->lock);
        fake->tampered = fake->installed;
        pthread_mutex_unlock(&fake->lock);
}

void fake_firewall_slip_in(struct fake_firewall *fake, const struct firewall_pair *pair)
{
        pthread_mutex_lock(&fake->lock);
        if (fake->installed)
                firewall_set_open(&fake->set, pair);
        pthread_mutex_unlock(&fake->lock);
}

void fake_firewall_switch(struct fake_firewall *fake, bool off)
{
        pthread_mutex_lock(&fake->lock);
        fake->off = off;
        if (off) {
                firewall_set_fini(&fake->set);
                fake->installed = fake->tampered = false;
        }
        pthread_mutex_unlock(&fake->lock);
}

bool fake_firewall_holds_nfs(struct fake_firewall *fake)
{
        pthread_mutex_lock(&fake->lock);
        bool holds = fake->installed && fake->set.nfs_held;
        pthread_mutex_unlock(&fake->lock);
        return holds;
}

static bool is_peer(const struct firewall_set *set, const struct address *address)
{
        for (size_t i = 0; i < set->peer_count; i++)
                if (address_equal(&set->peers[i], address))
                        return true;
        return false;
}

bool fake_firewall_admits(struct fake_firewall *fake, enum firewall_service service, const struct address *address)
{
        pthread_mutex_lock(&fake->lock);
        bool admits = !fake->installed || fake->tampered || is_peer(&fake->set, address) ||
                      firewall_set_has(&fake->set, &(struct firewall_pair){ *address, service });
        pthread_mutex_unlock(&fake->lock);
        return admits;
}

/* --- Cuts. Under the lock. ---------------------------------------------------------------------------------- */

static struct cut *cut_of(struct fake_firewall *fake, const struct firewall_pair *pair)
{
        for (size_t i = 0; i < fake->cut_count; i++)
                if (firewall_pair_compare(&fake->cuts[i].pair, pair) == 0)
                        return &fake->cuts[i];
        return NULL;
}

static void cut_add(struct fake_firewall *fake, const struct firewall_pair *pair)
{
        struct cut *cut = cut_of(fake, pair);

        if (!cut) {
                fake->cuts = memory_grow(fake->cuts, fake->cut_count, sizeof *fake->cuts);
                cut = &fake->cuts[fake->cut_count++];
                *cut = (struct cut){ .pair = *pair };
        }
        cut->count++;
}

unsigned fake_firewall_cuts(struct fake_firewall *fake, const struct firewall_pair *pair)
{
        pthread_mutex_lock(&fake->lock);
        const struct cut *cut = cut_of(fake, pair);
        unsigned count = cut ? cut->count : 0;
        pthread_mutex_unlock(&fake->lock);
        return count;
}

void fake_firewall_connect(struct fake_firewall *fake, unsigned connections)
{
        pthread_mutex_lock(&fake->lock);
        fake->connections = connections;
        fake->only = (struct address){ 0 };
        pthread_mutex_unlock(&fake->lock);
}

void fake_firewall_connect_only(struct fake_firewall *fake, const struct address *address, unsigned connections)
{
        pthread_mutex_lock(&fake->lock);
        fake->connections = connections;
        fake->only = *address;
        pthread_mutex_unlock(&fake->lock);
}

static unsigned connections_of(const struct fake_firewall *fake, const struct firewall_pair *pair)
{
        bool has_them = fake->only.family == ADDRESS_NONE || address_equal(&fake->only, &pair->address);

        return firewall_set_has(&fake->set, pair) && has_them ? fake->connections : 0;
}

/* --- Calls -------------------------------------------------------------------------------------------------- */

void fake_firewall_fail(struct fake_firewall *fake, unsigned nth, enum fault_code code, bool applied)
{
        pthread_mutex_lock(&fake->lock);
        fake->fail_at = nth > 0 ? fake->calls + nth : 0;
        fake->fail_code = code;
        fake->fail_applied = applied;
        pthread_mutex_unlock(&fake->lock);
}

void fake_firewall_away(struct fake_firewall *fake, bool away)
{
        pthread_mutex_lock(&fake->lock);
        fake->away = away;
        pthread_mutex_unlock(&fake->lock);
}

unsigned fake_firewall_calls(struct fake_firewall *fake)
{
        pthread_mutex_lock(&fake->lock);
        unsigned calls = fake->calls;
        pthread_mutex_unlock(&fake->lock);
        return calls;
}

unsigned fake_firewall_sessions_asked(struct fake_firewall *fake)
{
        pthread_mutex_lock(&fake->lock);
        unsigned asked = fake->sessions_asked;
        pthread_mutex_unlock(&fake->lock);
        return asked;
}

/* Takes the lock and counts the call. A fault when it shall fail without having done anything. */
static int call_begin(struct fake_firewall *fake, struct fault *fault)
{
        pthread_mutex_lock(&fake->lock);
        fake->calls++;
        if (fake->away)
                return fault_set(fault, FAULT_UNAVAILABLE, "call the fake firewall: it is away");
        if (fake->calls == fake->fail_at && !fake->fail_applied)
                return fault_set(fault, fake->fail_code, "call the fake firewall: call %u was told to fail",
                                 fake->calls);
        return 0;
}

/* Gives the lock back. A fault when the call shall fail after it has done what it was asked. */
static int call_end(struct fake_firewall *fake, int failed, struct fault *fault)
{
        if (!failed && fake->calls == fake->fail_at)
                failed = fault_set(fault, fake->fail_code, "call the fake firewall: the answer of call %u is lost",
                                   fake->calls);
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int address_check(const struct address *address, struct fault *fault)
{
        enum address_kind kind = address_kind(address);

        return kind == ADDRESS_USABLE ? 0
                                      : fault_set(fault, FAULT_INVALID, "call the fake firewall: one of them %s",
                                                  address_kind_sentence(kind));
}

static int pairs_check(const struct firewall_pair *pairs, size_t count, struct fault *fault)
{
        int failed = 0;

        for (size_t i = 0; i < count && !failed; i++)
                failed = address_check(&pairs[i].address, fault);
        return failed;
}

static int bindings_check(const struct firewall_binding *bindings, size_t count, struct fault *fault)
{
        int failed = 0;

        for (size_t i = 0; i < count && !failed; i++)
                failed = mac_is_usable(&bindings[i].mac)
                                 ? address_check(&bindings[i].address, fault)
                                 : fault_set(fault, FAULT_INVALID, "call the fake firewall: no interface's MAC");
        return failed;
}

static void set_replace(struct fake_firewall *fake, const struct firewall_set *set)
{
        struct firewall_set old = fake->set;

        fake->set = (struct firewall_set){ 0 };
        firewall_set_peers(&fake->set, set->peers, set->peer_count);
        firewall_set_open_all(&fake->set, set->pairs, set->pair_count);
        firewall_set_bindings(&fake->set, set->bindings, set->binding_count);
        fake->set.nfs_held = set->nfs_held;
        for (size_t i = 0; i < old.pair_count; i++)
                if (!firewall_set_has(&fake->set, &old.pairs[i]) && !is_peer(&fake->set, &old.pairs[i].address))
                        cut_add(fake, &old.pairs[i]);
        firewall_set_fini(&old);
        fake->installed = true;
        fake->tampered = false;
}

static int fake_install(void *context, const struct firewall_set *set, struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        for (size_t i = 0; i < set->peer_count && !failed; i++)
                failed = address_check(&set->peers[i], fault);
        if (!failed)
                failed = pairs_check(set->pairs, set->pair_count, fault);
        if (!failed)
                failed = bindings_check(set->bindings, set->binding_count, fault);
        if (!failed && fake->off)
                failed = fault_set(fault, FAULT_PRECONDITION, "the fake firewall is switched off");
        if (!failed)
                set_replace(fake, set);
        return call_end(fake, failed, fault);
}

static void set_change(struct fake_firewall *fake, const struct firewall_pair *closed, size_t closed_count,
                       const struct firewall_pair *opened, size_t opened_count, unsigned *ended)
{
        for (size_t i = 0; i < closed_count; i++) {
                unsigned connections = connections_of(fake, &closed[i]);

                if (firewall_set_close(&fake->set, &closed[i]) && ended)
                        ended[i] = connections;
        }
        for (size_t i = 0; i < opened_count; i++)
                firewall_set_open(&fake->set, &opened[i]);
        for (size_t i = 0; i < closed_count; i++)
                if (!firewall_set_has(&fake->set, &closed[i]))
                        cut_add(fake, &closed[i]);
}

static int change_check(const struct fake_firewall *fake, struct fault *fault)
{
        return fake->installed && !fake->tampered
                       ? 0
                       : fault_set(fault, FAULT_NOT_FOUND,
                                   "change the fake firewall: it is not as it was installed");
}

static int fake_change(void *context, const struct firewall_pair *closed, size_t closed_count,
                       const struct firewall_pair *opened, size_t opened_count, unsigned *ended,
                       struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        if (!failed)
                failed = pairs_check(closed, closed_count, fault);
        if (!failed)
                failed = pairs_check(opened, opened_count, fault);
        if (!failed && fake->installed)
                set_change(fake, closed, closed_count, opened, opened_count, ended);
        if (!failed)
                failed = change_check(fake, fault);
        return call_end(fake, failed, fault);
}

static int fake_hold_nfs(void *context, bool held, struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        if (!failed && fake->installed)
                fake->set.nfs_held = held;
        if (!failed)
                failed = change_check(fake, fault);
        return call_end(fake, failed, fault);
}

static int fake_bind(void *context, const struct firewall_binding *removed, size_t removed_count,
                     const struct firewall_binding *added, size_t added_count, struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        if (!failed)
                failed = bindings_check(removed, removed_count, fault);
        if (!failed)
                failed = bindings_check(added, added_count, fault);
        if (!failed && fake->installed)
                firewall_set_rebind(&fake->set, removed, removed_count, added, added_count);
        if (!failed)
                failed = change_check(fake, fault);
        return call_end(fake, failed, fault);
}

static int fake_observe(void *context, enum known *known, struct firewall_set *set, struct fault *fault)
{
        struct fake_firewall *fake = context;

        *known = KNOWN_UNKNOWN;
        int failed = call_end(fake, call_begin(fake, fault), fault);
        if (failed)
                return failed;
        pthread_mutex_lock(&fake->lock);
        *known = fake->installed && !fake->tampered ? KNOWN_PRESENT : KNOWN_ABSENT;
        if (*known == KNOWN_PRESENT) {
                firewall_set_peers(set, fake->set.peers, fake->set.peer_count);
                firewall_set_open_all(set, fake->set.pairs, fake->set.pair_count);
                firewall_set_bindings(set, fake->set.bindings, fake->set.binding_count);
                set->nfs_held = fake->set.nfs_held;
        }
        pthread_mutex_unlock(&fake->lock);
        return 0;
}

static int fake_count_sessions(void *context, const struct firewall_pair *pairs, size_t count, int deadline_ms,
                               size_t *connections, struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        (void)deadline_ms;
        fake->sessions_asked++;
        if (!failed)
                failed = pairs_check(pairs, count, fault);
        for (size_t i = 0; i < count && !failed; i++)
                connections[i] = connections_of(fake, &pairs[i]);
        return call_end(fake, failed, fault);
}

static int fake_remove(void *context, struct fault *fault)
{
        struct fake_firewall *fake = context;
        int failed = call_begin(fake, fault);

        if (!failed) {
                firewall_set_fini(&fake->set);
                fake->installed = fake->tampered = false;
        }
        return call_end(fake, failed, fault);
}

struct firewall fake_firewall_table(struct fake_firewall *fake)
{
        return (struct firewall){ .install = fake_install,
                                  .change = fake_change,
                                  .hold_nfs = fake_hold_nfs,
                                  .bind = fake_bind,
                                  .observe = fake_observe,
                                  .count_sessions = fake_count_sessions,
                                  .remove = fake_remove,
                                  .context = fake };
}
