/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Thousands of random changes of what is wanted, of the servers and of what goes wrong with them, against the real
 * reconciler. At every instant: nobody is let in who had no right since it settled last. Once the faults stop, it
 * settles: who has the right is in, is shown as active, and nobody else is; every task that takes access away has
 * ended by then, and none ends while somebody is still let in. A restart of the gateway in quiet times shuts
 * nobody out, not for an instant. What the outlook on a commit (a dry run) says of the servers is what they come
 * to hold.
 *
 *     simulate [--seed N] [--operations N]
 *
 * Threads race as they do in life, so the same seed makes the same changes, though not always the same failure.
 */
#include "simulation.h"

#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "world_for_test.h"

#define SETTLE_MS 20000 /* of real time, on a busy machine */
#define OPERATIONS 1500
#define SEEDS 4
#define INTERVAL_MS 1000
#define HISTORY_MOST 60000

unsigned random_below(struct simulation *simulation, unsigned most)
{
        return world_random(&simulation->random) % most;
}

__attribute__((format(printf, 2, 0))) static void history_add(struct simulation *simulation, const char *format,
                                                              va_list arguments)
{
        char line[512];

        vsnprintf(line, sizeof line, format, arguments);
        pthread_mutex_lock(&simulation->history_lock);
        text_addf(&simulation->history, "%s\n", line);
        pthread_mutex_unlock(&simulation->history_lock);
}

void simulation_tell(struct simulation *simulation, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        history_add(simulation, format, arguments);
        va_end(arguments);
}

void simulation_fail(struct simulation *simulation, const char *format, ...)
{
        va_list arguments;

        if (atomic_exchange(&simulation->failed, true))
                return;
        simulation_tell(simulation, "FAILED:");
        va_start(arguments, format);
        history_add(simulation, format, arguments);
        va_end(arguments);
}

/* --- The clocks --------------------------------------------------------------------------------------------- */

static int64_t simulated_monotonic_ms(void *context)
{
        struct simulation *simulation = context;

        return (clock_monotonic_ms(clock_system()) - simulation->started_ms) * CLOCK_FACTOR + 1;
}

/* Stands still but for what the simulation skips, so that it is known when an export expires. */
static int64_t simulated_wall_ms(void *context)
{
        struct simulation *simulation = context;

        return 1700000000000 + (int64_t)atomic_load(&simulation->skipped_ms);
}

/* --- The gateway -------------------------------------------------------------------------------------------- */

static const struct snapshot *newest_snapshot(void *context)
{
        struct simulation *simulation = context;
        const struct snapshot *snapshot;

        pthread_mutex_lock(&simulation->lock);
        snapshot = shared_get(simulation->snapshot);
        pthread_mutex_unlock(&simulation->lock);
        return snapshot;
}

static void gateway_start(struct simulation *simulation)
{
        const struct reconcile_world world = { .snapshot = newest_snapshot,
                                               .snapshot_context = simulation,
                                               .status = simulation->status = status_new(&simulation->clock),
                                               .clock = &simulation->clock,
                                               .nfs = &simulation->nfs_outer,
                                               .gluster = &simulation->gluster_outer,
                                               .files = &simulation->files_seam,
                                               .firewall = &simulation->firewall_seam,
                                               .interval_ms = INTERVAL_MS };
        struct fault fault;

        if (reconcile_start(&world, &simulation->reconcile, &fault) != 0)
                abort();
}

static void gateway_stop(struct simulation *simulation)
{
        reconcile_stop(simulation->reconcile);
        status_free(simulation->status);
        simulation->reconcile = NULL;
        simulation->status = NULL;
}

/* --- Settling ----------------------------------------------------------------------------------------------- */

/* Waits until all is as the newest snapshot wants it and every task has ended, the last of them one that ends once
 * both sides have come round; main keeps calling, since their pauses are those of a clock that runs slower. */
static void settle(struct simulation *simulation)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + SETTLE_MS;
        AUTO_TEXT struct text why = { 0 };
        bool settled = false;

        world_mark(simulation);
        while (!settled && !atomic_load(&simulation->failed) && clock_monotonic_ms(clock_system()) < until_ms) {
                reconcile_wake(simulation->reconcile);
                poll(NULL, 0, 1);
                text_clear(&why);
                pthread_mutex_lock(&simulation->lock);
                settled = tasks_settled(simulation, &why) && rights_settled(simulation, &why) &&
                          servers_untouched(simulation, &why);
                if (settled) {
                        pmap_fini(&simulation->rights);
                        rights_of(simulation, simulation->snapshot, NULL, &simulation->rights);
                }
                pthread_mutex_unlock(&simulation->lock);
        }
        pthread_mutex_lock(&simulation->lock);
        simulation->storage_gone = simulation->restarted = false;
        if (!settled)
                simulation_fail(simulation, "does not settle: %s", text_get(&why));
        simulation_tell(simulation, "-- settled");
        pthread_mutex_unlock(&simulation->lock);
}

/* --- Operations --------------------------------------------------------------------------------------------- */

static void calm_and_settle(struct simulation *simulation)
{
        pthread_mutex_lock(&simulation->lock);
        servers_calm(simulation);
        pthread_mutex_unlock(&simulation->lock);
        settle(simulation);
}

/* The gateway ends and starts again while all is well: nobody may notice. */
static void restart_quietly(struct simulation *simulation)
{
        calm_and_settle(simulation);
        pthread_mutex_lock(&simulation->lock);
        simulation_tell(simulation, "-- restart in quiet times");
        pmap_fini(&simulation->kept);
        rights_held(simulation, &simulation->kept);
        simulation->keeping = true;
        pthread_mutex_unlock(&simulation->lock);
        gateway_stop(simulation);
        gateway_start(simulation);
        settle(simulation);
        simulation->keeping = false;
}

