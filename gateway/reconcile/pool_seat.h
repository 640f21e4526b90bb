/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inside pool.h: one member of the pool and the thread that speaks to it. Everything in a struct pool and its
 * seats is guarded by the pool's lock, but for what is said here never to change.
 */
#pragma once

#include <pthread.h>

#include "base/memory.h"
#include "reconcile/pool.h"

/* An order, shared by the threads that bring it to the members. */
struct order {
        struct shared shared;
        struct member_order words; /* volume and set are owned here */
        char *volume;
};

/* A list that is being handed out. The pool's lock guards it, but for what never changes. */
struct errand {
        struct shared shared;
        char *volume;
        struct access_list list; /* a copy */
        size_t left;             /* members that have not answered */
        struct fault fault;      /* of the first that does not hold it, named */
};

/* A member and its thread. */
struct seat {
        struct pool *pool;
        pthread_t thread;
        bool running;
        char name[ADDRESS_TEXT_SIZE];
        const struct pool_member *member;
        uint64_t done;               /* number of the order that it has in force */
        const struct errand *errand; /* reference, or NULL */
        struct member_report report; /* the last */
        int64_t found_ms;            /* before its findings were begun, by the pool's clock */
        struct fault trouble;        /* of the last call; FAULT_NONE = it answered */
        bool heard;                  /* ever */
        int64_t heard_ms, well_ms;   /* when it last answered; when it last reported all in force */
        int64_t retry_at_ms, next_look_ms;
        enum known standing; /* as it was told last */
};

struct pool {
        struct pool_settings settings;
        uint64_t decider; /* of this process */
        pthread_mutex_t lock;
        pthread_cond_t work; /* something was left for the members, or it is time to stop */
        pthread_cond_t done; /* a member has answered */
        bool stopping;
        bool missed;               /* somebody has waited for an order to be obeyed, and gone */
        const struct order *order; /* newest; NULL = none yet */
        uint64_t run;              /* of verification, the newest that was asked for; 0 = none yet */
        int64_t asked_ms;          /* when */
        void (*changed)(void *context);
        void *changed_context;
        struct seat seats[POOL_MEMBERS_MAX];
};

/* The thread: brings orders and lists to the member, and asks what it holds, until the pool stops. */
void *seat_run(void *seat);

/* What the member is worth now; the lock is held. */
enum known seat_standing(const struct seat *seat);

/* Whether it answers, and has not yet told what came of the run that was asked for last; the lock is held. */
bool seat_owes_findings(const struct seat *seat);

/* Why its standing is ABSENT, with its name; the lock is held. */
void seat_complain(const struct seat *seat, struct fault *fault);

/* Waits for an answer of any member until `until_ms` of the system's clock; false when that is over, or the pool
 * is to stop. The lock is held. */
bool pool_answer_await(struct pool *pool, int64_t until_ms);

/* The errand is settled for this member, with the fault that came of it; the lock is held. */
void errand_end(struct seat *seat, const struct fault *fault);
