/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/pool_findings.h"

#include <string.h>

#include "base/memory.h"
#include "reconcile/pool_seat.h"

static const struct seat *seat_at(const struct pool *pool, const struct address *address)
{
        for (size_t i = 0; i < pool->settings.count; i++)
                if (address_equal(&pool->settings.addresses[i], address))
                        return &pool->seats[i];
        return NULL;
}

bool pool_has_member(struct pool *pool, const struct address *address)
{
        return seat_at(pool, address) != NULL; /* where they sit never changes */
}

void pool_ask_findings(struct pool *pool, uint64_t run)
{
        pthread_mutex_lock(&pool->lock);
        pool->run = run;
        pool->asked_ms = clock_monotonic_ms(pool->settings.clock);
        for (size_t i = 0; i < pool->settings.count; i++)
                pool->seats[i].next_look_ms = 0;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
}

static bool findings_owed(const struct pool *pool)
{
        for (size_t i = 0; i < pool->settings.count; i++)
                if (seat_owes_findings(&pool->seats[i]))
                        return true;
        return false;
}

bool pool_await_findings(struct pool *pool, int wait_ms)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + wait_ms;

        pthread_mutex_lock(&pool->lock);
        while (findings_owed(pool) && pool_answer_await(pool, until_ms))
                ;
        bool owed = findings_owed(pool);
        pthread_mutex_unlock(&pool->lock);
        return !owed;
}

/* Why it is not known, by the name of the member. */
static void row_excuse(const struct seat *seat, struct verification *row, const char *code, const char *why)
{
        AUTO_FREE char *sentence = memory_format("member %s: %s", seat->name, why);

        verification_skip(row, code, sentence);
}

/* Its row for the address that `row` is about; NULL = it has none. */
static const struct verification *row_told(const struct seat *seat, const struct verification *row)
{
        const struct member_findings *findings = &seat->report.findings;

        for (size_t i = 0; i < findings->row_count; i++)
                if (address_equal(&findings->rows[i].node, &row->node))
                        return &findings->rows[i];
        return NULL;
}

/* Times are this node's: what the member has begun was begun no earlier than that. */
static void row_take(const struct seat *seat, struct verification *row, const struct verification *told)
{
        struct verification own = *row;
        const struct clock *clock = seat->pool->settings.clock;

        *row = *told;
        memcpy(row->storage, own.storage, sizeof row->storage);
        row->started_ms = seat->found_ms;
        row->at_ms = clock_wall_ms(clock) - (clock_monotonic_ms(clock) - seat->found_ms);
}

static void seat_find(const struct seat *seat, uint64_t run, struct verification *row)
{
        const struct member_findings *findings = &seat->report.findings;
        const struct verification *told = row_told(seat, row);

        if (seat->trouble.code != FAULT_NONE)
                row_excuse(seat, row, fault_word(seat->trouble.code), seat->trouble.text);
        else if (findings->run < run)
                row_excuse(seat, row, fault_word(FAULT_TIMEOUT),
                           "it has not said in time what a client can do there");
        else if (findings->generation < seat->report.list_generation)
                row_excuse(seat, row, "node.changed", "it has a newer access list than the one that it tried");
        else if (!told)
                row_excuse(seat, row, "node.untried",
                           "verification is off there, or it has not this address of the storage");
        else
                row_take(seat, row, told);
}

void pool_find(struct pool *pool, uint64_t run, struct verification *row)
{
        const struct seat *seat = seat_at(pool, &row->node);

        pthread_mutex_lock(&pool->lock);
        if (seat)
                seat_find(seat, run, row);
        else
                verification_skip(row, "node.remote", "this storage node is no member of the pool");
        pthread_mutex_unlock(&pool->lock);
}
