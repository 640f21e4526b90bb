/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "reconcile/inventory_watch.h"
#include "tests/fakes/store_probe.h"

#define WARN_MS 10000
#define MOST_MS 80000

/* A gateway that can be killed: what the store holds outlives writer and watch. */
struct bench {
        struct clock clock;
        atomic_llong wall_ms, monotonic_ms;
        struct inventory_ages ages;
        struct store_probe *probe;
        struct writer *writer;
        struct status *status;
        struct inventory_watch *watch;
};

static int64_t bench_wall_ms(void *context)
{
        return atomic_load(&((struct bench *)context)->wall_ms);
}

static int64_t bench_monotonic_ms(void *context)
{
        return atomic_load(&((struct bench *)context)->monotonic_ms);
}

static void published(void *context)
{
        inventory_watch_wake(((struct bench *)context)->watch);
}

static void bench_watch(struct bench *bench)
{
        struct fault fault = { 0 };

        assert_int_equal(inventory_watch_new(bench->writer, bench->status, &bench->clock, &bench->ages,
                                             &bench->watch, &fault),
                         0);
}

static int bench_start(void **state)
{
        struct bench *bench = NEW(struct bench);
        struct fault fault = { 0 };

        bench->clock = (struct clock){ bench_wall_ms, bench_monotonic_ms, bench };
        bench->wall_ms = 1700000000000;
        bench->monotonic_ms = 5000000;
        bench->ages = (struct inventory_ages){ WARN_MS, MOST_MS, false };
        bench->probe = store_probe_new(store_memory_new());
        bench->status = status_new(&bench->clock);
        assert_int_equal(writer_new(&bench->probe->store, &bench->clock, published, bench, &bench->writer, &fault),
                         0);
        *state = bench;
        return 0;
}

static int bench_stop(void **state)
{
        struct bench *bench = *state;

        inventory_watch_free(bench->watch);
        writer_free(bench->writer);
        status_free(bench->status);
        free(bench);
        return 0;
}

/* Both clocks go on, and nothing is said. */
static void time_goes_on(struct bench *bench, int64_t ms)
{
        atomic_fetch_add(&bench->wall_ms, ms);
        atomic_fetch_add(&bench->monotonic_ms, ms);
        inventory_watch_wake(bench->watch);
}

/* A job that puts a source. */
struct source_job {
        struct write_job job;
        struct inventory *inventory;
        atomic_int over; /* 1 = committed, 2 = failed */
};

static int source_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        (void)fault;
        write_put(write, &((struct source_job *)job)->inventory->document);
        return 0;
}

static void source_done(struct write_job *job, const struct snapshot *now, const struct fault *fault)
{
        (void)now;
        atomic_store(&((struct source_job *)job)->over, fault->code == FAULT_NONE ? 1 : 2);
}

/* The source "platform" was heard of `age_ms` ago. */
static void source_put(struct bench *bench, int64_t age_ms, bool beats, bool spared)
{
        struct source_job job = { .job = { .prepare = source_prepare, .done = source_done },
                                  .inventory = inventory_new("platform") };

        job.inventory->revision = 3;
        job.inventory->beats = beats;
        job.inventory->spared = spared;
        job.inventory->heard_at_ms = bench_wall_ms(bench) - age_ms;
        writer_submit(bench->writer, &job.job);
        while (!atomic_load(&job.over))
                poll(NULL, 0, 1);
        assert_int_equal(job.over, 1);
        shared_put(job.inventory);
}

static void source_text(struct bench *bench, struct text *text)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(bench->writer);
        const struct inventory *inventory = snapshot_inventory(now, "platform");

        text_clear(text);
        text_addf(text, "%s%s%s %lld", inventory_state_word(inventory->state),
                  inventory->suspends ? " suspends" : "", inventory->spared ? " spared" : "",
                  (long long)(bench_wall_ms(bench) - inventory->heard_at_ms) / 1000);
}

/* Waits until the store says "STATE [suspends] [spared] SECONDS-since-heard". */
static void await_source(struct bench *bench, const char *wanted)
{
        AUTO_TEXT struct text text = { 0 };

        for (int i = 0; i < 5000; i++) {
                source_text(bench, &text);
                if (strcmp(text_get(&text), wanted) == 0)
                        return;
                poll(NULL, 0, 2);
        }
        assert_string_equal(text_get(&text), wanted);
}

/* The watch has looked at everything: a source that is put into the store afterwards is known to it. */
static void watch_settles(struct bench *bench)
{
        struct inventory_age age;

        for (int i = 0; i < 5000 && !inventory_watch_age(bench->watch, "platform", &age); i++)
                poll(NULL, 0, 1);
        assert_true(inventory_watch_age(bench->watch, "platform", &age));
}

static void silence_is_committed_when_it_is_due(void **state)
{
        struct bench *bench = *state;

        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        time_goes_on(bench, WARN_MS - 1);
        await_source(bench, "fresh 9");
        time_goes_on(bench, 1);
        await_source(bench, "stale 10");
        time_goes_on(bench, MOST_MS - WARN_MS - 1);
        await_source(bench, "stale 79");
        time_goes_on(bench, 1);
        await_source(bench, "expired 80");
        inventory_watch_heard(bench->watch, "platform");
        inventory_watch_wake(bench->watch);
        await_source(bench, "fresh 0");
}

