/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/verify.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/pool_findings.h"
#include "reconcile/trial.h"

#define SETTLE_MS 300    /* what becomes active within it is verified together */
#define SPACING_MS 2000  /* between two runs that changes have asked for */
#define STOP_LOOK_MS 200 /* whether to stop, while members are waited for */
#define STALE_MS 60000   /* what was tried so long before the run that is due by now counts no more */

struct verify {
        const struct side_world *world;
        const struct probe *probe;
        struct verify_settings settings;
        struct side_wake wake;
        atomic_bool requested; /* by somebody who wants it now */
        pthread_t thread;
        unsigned unverified_runs; /* in a row with something that trying again may tell */
        pthread_mutex_t lock;     /* guards what follows */
        struct verification *rows;
        size_t count;
        uint64_t started, ended; /* runs */
};

/* What a run gathers before it is shown. */
struct run {
        const struct snapshot *snapshot;
        struct fault unprepared; /* why there is no probe place, or none */
        uint64_t number;
        int64_t began_ms;          /* monotonic */
        struct verification *rows; /* without a code: members are asked, and nobody has said yet */
        size_t count;
        bool asked; /* members */
        bool again; /* something may be told by trying again soon */
};

/* --- One row ------------------------------------------------------------------------------------------------- */

static bool node_is_here(const struct verify *verify, const struct address *node)
{
        return verify->probe->is_here(verify->probe->context, node);
}

static bool node_is_member(const struct verify *verify, const struct address *node)
{
        return verify->world->pool && pool_has_member(verify->world->pool, node);
}

/* Whether there is anything to try; if not, the row says why. */
static bool row_can_be_tried(struct verify *verify, struct run *run, struct verification *row,
                             const struct export *canary)
{
        struct fault fault = { 0 };
        bool seen = false, member = !node_is_here(verify, &row->node) && node_is_member(verify, &row->node);

        if (member && row->protocol == PROTOCOL_IS_NFS)
                verification_not_served(row);
        else if (run->unprepared.code != FAULT_NONE)
                verification_skip(row, fault_word(run->unprepared.code), run->unprepared.text);
        else if (!member && !node_is_here(verify, &row->node))
                verification_skip(row, "node.remote", "this storage node is tried by its own Gatehouse");
        else if (!canary)
                verification_skip(row, "canary.none", "there are more storages than canaries");
        else if (row->protocol == PROTOCOL_IS_GLUSTER &&
                 status_facts(verify->world->status).pool_enforced == KNOWN_ABSENT)
                verification_skip(row, protocol_rule_word(RULE_STORAGE_PEER_UNENFORCED),
                                  protocol_rule_sentence(RULE_STORAGE_PEER_UNENFORCED));
        else {
                status_held_since(verify->world->status, canary->document.id, row->protocol, &seen, &fault);
                if (seen)
                        return true;
                verification_skip(row, "canary.pending", "the canary is not on the server yet");
                run->again = true;
        }
        return false;
}

/* Tries it from here, or has it tried by the member, which takes as long as it takes. */
static void row_try(struct verify *verify, struct run *run, struct verification *row,
                    const struct storage *storage, const struct export *canary)
{
        AUTO_FREE char *pseudo = nfs_export_pseudo(canary);
        const struct trial trial = { .probe = verify->probe,
                                     .network = verify->probe->network,
                                     .gate = verify->world->gate,
                                     .clock = verify->world->clock,
                                     .pseudo = pseudo,
                                     .volume = storage->volume,
                                     .path = canary->path };

        if (node_is_here(verify, &row->node)) {
                trial_run(&trial, row);
                run->again = run->again || row->result != VERIFICATION_PASSED;
        } else if (!run->asked) {
                pool_ask_findings(verify->world->pool, run->number);
                run->asked = true;
        }
}

