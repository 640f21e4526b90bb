/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/status.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/condition.h"
#include "base/memory.h"
#include "reconcile/status_state.h"

static void entry_free(void *object)
{
        struct status_entry *entry = object;

        free(entry->sides[0].text);
        free(entry->sides[1].text);
        free(entry);
}

struct status_entry *status_entry_find(struct status *status, const char *export_id)
{
        return pmap_find(status->entries, export_id, strlen(export_id));
}

static struct status_entry *entry_get(struct status *status, const char *export_id)
{
        struct status_entry *entry = status_entry_find(status, export_id);

        if (!entry) {
                entry = NEW(struct status_entry);
                shared_init(entry, entry_free);
                pmap_put(&status->entries, export_id, strlen(export_id), entry);
                shared_put(entry);
        }
        return entry;
}

struct status *status_new(const struct clock *clock)
{
        struct status *status = NEW(struct status);

        status->clock = clock;
        pthread_mutex_init(&status->lock, NULL);
        condition_init(&status->changed);
        if (pthread_create(&status->timer, NULL, status_timer_run, status) != 0)
                abort();
        pthread_setname_np(status->timer, "status");
        return status;
}

void status_free(struct status *status)
{
        if (!status)
                return;
        pthread_mutex_lock(&status->lock);
        status->stopping = true;
        pthread_cond_signal(&status->changed);
        pthread_mutex_unlock(&status->lock);
        pthread_join(status->timer, NULL);
        pmap_fini(&status->entries);
        receipts_fini(&status->receipts);
        address_bag_fini(&status->connected);
        pthread_cond_destroy(&status->changed);
        pthread_mutex_destroy(&status->lock);
        free(status);
}

static void side_set(struct side *side, enum side_state state, uint64_t revision, const struct fault *fault)
{
        free(side->text);
        *side = (struct side){ .state = state, .revision = revision };
        if (fault) {
                side->code = fault->code;
                side->text = memory_text(fault->text);
        }
}

/* Whether a side is noted again as it is known: a failure is, each time that it is tried again. */
static bool side_is(const struct side *side, uint64_t revision, const struct fault *fault)
{
        return side->state == (fault ? SIDE_FAILED : SIDE_HELD) && side->revision == revision &&
               (!fault || (side->code == fault->code && strcmp(side->text, fault->text) == 0));
}

void status_note_coming(struct status *status, bool is_coming)
{
        atomic_fetch_add(&status->coming, is_coming ? 1 : SIZE_MAX);
}

size_t status_coming(const struct status *status)
{
        return atomic_load(&status->coming);
}

