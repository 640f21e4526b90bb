/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/verify.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/canary.h"

#define TRY_MS 5000     /* for one answer; a healthy server takes a few */
#define SETTLE_MS 300   /* what becomes active within it is verified together */
#define SPACING_MS 2000 /* between two runs that changes have asked for */

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
        struct verification *rows;
        size_t count;
        bool again; /* something may be told by trying again soon */
};

/* --- One row ------------------------------------------------------------------------------------------------- */

static int64_t now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum firewall_service service_of(enum protocol protocol)
{
        return protocol == PROTOCOL_IS_NFS ? SERVICE_NFS : SERVICE_GLUSTER;
}

/* Tries as `client`, and notes what came of it as `check`. */
static void row_try(struct verify *verify, struct verification *row, const struct storage *storage,
                    const struct export *canary, enum probe_client client, enum verification_check check)
{
        const struct probe *probe = verify->probe;
        enum probe_verdict least = PROBE_UNKNOWN, most = PROBE_UNKNOWN;
        struct fault fault = { 0 };
        int64_t began_us = now_us();
        int failed;

        if (row->protocol == PROTOCOL_IS_NFS) {
                AUTO_FREE char *pseudo = nfs_export_pseudo(canary);

                failed = probe->nfs(probe->context, client, &row->node, pseudo, TRY_MS, &least, &fault);
                most = least;
        } else {
                failed = probe->native(probe->context, client, &row->node, storage->volume, canary->path, TRY_MS,
                                       &least, &most, &fault);
        }
        verification_note(row, check, failed, least, most, now_us() - began_us, &fault);
}

/* The stranger's address is let through the packet filter for the length of one try: only so the lists behind it
 * are asked. Nobody else has that address, and nothing is granted to it. */
static void row_try_list(struct verify *verify, struct verification *row, const struct storage *storage,
                         const struct export *canary)
{
        struct address stranger = probe_network_client(&verify->probe->network, PROBE_STRANGER);
        enum firewall_service service = service_of(row->protocol);
        struct fault fault = { 0 };

        if (gate_open(verify->world->gate, service, &stranger, 1, &fault) == 0)
                row_try(verify, row, storage, canary, PROBE_STRANGER, CHECK_ACCESS_LIST);
        else
                verification_note(row, CHECK_ACCESS_LIST, -1, PROBE_UNKNOWN, PROBE_UNKNOWN, 0, &fault);
        if (gate_close(verify->world->gate, service, &stranger, 1, &fault) != 0)
                log_error("close the packet filter after a probe: %s", fault.text);
}

/* A refused connection tells of the packet filter only when somebody else got one. */
static void row_verify(struct verify *verify, struct verification *row, const struct storage *storage,
                       const struct export *canary)
{
        row->started_ms = clock_monotonic_ms(verify->world->clock);
        row_try(verify, row, storage, canary, PROBE_ADMITTED, CHECK_ADMITTED);
        if (row->result == VERIFICATION_PASSED && gate_filters(verify->world->gate))
                row_try(verify, row, storage, canary, PROBE_STRANGER, CHECK_PACKET_FILTER);
        if (row->checks[CHECK_ADMITTED].result == VERIFICATION_PASSED)
                row_try_list(verify, row, storage, canary);
        row->at_ms = clock_wall_ms(verify->world->clock);
}