static void row_add(struct verify *verify, struct run *run, const struct storage *storage,
                    const struct address *node, enum protocol protocol)
{
        const struct export *canary = snapshot_canary(run->snapshot, storage->document.id);
        struct verification row = { .node = *node, .protocol = protocol };

        snprintf(row.storage, sizeof row.storage, "%s", storage->document.id);
        if (node_is_here(verify, node))
                versions_get(verify->world->versions, protocol, row.version);
        if (row_can_be_tried(verify, run, &row, canary))
                row_try(verify, run, &row, storage, canary);
        run->rows = memory_grow(run->rows, run->count, sizeof *run->rows);
        run->rows[run->count++] = row;
}

/* --- One run ------------------------------------------------------------------------------------------------- */

/* The probe place is looked after at each run: a helper that was restarted knows of none. What is wanted of the
 * servers changes when it comes or goes. */
static void place_follow(struct verify *verify, struct fault *fault)
{
        struct address admitted = probe_network_client(&verify->probe->network, PROBE_ADMITTED);

        if (verify->probe->prepare(verify->probe->context, &verify->probe->network, fault) != 0)
                admitted = (struct address){ 0 };
        if (status_note_probe(verify->world->status, &admitted))
                verify->world->facts_changed(verify->world->facts_context);
}

/* The probes speak IPv4, as Gluster Native does. */
static void storage_verify(struct verify *verify, struct run *run, const struct storage *storage)
{
        for (size_t i = 0; i < storage->address_count && !atomic_load(&verify->wake.stop); i++) {
                const struct address *node = &storage->addresses[i];

                if (node->family != ADDRESS_V4)
                        continue;
                row_add(verify, run, storage, node, PROTOCOL_IS_NFS);
                if (storage->kind == STORAGE_CLUSTER)
                        row_add(verify, run, storage, node, PROTOCOL_IS_GLUSTER);
        }
}

/* Waits for the members that were asked, and fills in what they have found. */
static void members_hear(struct verify *verify, struct run *run)
{
        struct pool *pool = verify->world->pool;

        if (!run->asked)
                return;
        while (!atomic_load(&verify->wake.stop) && !pool_await_findings(pool, STOP_LOOK_MS))
                ;
        for (size_t i = 0; i < run->count; i++) {
                struct verification *row = &run->rows[i];

                if (row->code[0] != '\0')
                        continue;
                pool_find(pool, run->number, row);
                run->again = run->again || row->result != VERIFICATION_PASSED;
        }
}

/* That the canary is refused tells of the servers only when it was on them all the while: after NFS-Ganesha has
 * ended its exports are added again one by one, and who tries before its turn has come is refused as he must be. A
 * stranger who gets in is told whatever the canary does. */
static void refusals_doubt(struct verify *verify, struct run *run)
{
        for (size_t i = 0; i < run->count; i++) {
                struct verification *row = &run->rows[i];
                const struct export *canary = snapshot_canary(run->snapshot, row->storage);
                struct fault fault = { 0 };
                bool seen;

                if (row->result != VERIFICATION_FAILED || verification_is_breach(row) || !canary)
                        continue;
                int64_t since_ms = status_held_since(verify->world->status, canary->document.id, row->protocol,
                                                     &seen, &fault);
                if (since_ms != 0 && since_ms < run->began_ms)
                        continue;
                verification_skip(row, "canary.pending", "the canary was not on the server all the while");
                run->again = true;
        }
}

static const struct verification *row_find(const struct verification *rows, size_t count,
                                           const struct verification *like)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(rows[i].storage, like->storage) == 0 && rows[i].protocol == like->protocol &&
                    address_equal(&rows[i].node, &like->node))
                        return &rows[i];
        return NULL;
}

