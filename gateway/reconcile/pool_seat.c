/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/pool_seat.h"

#include "base/condition.h"
#include "base/log.h"

#define RETRY_MS 250
#define FINDINGS_LOOK_MS 250 /* while verification waits for a member */

static int64_t now_of(const struct pool *pool)
{
        return clock_monotonic_ms(pool->settings.clock);
}

static bool report_is_well(const struct member_report *report)
{
        return report->firewall != KNOWN_ABSENT && report->filter_in_place;
}

enum known seat_standing(const struct seat *seat)
{
        const struct pool *pool = seat->pool;

        if (!pool->order)
                return KNOWN_UNKNOWN;
        if (seat->trouble.code != FAULT_NONE && now_of(pool) - seat->heard_ms > POOL_SILENCE_MS)
                return KNOWN_ABSENT;
        if (!seat->heard)
                return KNOWN_UNKNOWN;
        return report_is_well(&seat->report) || now_of(pool) - seat->well_ms <= POOL_DOUBT_MS ? KNOWN_PRESENT
                                                                                              : KNOWN_ABSENT;
}

void seat_complain(const struct seat *seat, struct fault *fault)
{
        if (seat->trouble.code != FAULT_NONE)
                *fault = seat->trouble;
        else if (seat->report.firewall == KNOWN_ABSENT)
                fault_set(fault, FAULT_UNAVAILABLE, "its packet filter is not in force");
        else
                fault_set(fault, FAULT_UNAVAILABLE,
                          "its glusterd does not run gatehouse-volfile-filter on every volfile");
        fault_prefix(fault, "member %s", seat->name);
}

bool seat_owes_findings(const struct seat *seat)
{
        const struct pool *pool = seat->pool;

        return seat->trouble.code == FAULT_NONE && seat->heard && seat->report.findings.run < pool->run &&
               now_of(pool) - pool->asked_ms < POOL_FINDINGS_MS;
}

static void seat_give_up(const struct seat *seat)
{
        struct fault why = { 0 };

        seat_complain(seat, &why);
        log_warning("native access is closed: %s", why.text);
}

/* What was found out for another decider is of no use. */
static void report_take(struct seat *seat, const struct member_report *report, int64_t asked_ms)
{
        struct pool *pool = seat->pool;

        seat->report = *report;
        seat->found_ms = asked_ms - report->findings.age_ms;
        if (report_is_well(report))
                seat->well_ms = now_of(pool);
        if (report->decider != pool->decider)
                seat->report.findings = (struct member_findings){ 0 };
        if (report->decider != pool->decider || !report->door_told)
                seat->done = 0;
        else
                seat->done = report->number;
}

/* The answer of a call that was made at `asked_ms`, or its fault; the lock is held. True when somebody should
 * look. */
static bool seat_note(struct seat *seat, const struct fault *fault, const struct member_report *report,
                      int64_t asked_ms)
{
        bool was_well = seat->trouble.code == FAULT_NONE && seat->heard;
        struct pool *pool = seat->pool;

        seat->trouble = *fault;
        if (fault->code == FAULT_NONE) {
                seat->heard = true;
                seat->heard_ms = now_of(pool);
                seat->retry_at_ms = 0;
        } else {
                seat->retry_at_ms = now_of(pool) + RETRY_MS;
                if (was_well)
                        log_warning("member %s: %s", seat->name, fault->text);
        }
        if (report)
                report_take(seat, report, asked_ms);
        if (!was_well && fault->code == FAULT_NONE)
                log_notice("member %s enforces what is decided here", seat->name);
        enum known standing = seat_standing(seat);
        bool changed = was_well != (fault->code == FAULT_NONE) || standing != seat->standing || pool->missed;
        if (standing == KNOWN_ABSENT && seat->standing != KNOWN_ABSENT)
                seat_give_up(seat);
        seat->standing = standing;
        pool->missed = false;
        pthread_cond_broadcast(&pool->done);
        return changed;
}

/* --- What a member's thread does: each is called with the lock held and lets go of it for the call. -----------
 */