/* A dry run of a commit, and the commit. */
static void foresee(struct simulation *simulation)
{
        struct foresight *foresight;
        struct snapshot *draft;

        calm_and_settle(simulation);
        if (atomic_load(&simulation->failed))
                return;
        simulation_tell(simulation, "-- a commit that is foreseen");
        draft = world_draft(simulation);
        foresight = foresight_new(simulation, draft);
        world_publish(simulation, draft);
        settle(simulation);
        foresight_end(foresight);
}

static void restart_anytime(struct simulation *simulation)
{
        if (simulation->storage_gone)
                return;
        simulation->restarted = true;
        simulation_tell(simulation, "-- restart");
        gateway_stop(simulation);
        if (random_below(simulation, 2))
                world_change(simulation);
        gateway_start(simulation);
}

/* What expires makes room: an export that gave way to it at its mount path is granted from then on. */
static void time_skip(struct simulation *simulation)
{
        pthread_mutex_lock(&simulation->lock);
        atomic_fetch_add(&simulation->skipped_ms, random_below(simulation, 8000));
        rights_of(simulation, simulation->snapshot, NULL, &simulation->rights);
        tasks_allow(simulation);
        pthread_mutex_unlock(&simulation->lock);
        simulation_tell(simulation, "time goes on to %lld", (long long)atomic_load(&simulation->skipped_ms));
}

static void operate(struct simulation *simulation)
{
        unsigned which = random_below(simulation, 100);

        if (which < 62) {
                world_change(simulation);
        } else if (which < 84) {
                pthread_mutex_lock(&simulation->lock);
                if (which < 80)
                        servers_disturb(simulation);
                else
                        servers_meddle(simulation);
                pthread_mutex_unlock(&simulation->lock);
        } else if (which < 88) {
                time_skip(simulation);
                reconcile_wake(simulation->reconcile);
        } else if (which < 91) {
                restart_anytime(simulation);
        } else if (which < 93) {
                restart_quietly(simulation);
        } else if (which < 97) {
                foresee(simulation);
        } else {
                calm_and_settle(simulation);
        }
        pthread_mutex_lock(&simulation->lock);
        tasks_check(simulation);
        pthread_mutex_unlock(&simulation->lock);
        if (random_below(simulation, 3) == 0) { /* else the next one comes while they work on this one */
                reconcile_wake(simulation->reconcile);
                poll(NULL, 0, (int)random_below(simulation, 4));
        }
}

/* --- Runs --------------------------------------------------------------------------------------------------- */

/* The end of it, as TAP diagnostics. */
static void history_print(struct simulation *simulation, uint64_t seed, unsigned done)
{
        size_t length = simulation->history.length;
        AUTO_FREE char *history = text_take(&simulation->history);
        char *rest = NULL;

        for (char *line = strtok_r(length > HISTORY_MOST ? history + length - HISTORY_MOST : history, "\n", &rest);
             line; line = strtok_r(NULL, "\n", &rest))
                printf("# %s\n", line);
        printf("# seed %llu, after %u operations\n", (unsigned long long)seed, done);
}

static bool simulation_run(uint64_t seed, unsigned operations)
{
        struct simulation simulation = { .random = seed * 2654435761u + 1,
                                         .unenforced = seed % 3 == 0,
                                         .started_ms = clock_monotonic_ms(clock_system()) };
        bool failed;

        simulation.clock = (struct clock){ simulated_wall_ms, simulated_monotonic_ms, &simulation };
        pthread_mutex_init(&simulation.lock, NULL);
        pthread_mutex_init(&simulation.history_lock, NULL);
        servers_init(&simulation);
        world_begin(&simulation);
        gateway_start(&simulation);
        unsigned done = 0;
        for (; done < operations && !atomic_load(&simulation.failed); done++)
                operate(&simulation);
        if (!atomic_load(&simulation.failed))
                calm_and_settle(&simulation);
        failed = atomic_load(&simulation.failed);
        gateway_stop(&simulation);
        if (failed)
                history_print(&simulation, seed, done);
        servers_fini(&simulation);
        tasks_fini(&simulation);
        pmap_fini(&simulation.rights);
        pmap_fini(&simulation.kept);
        text_fini(&simulation.history);
        shared_put(simulation.snapshot);
        pthread_mutex_destroy(&simulation.lock);
        pthread_mutex_destroy(&simulation.history_lock);
        return !failed;
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "seed", required_argument, NULL, 's' },
                                                 { "operations", required_argument, NULL, 'o' },
                                                 { 0 } };
        unsigned operations = OPERATIONS;
        uint64_t seed = 0;
        int option;
        bool well = true;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == 's')
                        seed = strtoull(optarg, NULL, 10);
                else if (option == 'o')
                        operations = (unsigned)strtoul(optarg, NULL, 10);
                else
                        return 2;
        }
        log_open("simulate", LOG_LEVEL_ERROR);
        printf("1..%d\n", seed ? 1 : SEEDS);
        for (uint64_t each = 1; each <= (seed ? 1 : SEEDS); each++) {
                bool passed = simulation_run(seed ? seed : each, operations);

                printf("%sok %d - seed %llu\n", passed ? "" : "not ", (int)each,
                       (unsigned long long)(seed ? seed : each));
                fflush(stdout);
                well = well && passed;
        }
        return well ? 0 : 1;
}