static void silence_suspends_where_that_is_wanted(void **state)
{
        struct bench *bench = *state;

        bench->ages.suspend = true;
        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        time_goes_on(bench, MOST_MS);
        await_source(bench, "expired suspends 80");
        /* The operator thinks again. */
        inventory_watch_free(bench->watch);
        bench->ages.suspend = false;
        bench_watch(bench);
        await_source(bench, "expired 80");
        inventory_watch_free(bench->watch);
        bench->ages.most_ms = 0;
        bench_watch(bench);
        await_source(bench, "stale 80");
}

static void source_without_heartbeats_stays_fresh(void **state)
{
        struct bench *bench = *state;
        uint64_t revision = 1;

        source_put(bench, 0, false, false);
        bench_watch(bench);
        watch_settles(bench);
        time_goes_on(bench, 10 * MOST_MS);
        inventory_watch_free(bench->watch);
        bench->watch = NULL;
        AUTO_SHARED const struct snapshot *now = writer_snapshot(bench->writer);
        assert_int_equal(now->revision, revision);
        assert_int_equal(snapshot_inventory(now, "platform")->state, INVENTORY_FRESH);
}

static uint64_t newest(struct bench *bench)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(bench->writer);

        return now->revision;
}

/* Heartbeats every second for as long as a source may be silent: eight commits or so, not eighty. */
static void heartbeats_are_stored_now_and_then(void **state)
{
        struct bench *bench = *state;
        uint64_t before;

        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        before = newest(bench);
        for (int i = 0; i < MOST_MS / 1000; i++) {
                time_goes_on(bench, 1000);
                inventory_watch_heard(bench->watch, "platform");
        }
        inventory_watch_free(bench->watch);
        bench->watch = NULL;
        await_source(bench, "fresh 0"); /* the last one is kept when it ends */
        assert_true(newest(bench) - before <= 10);
        assert_true(newest(bench) - before >= 1);
}

/* Started anew after a kill: the time counts from what was stored, and once there is a little more of it. */
static void restart_goes_on_from_the_stored_time(void **state)
{
        static const struct {
                int64_t age_ms;
                bool spared;
                const char *wanted;
                int64_t then_ms;
                const char *then;
        } rows[] = {
                { 5000, false, "fresh 5", 5000, "stale 10" },
                { 20000, false, "stale 20", 60000, "expired 80" },
                { 80000, false, "stale spared 80", 30000, "expired spared 110" },
                { 3600000, false, "stale spared 3600", 29000, "stale spared 3629" },
                { 3600000, true, "expired spared 3600", 1, "expired spared 3600" },
                { -5000, false, "fresh -5", 10000, "stale 5" }, /* the clock was put back: it is young */
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                void *own = NULL;
                struct bench *bench;

                (void)state;
                bench_start(&own);
                bench = own;
                source_put(bench, rows[i].age_ms, true, rows[i].spared);
                bench_watch(bench);
                watch_settles(bench);
                await_source(bench, rows[i].wanted);
                time_goes_on(bench, rows[i].then_ms);
                await_source(bench, rows[i].then);
                inventory_watch_heard(bench->watch, "platform");
                time_goes_on(bench, 0);
                await_source(bench, "fresh 0");
                bench_stop(&own);
        }
}

static void clock_that_is_set_suspends_nobody(void **state)
{
        struct bench *bench = *state;

        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        atomic_fetch_add(&bench->wall_ms, 100 * MOST_MS);
        inventory_watch_wake(bench->watch);
        inventory_watch_heard(bench->watch, "platform");
        time_goes_on(bench, WARN_MS);
        await_source(bench, "stale 10");
}

static size_t groups(struct bench *bench)
{
        size_t count;

        pthread_mutex_lock(&bench->probe->mutex);
        count = bench->probe->group_count;
        pthread_mutex_unlock(&bench->probe->mutex);
        return count;
}

static void commit_that_fails_is_tried_again(void **state)
{
        struct bench *bench = *state;

        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        bench->probe->fail_with = FAULT_EXHAUSTED;
        bench->probe->fail_at = groups(bench) + 1;
        time_goes_on(bench, WARN_MS);
        for (int i = 0; i < 5000 && groups(bench) < bench->probe->fail_at; i++)
                poll(NULL, 0, 2);
        await_source(bench, "fresh 10");
        for (int i = 0; i < 200; i++) { /* its pause is over when the clock says so */
                AUTO_TEXT struct text text = { 0 };

                time_goes_on(bench, 100);
                source_text(bench, &text);
                if (strncmp(text_get(&text), "stale", 5) == 0)
                        return;
                poll(NULL, 0, 5);
        }
        fail_msg("it is not tried again");
}

static void forgotten_source_counts_no_more(void **state)
{
        struct bench *bench = *state;
        struct inventory_age age;

        source_put(bench, 0, true, false);
        bench_watch(bench);
        watch_settles(bench);
        assert_true(inventory_watch_age(bench->watch, "platform", &age));
        assert_true(age.stored);
        inventory_watch_heard(bench->watch, "platform");
        assert_true(inventory_watch_age(bench->watch, "platform", &age));
        assert_false(age.stored);
        assert_int_equal(age.age_ms, 0);
        assert_false(inventory_watch_age(bench->watch, "panel", &age));
        inventory_watch_heard(bench->watch, "panel");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, bench_start, bench_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(silence_is_committed_when_it_is_due),   CASE(silence_suspends_where_that_is_wanted),
                CASE(source_without_heartbeats_stays_fresh), CASE(heartbeats_are_stored_now_and_then),
                CASE(restart_goes_on_from_the_stored_time),  CASE(clock_that_is_set_suspends_nobody),
                CASE(commit_that_fails_is_tried_again),      CASE(forgotten_source_counts_no_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
