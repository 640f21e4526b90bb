/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "base/condition.h"
#include "reconcile/status_state.h"

/* Whether what `wait` waits for has been seen. */
static bool wait_is_settled(struct status *status, const struct status_wait *wait, int64_t now_ms)
{
        const struct status_entry *entry;

        if (wait->any_change)
                return wait->version != status->version && now_ms >= wait->not_until_ms;
        entry = status_entry_find(status, wait->export_id);
        for (int protocol = 0; protocol < 2; protocol++) {
                const struct side *side = entry ? &entry->sides[protocol] : NULL;

                if (wait->sides[protocol] &&
                    (!side || side->state != SIDE_HELD || side->revision < wait->revision))
                        return false;
        }
        return wait->task_id[0] == '\0' || receipts_have_ended(&status->receipts, wait->task_id);
}

void status_waits_end(struct status *status)
{
        int64_t now_ms = clock_monotonic_ms(status->clock);

        for (struct status_wait **at = &status->waits; *at;) {
                struct status_wait *wait = *at;
                bool in_time = wait_is_settled(status, wait, now_ms);

                if (!in_time && now_ms < wait->deadline_ms && !status->stopping) {
                        at = &wait->next;
                        continue;
                }
                *at = wait->next;
                status->change_waits -= wait->any_change;
                wait->settled(wait, in_time);
        }
}

/* Milliseconds until the next deadline, at most a second. */
static int64_t waits_next_ms(const struct status *status)
{
        int64_t now_ms = clock_monotonic_ms(status->clock), next_ms = 1000;

        for (const struct status_wait *wait = status->waits; wait; wait = wait->next) {
                bool may_look = wait->any_change && wait->version != status->version;
                int64_t until_ms = may_look && wait->not_until_ms < wait->deadline_ms ? wait->not_until_ms
                                                                                      : wait->deadline_ms;

                if (until_ms - now_ms < next_ms)
                        next_ms = until_ms - now_ms;
        }
        return next_ms > 0 ? next_ms : 0;
}

void status_count_change(struct status *status)
{
        status->version++;
        if (status->change_waits > 0) /* the others end with what they wait for, or at their deadline */
                pthread_cond_signal(&status->changed);
}

void *status_timer_run(void *argument)
{
        struct status *status = argument;

        pthread_mutex_lock(&status->lock);
        while (!status->stopping) {
                status_waits_end(status);
                if (!status->waits) {
                        pthread_cond_wait(&status->changed, &status->lock);
                        continue;
                }
                struct timespec until = condition_moment(waits_next_ms(status));

                pthread_cond_timedwait(&status->changed, &status->lock, &until);
        }
        status_waits_end(status);
        pthread_mutex_unlock(&status->lock);
        return NULL;
}

void status_wait_start(struct status *status, struct status_wait *wait)
{
        pthread_mutex_lock(&status->lock);
        wait->next = status->waits;
        status->waits = wait;
        status->change_waits += wait->any_change;
        status_waits_end(status);
        pthread_cond_signal(&status->changed);
        pthread_mutex_unlock(&status->lock);
}