void status_note(struct status *status, const char *export_id, enum protocol protocol, uint64_t revision,
                 const struct fault *fault)
{
        pthread_mutex_lock(&status->lock);
        struct side *side = &entry_get(status, export_id)->sides[protocol];
        struct side older = *side;
        bool is_known = side_is(side, revision, fault);

        side_set(side, fault ? SIDE_FAILED : SIDE_HELD, revision, fault);
        if (!is_known)
                status_count_change(status);
        if (!fault && older.state == SIDE_HELD && older.revision == revision) {
                side->since_ms = older.since_ms;
        } else if (!fault) {
                side->since_ms = clock_monotonic_ms(status->clock);
                if (status->held_changed)
                        status->held_changed(status->held_context);
        }
        status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

int64_t status_held_since(struct status *status, const char *export_id, enum protocol protocol, bool *seen,
                          struct fault *fault)
{
        int64_t since_ms = 0;

        pthread_mutex_lock(&status->lock);
        const struct status_entry *entry = status_entry_find(status, export_id);
        const struct side *side = entry ? &entry->sides[protocol] : NULL;

        *seen = side && side->state != SIDE_UNSEEN;
        if (*seen && side->state == SIDE_HELD)
                since_ms = side->since_ms;
        else if (*seen)
                fault_set(fault, side->code, "%s", side->text);
        pthread_mutex_unlock(&status->lock);
        return since_ms;
}

void status_on_held(struct status *status, void (*changed)(void *context), void *context)
{
        pthread_mutex_lock(&status->lock);
        status->held_changed = changed;
        status->held_context = context;
        pthread_mutex_unlock(&status->lock);
}

void status_note_gone(struct status *status, const char *export_id, enum protocol protocol)
{
        struct status_entry *entry;

        pthread_mutex_lock(&status->lock);
        entry = status_entry_find(status, export_id);
        if (entry) {
                side_set(&entry->sides[protocol], SIDE_UNSEEN, 0, NULL);
                if (entry->sides[!protocol].state == SIDE_UNSEEN)
                        pmap_remove(&status->entries, export_id, strlen(export_id));
                status_count_change(status);
        }
        status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

/* The newest revision among the objects that a grant is made of: older observations do not speak of it. */
static uint64_t grant_revision(const struct grant *grant)
{
        uint64_t revision = larger(grant->export->document.revision, grant->node->document.revision);

        if (grant->environment)
                revision = larger(revision, grant->environment->document.revision);
        if (grant->storage)
                revision = larger(revision, grant->storage->document.revision);
        return revision;
}

/* The state of a grant of which `side` is what was noted of the side that serves it; NULL for nothing. */
static enum grant_state state_by(const struct grant *grant, const struct side *side)
{
        if (grant->verdict != ACCESS_ADMITTED)
                return access_is_suspension(grant->verdict) ? GRANT_SUSPENDED : GRANT_REFUSED;
        if (side && side->state == SIDE_FAILED)
                return side->code == FAULT_OBSERVING ? GRANT_PENDING : GRANT_FAILED;
        return side && side->state == SIDE_HELD && side->revision >= grant_revision(grant) ? GRANT_ACTIVE
                                                                                           : GRANT_PENDING;
}

enum grant_state status_grant_state(struct status *status, const struct grant *grant, const char **cause_code,
                                    char cause[FAULT_TEXT_SIZE])
{
        const struct status_entry *entry;
        const struct side *side;
        enum grant_state state;

        *cause_code = NULL;
        cause[0] = '\0';
        pthread_mutex_lock(&status->lock);
        entry = status_entry_find(status, grant->export->document.id);
        side = entry ? &entry->sides[grant->choice.protocol] : NULL;
        state = state_by(grant, side);
        if (grant->verdict != ACCESS_ADMITTED) {
                *cause_code = access_word(grant->verdict);
                snprintf(cause, FAULT_TEXT_SIZE, "%s", access_sentence(grant->verdict));
        } else if (side && side->state == SIDE_FAILED) {
                *cause_code = fault_word(side->code);
                snprintf(cause, FAULT_TEXT_SIZE, "%s", side->text);
        }
        pthread_mutex_unlock(&status->lock);
        return state;
}

void status_grants_count(struct status *status, const struct grant_list *grants, size_t counts[GRANT_FAILED + 1])
{
        const struct status_entry *entry;

        if (grants->count == 0)
                return;
        pthread_mutex_lock(&status->lock);
        entry = status_entry_find(status, grants->items[0].export->document.id);
        for (size_t i = 0; i < grants->count; i++) {
                const struct grant *grant = &grants->items[i];

                counts[state_by(grant, entry ? &entry->sides[grant->choice.protocol] : NULL)]++;
        }
        pthread_mutex_unlock(&status->lock);
}

void status_set_layers(struct status *status, const char *storage_node, const bool in_use[LAYER_COUNT])
{
        pthread_mutex_lock(&status->lock);
        free(status->receipts.storage_node);
        status->receipts.storage_node = memory_text(storage_node);
        memcpy(status->receipts.in_use, in_use, sizeof status->receipts.in_use);
        pthread_mutex_unlock(&status->lock);
}

void status_follow(struct status *status, const struct snapshot *snapshot)
{
        pthread_mutex_lock(&status->lock);
        receipts_follow(&status->receipts, snapshot, clock_wall_ms(status->clock));
        status_count_change(status);
        status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

/* A side's question, with what it was noted to fail at to answer for it. */
struct review {
        struct status *status;
        const struct let_go_question *question;
};

static enum let_go review_ask(void *context, const struct task_export *export, struct fault *fault)
{
        const struct review *review = context;
        enum protocol protocol = review->question->layer == LAYER_NFS ? PROTOCOL_IS_NFS : PROTOCOL_IS_GLUSTER;
        enum let_go answer = review->question->ask(review->question->context, export, fault);
        const struct status_entry *entry;

        if (answer != LET_GO_HINDERED || fault->code != FAULT_NONE)
                return answer;
        entry = status_entry_find(review->status, export->id);
        if (!entry || entry->sides[protocol].state != SIDE_FAILED)
                return LET_GO_IN_HAND;
        fault_set(fault, entry->sides[protocol].code, "%s", entry->sides[protocol].text);
        return LET_GO_HINDERED;
}

void status_review(struct status *status, const struct let_go_question *question)
{
        struct review review = { status, question };
        struct let_go_question own = *question;

        own.ask = review_ask;
        own.context = &review;
        pthread_mutex_lock(&status->lock);
        if (receipts_review(&status->receipts, &own, clock_wall_ms(status->clock)))
                status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

void status_set_members(struct status *status, const struct address *members, size_t count)
{
        pthread_mutex_lock(&status->lock);
        receipts_set_members(&status->receipts, members, count);
        status->facts.members = members;
        status->facts.member_count = count;
        pthread_mutex_unlock(&status->lock);
}

void status_review_member(struct status *status, size_t member, enum task_layer layer, uint64_t revision,
                          const struct fault *fault)
{
        pthread_mutex_lock(&status->lock);
        if (receipts_review_member(&status->receipts, member, layer, revision, fault,
                                   clock_wall_ms(status->clock)))
                status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

void status_review_firewall(struct status *status, enum firewall_service service, uint64_t revision,
                            const struct fault *fault)
{
        pthread_mutex_lock(&status->lock);
        if (receipts_review_firewall(&status->receipts, service, revision, fault, clock_wall_ms(status->clock)))
                status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
}

void status_note_cut(struct status *status, const struct firewall_pair *pair, unsigned connections)
{
        pthread_mutex_lock(&status->lock);
        receipts_note_cut(&status->receipts, pair, connections);
        pthread_mutex_unlock(&status->lock);
}

struct task *status_task(struct status *status, const struct task *task)
{
        struct task *shown;

        pthread_mutex_lock(&status->lock);
        shown = receipts_show(&status->receipts, task);
        pthread_mutex_unlock(&status->lock);
        return shown;
}

void status_each_ended(struct status *status, void (*each)(void *context, struct task *task), void *context)
{
        pthread_mutex_lock(&status->lock);
        receipts_each_ended(&status->receipts, each, context);
        pthread_mutex_unlock(&status->lock);
}

uint64_t status_version(struct status *status)
{
        return atomic_load(&status->version);
}

struct protocol_facts status_facts(struct status *status)
{
        struct protocol_facts facts;

        pthread_mutex_lock(&status->lock);
        facts = status->facts;
        pthread_mutex_unlock(&status->lock);
        return facts;
}

void status_set_facts(struct status *status, const struct protocol_facts *facts)
{
        pthread_mutex_lock(&status->lock);
        status->facts = *facts;
        status_count_change(status);
        pthread_mutex_unlock(&status->lock);
}

bool status_note_probe(struct status *status, const struct address *probe)
{
        bool changed;

        pthread_mutex_lock(&status->lock);
        changed = !address_equal(&status->facts.probe, probe);
        status->facts.probe = *probe;
        if (changed)
                status_count_change(status);
        pthread_mutex_unlock(&status->lock);
        return changed;
}

bool status_note_pool(struct status *status, enum known pool_enforced, const char *unenforced)
{
        bool changed;

        if (pool_enforced != KNOWN_ABSENT)
                unenforced = "";
        pthread_mutex_lock(&status->lock);
        changed = status->facts.pool_enforced != pool_enforced;
        if (changed || strcmp(status->facts.unenforced, unenforced) != 0)
                status_count_change(status);
        snprintf(status->facts.unenforced, sizeof status->facts.unenforced, "%s", unenforced);
        status->facts.pool_enforced = pool_enforced;
        pthread_mutex_unlock(&status->lock);
        return changed;
}

void status_set_observes(struct status *status, bool observes)
{
        pthread_mutex_lock(&status->lock);
        status->observes = observes;
        pthread_mutex_unlock(&status->lock);
}

bool status_observes(struct status *status)
{
        bool observes;

        pthread_mutex_lock(&status->lock);
        observes = status->observes;
        pthread_mutex_unlock(&status->lock);
        return observes;
}

void status_note_committed(struct status *status, uint64_t revision)
{
        pthread_mutex_lock(&status->lock);
        lag_committed(&status->lag, revision, clock_monotonic_ms(status->clock));
        pthread_mutex_unlock(&status->lock);
}

void status_note_settled(struct status *status, enum protocol protocol, uint64_t revision)
{
        pthread_mutex_lock(&status->lock);
        lag_settled(&status->lag, protocol, revision);
        pthread_mutex_unlock(&status->lock);
}

int64_t status_lag_ms(struct status *status)
{
        int64_t waiting_ms;

        pthread_mutex_lock(&status->lock);
        waiting_ms = lag_ms(&status->lag, clock_monotonic_ms(status->clock));
        pthread_mutex_unlock(&status->lock);
        return waiting_ms;
}

void status_note_connected(struct status *status, const struct address *addresses, size_t count)
{
        pthread_mutex_lock(&status->lock);
        status->connected.count = 0;
        address_bag_add(&status->connected, addresses, count);
        status->connected_known = true;
        pthread_mutex_unlock(&status->lock);
}

enum known status_is_connected(struct status *status, const struct address *address)
{
        pthread_mutex_lock(&status->lock);
        enum known connected = !status->connected_known                         ? KNOWN_UNKNOWN
                               : address_bag_holds(&status->connected, address) ? KNOWN_PRESENT
                                                                                : KNOWN_ABSENT;
        pthread_mutex_unlock(&status->lock);
        return connected;
}

void status_note_members(struct status *status, size_t enforcing, size_t others)
{
        pthread_mutex_lock(&status->lock);
        status->members[true] = enforcing;
        status->members[false] = others;
        pthread_mutex_unlock(&status->lock);
}

void status_members(struct status *status, size_t *enforcing, size_t *others)
{
        pthread_mutex_lock(&status->lock);
        *enforcing = status->members[true];
        *others = status->members[false];
        pthread_mutex_unlock(&status->lock);
}

void status_note_backend(struct status *status, enum backend backend, const struct fault *fault)
{
        pthread_mutex_lock(&status->lock);
        status->backends[backend] = fault ? *fault : (struct fault){ 0 };
        status->backend_noted[backend] = true;
        status->backend_at_ms[backend] = clock_wall_ms(status->clock);
        pthread_mutex_unlock(&status->lock);
}

bool status_backend(struct status *status, enum backend backend, struct fault *fault)
{
        bool noted;

        pthread_mutex_lock(&status->lock);
        *fault = status->backends[backend];
        noted = status->backend_noted[backend];
        pthread_mutex_unlock(&status->lock);
        return noted;
}

int64_t status_backend_at_ms(struct status *status, enum backend backend)
{
        int64_t at_ms;

        pthread_mutex_lock(&status->lock);
        at_ms = status->backend_at_ms[backend];
        pthread_mutex_unlock(&status->lock);
        return at_ms;
}

const char *backend_word(enum backend backend)
{
        static const char *const words[BACKEND_COUNT] = { "store",    "helper",    "firewall", "ganesha",
                                                          "glusterd", "inventory", "members",  "verification",
                                                          "bricks",   "filter",    "volfiled", "tls" };

        return words[backend];
}