/* Somebody gets in, or an admitted client does not: as loud as it can be said; quieter, that it is over. */
static void row_tell(const struct verify *verify, const struct verification *older, const struct verification *row)
{
        char node[ADDRESS_TEXT_SIZE];
        const char *const fields[] = { "storage", row->storage, "node", address_format(&row->node, node), NULL };
        const char *protocol = protocol_word(row->protocol);

        if (older && older->result == row->result && strcmp(older->code, row->code) == 0)
                return;
        if (verify->settings.report)
                verify->settings.report(verify->settings.report_context, older, row);
        if (row->result == VERIFICATION_FAILED)
                log_line(LOG_LEVEL_ERROR, (const char **)(uintptr_t)fields, "verification by %s FAILED: %s",
                         protocol, row->sentence);
        else if (row->result == VERIFICATION_PASSED)
                log_line(LOG_LEVEL_NOTICE, (const char **)(uintptr_t)fields, "verification by %s passed",
                         protocol);
        else if (older && older->result != VERIFICATION_UNVERIFIED)
                log_line(LOG_LEVEL_WARNING, (const char **)(uintptr_t)fields, "unverified by %s: %s: %s", protocol,
                         row->code, row->sentence);
}

/* Health: the worst that failed. What could not be verified is no failure. */
static void health_note(struct verify *verify, const struct run *run)
{
        struct fault fault = { 0 };

        for (size_t i = 0; i < run->count; i++) {
                const struct verification *row = &run->rows[i];
                char node[ADDRESS_TEXT_SIZE];

                if (row->result == VERIFICATION_FAILED &&
                    (fault.code == FAULT_NONE || verification_is_breach(row)))
                        fault_set(&fault, FAULT_INTERNAL, "%s on %s, storage %s: %s", protocol_word(row->protocol),
                                  address_format(&row->node, node), row->storage, row->sentence);
        }
        status_note_backend(verify->world->status, BACKEND_VERIFICATION, &fault);
}

static void run_show(struct verify *verify, struct run *run)
{
        pthread_mutex_lock(&verify->lock);
        for (size_t i = 0; i < run->count; i++)
                row_tell(verify, row_find(verify->rows, verify->count, &run->rows[i]), &run->rows[i]);
        free(verify->rows);
        verify->rows = run->rows;
        verify->count = run->count;
        verify->ended = verify->started;
        pthread_mutex_unlock(&verify->lock);
}

static void run_once(struct verify *verify)
{
        AUTO_SHARED const struct snapshot *snapshot = verify->world->snapshot(verify->world->snapshot_context);
        struct run run = { .snapshot = snapshot, .began_ms = clock_monotonic_ms(verify->world->clock) };
        struct snapshot_walk walk;
        const struct storage *storage;

        pthread_mutex_lock(&verify->lock);
        run.number = ++verify->started;
        pthread_mutex_unlock(&verify->lock);
        place_follow(verify, &run.unprepared);
        run.again = run.unprepared.code != FAULT_NONE;
        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                storage_verify(verify, &run, storage);
        trial_mend_filter(verify->world->gate, run.rows, run.count); /* a member does so itself */
        members_hear(verify, &run);
        refusals_doubt(verify, &run);
        health_note(verify, &run);
        verify->unverified_runs = run.again ? verify->unverified_runs + 1 : 0;
        run_show(verify, &run);
}

/* --- The thread ---------------------------------------------------------------------------------------------- */

/* Until when to sleep after a run that has just ended. */
static int64_t next_due_ms(const struct verify *verify)
{
        int64_t pause_ms = verify->settings.interval_ms;

        if (verify->unverified_runs > 0 && side_backoff_ms(verify->unverified_runs) < pause_ms)
                pause_ms = side_backoff_ms(verify->unverified_runs);
        return clock_monotonic_ms(verify->world->clock) + pause_ms;
}

/* Sleeps until it is time for the next run. */
static void run_await(struct verify *verify)
{
        int64_t ended_ms = clock_monotonic_ms(verify->world->clock), due_ms = next_due_ms(verify);

        while (!atomic_load(&verify->wake.stop) && !atomic_load(&verify->requested)) {
                int64_t now_ms = clock_monotonic_ms(verify->world->clock);
                struct pollfd wake = { .fd = verify->wake.fd, .events = POLLIN };

                if (now_ms >= due_ms)
                        break;
                poll(&wake, 1, (int)(due_ms - now_ms) + 1);
                if (!side_wake_drain(&verify->wake))
                        continue;
                now_ms = clock_monotonic_ms(verify->world->clock);
                int64_t soon_ms =
                        now_ms + SETTLE_MS > ended_ms + SPACING_MS ? now_ms + SETTLE_MS : ended_ms + SPACING_MS;
                due_ms = soon_ms < due_ms ? soon_ms : due_ms;
        }
        atomic_store(&verify->requested, false);
}