/* Whether there is anything to try; if not, the row says why. */
static bool row_can_be_tried(struct verify *verify, struct run *run, struct verification *row,
                             const struct export *canary, const struct fault *unprepared)
{
        struct fault fault = { 0 };
        bool seen = false;

        if (unprepared->code != FAULT_NONE)
                verification_skip(row, fault_word(unprepared->code), unprepared->text);
        else if (!verify->probe->is_here(verify->probe->context, &row->node))
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

static void row_add(struct verify *verify, struct run *run, const struct snapshot *snapshot,
                    const struct storage *storage, const struct address *node, enum protocol protocol,
                    const struct fault *unprepared)
{
        const struct export *canary = snapshot_canary(snapshot, storage->document.id);
        struct verification row = { .node = *node, .protocol = protocol };

        snprintf(row.storage, sizeof row.storage, "%s", storage->document.id);
        if (verify->probe->is_here(verify->probe->context, node))
                versions_get(verify->world->versions, protocol, row.version);
        if (row_can_be_tried(verify, run, &row, canary, unprepared)) {
                row_verify(verify, &row, storage, canary);
                run->again = run->again || row.result != VERIFICATION_PASSED;
        }
        run->rows = memory_grow(run->rows, run->count, sizeof *run->rows);
        run->rows[run->count++] = row;
}

/* --- One run ------------------------------------------------------------------------------------------------- */

/* The probe place is looked after at each run: a helper that was restarted knows of none. What is wanted of the
 * servers changes when it comes or goes. */
static void place_follow(struct verify *verify, struct fault *fault)
{
        struct address admitted = probe_network_client(&verify->probe->network, PROBE_ADMITTED);

        if (verify->probe->prepare(verify->probe->context, fault) != 0)
                admitted = (struct address){ 0 };
        if (status_note_probe(verify->world->status, &admitted))
                verify->world->facts_changed(verify->world->facts_context);
}

/* The probes speak IPv4, as Gluster Native does. */
static void storage_verify(struct verify *verify, struct run *run, const struct snapshot *snapshot,
                           const struct storage *storage, const struct fault *unprepared)
{
        for (size_t i = 0; i < storage->address_count && !atomic_load(&verify->wake.stop); i++) {
                const struct address *node = &storage->addresses[i];

                if (node->family != ADDRESS_V4)
                        continue;
                row_add(verify, run, snapshot, storage, node, PROTOCOL_IS_NFS, unprepared);
                if (storage->kind == STORAGE_CLUSTER)
                        row_add(verify, run, snapshot, storage, node, PROTOCOL_IS_GLUSTER, unprepared);
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

/* A filter that lets strangers through is looked at now and not at its next turn. */
static void filter_mend(struct verify *verify, const struct run *run)
{
        struct fault fault = { 0 };
        bool repaired = false;

        for (size_t i = 0; i < run->count; i++) {
                if (run->rows[i].checks[CHECK_PACKET_FILTER].result != VERIFICATION_FAILED)
                        continue;
                if (gate_repair(verify->world->gate, &repaired, &fault) != 0)
                        log_error("put the packet filter right: %s", fault.text);
                else if (repaired)
                        log_warning("the packet filter was not as it should be, and was put right");
                return;
        }
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
        struct fault unprepared = { 0 };
        struct run run = { 0 };
        struct snapshot_walk walk;
        const struct storage *storage;

        pthread_mutex_lock(&verify->lock);
        verify->started++;
        pthread_mutex_unlock(&verify->lock);
        place_follow(verify, &unprepared);
        run.again = unprepared.code != FAULT_NONE;
        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                storage_verify(verify, &run, snapshot, storage, &unprepared);
        filter_mend(verify, &run);
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

struct verification *verify_results(struct verify *verify, size_t *count, uint64_t *run)
{
        struct verification *rows;

        pthread_mutex_lock(&verify->lock);
        *count = verify->count;
        *run = verify->ended;
        rows = memory_new(verify->count, sizeof *rows);
        if (verify->count > 0)
                memcpy(rows, verify->rows, verify->count * sizeof *rows);
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

                if (strcmp(at->storage, storage) != 0 || at->protocol != protocol)
                        continue;
                if (at->result == VERIFICATION_PASSED && at->started_ms < held_since_ms) {
                        *row = pending;
                        break;
                }
                *row = *at;
                if (row->result != VERIFICATION_PASSED)
                        break;
        }
        pthread_mutex_unlock(&verify->lock);
        return row->result;
}
