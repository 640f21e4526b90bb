/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A member of the Gluster pool that enforces what another storage node decides: what is wanted of it, what it says
 * of itself, and the table of functions in between. The node that decides calls the table over a channel
 * (protocols/member); on the member the same table is what answers (reconcile/enforcer).
 */
#pragma once

#include "base/fault.h"
#include "domain/access_list.h"
#include "domain/firewall_set.h"
#include "domain/probe_network.h"
#include "domain/protocol_choice.h"
#include "domain/verification.h"

#define NODE_ID_SIZE 37 /* a UUID and the NUL */

/* What the deciding storage node wants of a member of its pool, whole each time. */
struct member_order {
        uint64_t decider;        /* a number of the deciding process: another one after it was restarted */
        uint64_t number;         /* grows with each order of that process */
        uint64_t revision;       /* of the store that decided: never less than what the member has obeyed before */
        const char *volume;      /* "" = none */
        struct firewall_set set; /* the storage nodes, whom Gluster Native is open to, bindings; borrowed */
        struct probe_network probe; /* where the member tries from what clients can do; none = it does not */
};

/* Rows that one member reports: a storage node has an address or two. */
#define MEMBER_ROWS_MAX 4

/* What a member has found out as a client of its own bricks, of its last run. Zeroed = it has not tried yet. */
struct member_findings {
        uint64_t run; /* the number that it was asked for by; 0 = none has ended since the decider started */
        uint64_t generation; /* of the access list that its filter found when the run began */
        int64_t age_ms;      /* since then */
        struct verification rows[MEMBER_ROWS_MAX]; /* one for each address of its own among the storage nodes, by
                                                      Gluster Native; without storage and times */
        size_t row_count; /* 0: it does not verify, or none of these addresses is its own */
};

/* What a member says of itself. */
struct member_report {
        char node_id[NODE_ID_SIZE]; /* of its glusterd */
        uint64_t decider, number;   /* the order in force; 0 = none since it was started */
        enum known firewall;        /* in force */
        bool filter_in_place;
        bool door_told;           /* gatehouse-volfiled knows what to serve; true where there is none to be told */
        uint64_t list_generation; /* that its filter finds */
        struct member_findings findings;
};

/* One member of the pool that enforces what this storage node decides. Called on the deciding node by one thread
 * at a time; on the member it is what answers. UNAVAILABLE, TIMEOUT: it, its helper or its glusterd does not
 * answer; PRECONDITION: it has obeyed a newer store before. */
struct pool_member {
        /* Closes, tells gatehouse-volfiled, opens, in this order. Idempotent. 0 = all of it is in force. */
        int (*enforce)(void *context, const struct member_order *order, struct member_report *report,
                       struct fault *fault);
        /* As gluster_node's store. */
        int (*take_list)(void *context, const char *volume, const struct access_list *list, struct fault *fault);
        /* `run` (0 = none) grows: the member begins to try its bricks as a client, and tells what came of it in a
         * later report. Nothing waits for that. */
        int (*look)(void *context, const char *volume, uint64_t run, struct member_report *report,
                    struct fault *fault);
        void *context;
};