static void *verify_run(void *argument)
{
        struct verify *verify = argument;

        while (!atomic_load(&verify->wake.stop)) {
                run_once(verify);
                run_await(verify);
        }
        return NULL;
}

static void held_changed(void *context)
{
        side_wake_call(&((struct verify *)context)->wake);
}

int verify_start(const struct side_world *world, const struct verify_settings *settings, struct verify **result,
                 struct fault *fault)
{
        struct verify *verify = NEW(struct verify);

        verify->world = world;
        verify->probe = settings->probe;
        verify->settings = *settings;
        pthread_mutex_init(&verify->lock, NULL);
        int failed = side_wake_init(&verify->wake, fault);
        if (!failed && pthread_create(&verify->thread, NULL, verify_run, verify) != 0)
                failed = fault_set(fault, FAULT_INTERNAL, "start verification: no thread to be had");
        if (failed) {
                free(verify);
                return failed;
        }
        pthread_setname_np(verify->thread, "verify");
        status_on_held(world->status, held_changed, verify);
        *result = verify;
        return 0;
}

void verify_stop(struct verify *verify)
{
        if (!verify)
                return;
        status_on_held(verify->world->status, NULL, NULL);
        atomic_store(&verify->wake.stop, true);
        side_wake_call(&verify->wake);
        pthread_join(verify->thread, NULL);
        verify->probe->remove(verify->probe->context);
        side_wake_fini(&verify->wake);
        pthread_mutex_destroy(&verify->lock);
        free(verify->rows);
        free(verify);
}

uint64_t verify_request(struct verify *verify)
{
        uint64_t number;

        pthread_mutex_lock(&verify->lock);
        number = verify->started + 1; /* one that is under way has begun before */
        pthread_mutex_unlock(&verify->lock);
        atomic_store(&verify->requested, true);
        side_wake_call(&verify->wake);
        return number;
}

/* The row as it counts now: what was found out long ago says nothing of today. */
static struct verification row_now(const struct verify *verify, const struct verification *row)
{
        int64_t age_ms = clock_monotonic_ms(verify->world->clock) - row->started_ms;
        struct verification now = *row;

        if (row->started_ms && row->result == VERIFICATION_PASSED &&
            age_ms > 2 * verify->settings.interval_ms + STALE_MS) {
                AUTO_FREE char *sentence =
                        memory_format("it passed %" PRId64 " s ago, and was not tried since", age_ms / 1000);

                verification_skip(&now, "stale", sentence);
        }
        return now;
}

struct verification *verify_results(struct verify *verify, size_t *count, uint64_t *run)
{
        struct verification *rows;

        pthread_mutex_lock(&verify->lock);
        *count = verify->count;
        *run = verify->ended;
        rows = memory_new(verify->count, sizeof *rows);
        for (size_t i = 0; i < verify->count; i++)
                rows[i] = row_now(verify, &verify->rows[i]);
        pthread_mutex_unlock(&verify->lock);
        return rows;
}

enum verification_result verify_grant(struct verify *verify, const char *storage, enum protocol protocol,
                                      int64_t held_since_ms, struct verification *row)
{
        struct verification pending = { 0 };

        verification_skip(&pending, "pending", "no probe has begun since the grant became active");
        *row = pending;
        pthread_mutex_lock(&verify->lock);
        for (size_t i = 0; i < verify->count; i++) {
                const struct verification *at = &verify->rows[i];

                if (strcmp(at->storage, storage) != 0 || at->protocol != protocol || at->not_served)
                        continue;
                if (at->result == VERIFICATION_PASSED && at->started_ms < held_since_ms) {
                        *row = pending;
                        break;
                }
                *row = row_now(verify, at);
                if (row->result != VERIFICATION_PASSED)
                        break;
        }
        pthread_mutex_unlock(&verify->lock);
        return row->result;
}