static bool seat_enforce(struct seat *seat)
{
        struct pool *pool = seat->pool;
        AUTO_SHARED const struct order *order = shared_get(pool->order);
        struct member_report report = { 0 };
        struct fault fault = { 0 };
        int64_t asked_ms = now_of(pool);

        pthread_mutex_unlock(&pool->lock);
        int failed = seat->member->enforce(seat->member->context, &order->words, &report, &fault);
        pthread_mutex_lock(&pool->lock);
        bool changed = seat_note(seat, &fault, failed ? NULL : &report, asked_ms);
        seat->next_look_ms = now_of(pool) + (seat_owes_findings(seat) ? FINDINGS_LOOK_MS : POOL_LOOK_MS);
        return changed;
}

static bool seat_look(struct seat *seat)
{
        struct pool *pool = seat->pool;
        AUTO_SHARED const struct order *order = shared_get(pool->order);
        struct member_report report = { 0 };
        struct fault fault = { 0 };
        int64_t asked_ms = now_of(pool);
        uint64_t run = pool->run;

        pthread_mutex_unlock(&pool->lock);
        int failed = seat->member->look(seat->member->context, order->words.volume, run, &report, &fault);
        pthread_mutex_lock(&pool->lock);
        bool changed = seat_note(seat, &fault, failed ? NULL : &report, asked_ms);
        seat->next_look_ms = now_of(pool) + (seat_owes_findings(seat) ? FINDINGS_LOOK_MS : POOL_LOOK_MS);
        return changed;
}

void errand_end(struct seat *seat, const struct fault *fault)
{
        struct errand *errand = (struct errand *)(uintptr_t)seat->errand;

        seat->errand = NULL;
        errand->left--;
        if (fault->code != FAULT_NONE && errand->fault.code == FAULT_NONE) {
                errand->fault = *fault;
                fault_prefix(&errand->fault, "member %s", seat->name);
        }
        shared_put(errand);
}

static bool seat_take_list(struct seat *seat)
{
        struct pool *pool = seat->pool;
        AUTO_SHARED const struct errand *errand = shared_get(seat->errand);
        struct fault fault = seat->trouble;

        if (fault.code != FAULT_NONE) { /* it was silent a moment ago: nobody waits for it to be so again */
                errand_end(seat, &fault);
                pthread_cond_broadcast(&pool->done);
                return false;
        }
        pthread_mutex_unlock(&pool->lock);
        seat->member->take_list(seat->member->context, errand->volume, &errand->list, &fault);
        pthread_mutex_lock(&pool->lock);
        if (seat->errand == errand)
                errand_end(seat, &fault);
        if (fault.code == FAULT_NONE && errand->list.generation > seat->report.list_generation)
                seat->report.list_generation = errand->list.generation;
        return seat_note(seat, &fault, NULL, 0);
}

/* Waits for work; the lock is held. */
static void seat_wait(struct seat *seat)
{
        struct pool *pool = seat->pool;
        int64_t due_ms = seat->retry_at_ms ? seat->retry_at_ms : seat->next_look_ms;
        int64_t wait_ms = pool->order && due_ms > now_of(pool) ? due_ms - now_of(pool) : POOL_LOOK_MS;
        struct timespec until = condition_moment(wait_ms);

        pthread_cond_timedwait(&pool->work, &pool->lock, &until);
}

/* One thing, or waiting; the lock is held. True when somebody should look. */
static bool seat_turn(struct seat *seat)
{
        struct pool *pool = seat->pool;
        bool may_call = now_of(pool) >= seat->retry_at_ms;

        if (pool->order && seat->done != pool->order->words.number && may_call)
                return seat_enforce(seat);
        if (seat->errand)
                return seat_take_list(seat);
        if (pool->order && may_call && now_of(pool) >= seat->next_look_ms)
                return seat_look(seat);
        seat_wait(seat);
        return false;
}

void *seat_run(void *argument)
{
        struct seat *seat = argument;
        struct pool *pool = seat->pool;

        pthread_mutex_lock(&pool->lock);
        while (!pool->stopping) {
                if (!seat_turn(seat) || !pool->changed)
                        continue;
                pthread_mutex_unlock(&pool->lock);
                pool->changed(pool->changed_context);
                pthread_mutex_lock(&pool->lock);
        }
        pthread_mutex_unlock(&pool->lock);
        return NULL;
}
