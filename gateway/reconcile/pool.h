/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The members of the Gluster pool that enforce what this storage node decides: one thread for each, so that a slow
 * or silent one holds up nobody. What is wanted of them is left here and is brought to all at the same time; what
 * they were last seen to hold is told. Used by the gluster side; knows the seam pool_member, not how it is spoken.
 */
#pragma once

#include "base/clock.h"
#include "domain/seams.h"

#define POOL_MEMBERS_MAX 64

/* How often each member is asked what it holds, and after how long a silence it counts as enforcing nothing. */
#define POOL_LOOK_MS 1000
#define POOL_SILENCE_MS 6000
/* And after how long a report that something is not in force: glusterd that is just writing volfiles looks like
 * one without a filter, and a packet filter that was taken away is mostly put back at once. */
#define POOL_DOUBT_MS 2000

/* How long a member may take to try its bricks as a client: three answers of 5 s, thrice when it is disturbed by
 * orders, are as good as none. */
#define POOL_FINDINGS_MS 20000

struct pool;

struct pool_settings {
        struct address addresses[POOL_MEMBERS_MAX]; /* their names */
        struct pool_member members[POOL_MEMBERS_MAX];
        size_t count;
        const struct clock *clock;
};

/* Starts the threads. `settings` is copied; what its members are over must outlive pool_free. INTERNAL: no thread.
 */
int pool_new(const struct pool_settings *settings, struct pool **pool, struct fault *fault);
/* Waits for the calls that are under way. NULL is fine. */
void pool_free(struct pool *pool);

/* Calls `changed` from any thread when something about a member has changed. Once, before anything is ordered. */
void pool_watch(struct pool *pool, void (*changed)(void *context), void *context);

/* The members' addresses; the pool's own. */
const struct address *pool_addresses(const struct pool *pool, size_t *count);

/* From now on this is wanted of every member: it is sent to all of them at once, and again to those that fail or
 * start anew. `probe`: where members try what clients can do, without base = they do not. Set and network are
 * copied; nothing is waited for. The same as before costs nothing. */
void pool_order(struct pool *pool, uint64_t revision, const char *volume, const struct firewall_set *set,
                const struct probe_network *probe);

/* Whether anything has been ordered yet. */
bool pool_has_order(struct pool *pool);

/* Whether member number `member` has the newest order in force, if there is any: 0, or the fault of what stands in
 * the way (TIMEOUT: it is on its way; who watches the pool is called when that has changed). */
int pool_member_obeys(struct pool *pool, size_t member, struct fault *fault);

/* Hands a list to every member at once and waits `deadline_ms` at most until each holds it. 0, or the fault of the
 * first that does not, named. */
int pool_take_list(struct pool *pool, const char *volume, const struct access_list *list, int deadline_ms,
                   struct fault *fault);

/* Waits `deadline_ms` at most until every member has the newest order in force. 0, or the fault of the first that
 * has not, named. */
int pool_await(struct pool *pool, int deadline_ms, struct fault *fault);

/* Whether every member's filter finds a list of `generation` or newer. */
bool pool_holds_list(struct pool *pool, uint64_t generation);

/* The same of member number `member` alone. */
bool pool_member_holds_list(struct pool *pool, size_t member, uint64_t generation);

/* Whether every node of the pool that `seen` names, this one aside, is a member that reports filter and packet
 * filter in force. ABSENT: `name` is the first that is not, `fault` says why. UNKNOWN: nobody can say yet, `name`
 * is who; a silence counts after POOL_SILENCE_MS, a bad report after POOL_DOUBT_MS. */
enum known pool_enforces(struct pool *pool, const struct volume_seen *seen, char name[ADDRESS_TEXT_SIZE],
                         struct fault *fault);
