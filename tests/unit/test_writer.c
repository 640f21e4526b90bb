/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/writer.h"
#include "tests/fakes/store_probe.h"

#define NOW_MS 1700000000000

static int64_t fixed_wall_ms(void *context)
{
        (void)context;
        return NOW_MS;
}

static const struct clock fixed_clock = { fixed_wall_ms, fixed_wall_ms, NULL };

struct bench {
        struct store_probe *probe;
        struct writer *writer;
        atomic_uint published; /* calls of on_publish */
};

static void bench_published(void *context)
{
        atomic_fetch_add(&((struct bench *)context)->published, 1);
}

static int bench_start(void **state)
{
        struct bench *bench = NEW(struct bench);
        struct fault fault = { 0 };

        bench->probe = store_probe_new(store_memory_new());
        assert_int_equal(
                writer_new(&bench->probe->store, &fixed_clock, bench_published, bench, &bench->writer, &fault), 0);
        *state = bench;
        return 0;
}

static int bench_end(void **state)
{
        struct bench *bench = *state;

        writer_free(bench->writer);
        free(bench);
        return 0;
}

/* A job that runs a function and keeps what it was told. */
struct test_job {
        struct write_job job;
        int (*prepare)(struct test_job *job, struct write *write, struct fault *fault);
        const char *name; /* of the counter that it is about */
        uint64_t value;
        uint64_t seen;     /* what prepare found there, UINT64_MAX = nothing */
        uint64_t revision; /* of the snapshot handed to done */
        uint64_t found;    /* what that snapshot holds, UINT64_MAX = nothing */
        struct fault fault;
        unsigned order; /* when done was called, from 1 */
        sem_t is_done;
};

static atomic_uint done_count;

static uint64_t counter_read(const struct snapshot *snapshot, const char *name)
{
        const struct counter *counter = (const struct counter *)snapshot_find(snapshot, DOCUMENT_COUNTER, name);

        return counter ? counter->value : UINT64_MAX;
}

static int job_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        struct test_job *test = (struct test_job *)job;

        test->seen = counter_read(write->now, test->name);
        return test->prepare(test, write, fault);
}

static void job_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct test_job *test = (struct test_job *)job;

        test->fault = *fault;
        test->revision = published->revision;
        test->found = counter_read(published, test->name);
        test->order = atomic_fetch_add(&done_count, 1) + 1;
        sem_post(&test->is_done);
}

static void job_submit(struct bench *bench, struct test_job *test)
{
        test->job.prepare = job_prepare;
        test->job.done = job_done;
        sem_init(&test->is_done, 0, 0);
        writer_submit(bench->writer, &test->job);
}

static void job_wait(struct test_job *test)
{
        struct timespec deadline;

        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 5;
        assert_int_equal(sem_timedwait(&test->is_done, &deadline), 0);
        sem_destroy(&test->is_done);
}

static enum fault_code job_run(struct bench *bench, struct test_job *test)
{
        job_submit(bench, test);
        job_wait(test);
        return test->fault.code;
}

static void counter_write(struct write *write, const char *name, uint64_t value)
{
        struct counter *counter = counter_new(name);

        counter->value = value;
        write_put(write, &counter->document);
        shared_put(counter);
}

static int prepare_put(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        counter_write(write, test->name, test->value);
        assert_int_equal(counter_read(write->now, test->name), test->value);
        return 0;
}

static int prepare_increase(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        counter_write(write, test->name, test->seen == UINT64_MAX ? 1 : test->seen + 1);
        return 0;
}

static int prepare_nothing(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)test, (void)write, (void)fault;
        return 0;
}

static int prepare_create(struct test_job *test, struct write *write, struct fault *fault)
{
        if (test->seen != UINT64_MAX)
                return fault_set(fault, FAULT_CONFLICT, "create counter: %s is there", test->name);
        return prepare_put(test, write, fault);
}

/* Puts, tells of it, takes away something else, and then thinks better of it. */
static int prepare_fail_late(struct test_job *test, struct write *write, struct fault *fault)
{
        counter_write(write, test->name, 999);
        counter_write(write, "trace", 1);
        write_remove(write, DOCUMENT_COUNTER, "kept");
        write_event(write, "uid:0", "unix", "counter.put", test->name, NULL, NULL);
        return fault_set(fault, FAULT_INVALID, "put counter: told to fail");
}

static int prepare_remove(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        write_remove(write, DOCUMENT_COUNTER, test->name);
        write_remove(write, DOCUMENT_COUNTER, "never-was");
        return 0;
}

/* Each kind of change on one object in one job. */
static int prepare_churn(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        counter_write(write, test->name, 1);
        counter_write(write, test->name, 2);
        write_remove(write, DOCUMENT_COUNTER, test->name);
        counter_write(write, test->name, 3);
        counter_write(write, "other", 4);
        write_remove(write, DOCUMENT_COUNTER, "other");
        return 0;
}

static int event_print(void *context, const struct event *event, struct fault *fault)
{
        (void)fault;
        text_addf(context, "%d %lld %s %s %s %s %s %s\n", (int)event->revision, (long long)event->at_ms,
                  event->actor, event->source, event->action, event->object, event->before ? event->before : "-",
                  event->after ? "after" : "-");
        return 0;
}

static void writer_put_is_published_and_stored(void **state)
{
        struct bench *bench = *state;
        struct test_job job = { .name = "a", .prepare = prepare_put, .value = 7 };
        const struct snapshot *before = writer_snapshot(bench->writer);

        assert_int_equal(job_run(bench, &job), FAULT_NONE);
        assert_int_equal(job.seen, UINT64_MAX);
        assert_int_equal(job.found, 7);
        assert_int_equal(job.revision, 1);
        assert_int_equal(bench->published, 1);
        const struct snapshot *after = writer_snapshot(bench->writer);
        const struct document *document = snapshot_find(after, DOCUMENT_COUNTER, "a");
        assert_int_equal(document->revision, 1);
        assert_int_equal(document->created_at_ms, NOW_MS);
        /* What a reader holds stays as it was. */
        assert_int_equal(counter_read(before, "a"), UINT64_MAX);
        assert_int_equal(before->revision, 0);
        assert_int_equal(bench->probe->inner->operations->revision(bench->probe->inner), 1);
        shared_put(before);
        shared_put(after);
}

static void writer_try_tells_what_would_be_and_does_nothing(void **state)
{
        struct bench *bench = *state;
        struct test_job first = { .name = "a", .prepare = prepare_put, .value = 7 };
        struct test_job tried = { .name = "a", .prepare = prepare_increase, .job = { .prepare = job_prepare } };
        struct test_job refused = { .name = "a", .prepare = prepare_fail_late, .job = { .prepare = job_prepare } };
        const struct snapshot *base = NULL, *draft = NULL;
        struct fault fault = { 0 };

        assert_int_equal(job_run(bench, &first), FAULT_NONE);
        assert_int_equal(writer_try(bench->writer, &refused.job, &base, &draft, &fault), -FAULT_INVALID);
        assert_int_equal(fault.code, FAULT_INVALID);
        assert_null(draft);
        assert_int_equal(writer_try(bench->writer, &tried.job, &base, &draft, &fault), 0);
        assert_int_equal(counter_read(base, "a"), 7);
        assert_int_equal(counter_read(draft, "a"), 8);
        AUTO_SHARED const struct snapshot *now = writer_snapshot(bench->writer);
        assert_ptr_equal(now, base);
        assert_int_equal(bench->published, 1);
        assert_int_equal(bench->probe->group_count, 1);
        shared_put(base);
        shared_put(draft);
}

static void writer_put_again_keeps_created_at(void **state)
{
        struct bench *bench = *state;
        struct test_job jobs[2] = { { .name = "a", .prepare = prepare_put, .value = 1 },
                                    { .name = "a", .prepare = prepare_put, .value = 2 } };
        const struct snapshot *snapshot;

        assert_int_equal(job_run(bench, &jobs[0]), FAULT_NONE);
        snapshot = writer_snapshot(bench->writer);
        ((struct document *)(uintptr_t)snapshot_find(snapshot, DOCUMENT_COUNTER, "a"))->created_at_ms = 5;
        assert_int_equal(job_run(bench, &jobs[1]), FAULT_NONE);
        shared_put(snapshot);
        snapshot = writer_snapshot(bench->writer);
        assert_int_equal(snapshot_find(snapshot, DOCUMENT_COUNTER, "a")->created_at_ms, 5);
        assert_int_equal(snapshot_find(snapshot, DOCUMENT_COUNTER, "a")->revision, 2);
        shared_put(snapshot);
}

static void writer_remove_takes_away(void **state)
{
        struct bench *bench = *state;
        struct test_job put = { .name = "a", .prepare = prepare_put, .value = 1 };
        struct test_job removal = { .name = "a", .prepare = prepare_remove };
        struct test_job again = { .name = "a", .prepare = prepare_remove };

        assert_int_equal(job_run(bench, &put), FAULT_NONE);
        assert_int_equal(job_run(bench, &removal), FAULT_NONE);
        assert_int_equal(removal.seen, 1);
        assert_int_equal(removal.found, UINT64_MAX);
        assert_int_equal(removal.revision, 2);
        /* Removing what is not there asks for nothing. */
        assert_int_equal(job_run(bench, &again), FAULT_NONE);
        assert_int_equal(again.revision, 2);
        assert_int_equal(bench->probe->group_count, 2);
}

static void writer_changes_of_one_object_in_one_job_add_up(void **state)
{
        struct bench *bench = *state;
        struct test_job job = { .name = "a", .prepare = prepare_churn };
        struct test_job again = { .name = "a", .prepare = prepare_churn };

        assert_int_equal(job_run(bench, &job), FAULT_NONE);
        assert_int_equal(job_run(bench, &again), FAULT_NONE);
        assert_int_equal(again.seen, 3);
        assert_int_equal(again.found, 3);
        assert_int_equal(again.revision, 2);
}

static void writer_nothing_asked_calls_no_store(void **state)
{
        struct bench *bench = *state;
        struct test_job job = { .name = "a", .prepare = prepare_nothing };

        assert_int_equal(job_run(bench, &job), FAULT_NONE);
        assert_int_equal(job.revision, 0);
        assert_int_equal(bench->probe->group_count, 0);
        assert_int_equal(bench->published, 0);
}

/* Holds the store up with a first job, so that those submitted next wait together. */
static void group_gather(struct bench *bench, struct test_job *first)
{
        first->name = "first";
        first->prepare = prepare_put;
        store_probe_hold(bench->probe);
        job_submit(bench, first);
        assert_true(store_probe_wait_held(bench->probe));
}

static void group_go(struct bench *bench, struct test_job *first, struct test_job *jobs, size_t count)
{
        for (size_t i = 0; i < count; i++)
                job_submit(bench, &jobs[i]);
        store_probe_release(bench->probe);
        job_wait(first);
        for (size_t i = 0; i < count; i++)
                job_wait(&jobs[i]);
}

static void writer_jobs_that_wait_together_are_one_group(void **state)
{
        enum { JOBS = 50 };
        struct bench *bench = *state;
        struct test_job first = { 0 }, jobs[JOBS];

        for (int i = 0; i < JOBS; i++)
                jobs[i] = (struct test_job){ .name = "sum", .prepare = prepare_increase };
        group_gather(bench, &first);
        /* Readers wait for no commit. */
        shared_put(writer_snapshot(bench->writer));
        group_go(bench, &first, jobs, JOBS);
        for (unsigned i = 0; i < JOBS; i++) {
                assert_int_equal(jobs[i].fault.code, FAULT_NONE);
                assert_int_equal(jobs[i].seen, i == 0 ? UINT64_MAX : i); /* the change of the one before */
                assert_int_equal(jobs[i].found, JOBS);                   /* the snapshot after the group */
                assert_int_equal(jobs[i].revision, 1 + JOBS);
                assert_int_equal(jobs[i].order, first.order + 1 + i);
        }
        assert_int_equal(bench->probe->group_count, 2);
        assert_int_equal(bench->probe->largest_group, JOBS);
        assert_int_equal(bench->published, 2);
}

static void writer_failed_prepare_leaves_no_trace(void **state)
{
        struct bench *bench = *state;
        struct test_job first = { 0 };
        struct test_job jobs[] = {
                { .name = "kept", .prepare = prepare_put, .value = 5 },
                { .name = "kept", .prepare = prepare_fail_late },
                { .name = "kept", .prepare = prepare_increase },
                { .name = "trace", .prepare = prepare_nothing },
        };
        AUTO_TEXT struct text events = { 0 };

        group_gather(bench, &first);
        group_go(bench, &first, jobs, ARRAY_SIZE(jobs));
        assert_int_equal(jobs[0].fault.code, FAULT_NONE);
        assert_int_equal(jobs[1].fault.code, FAULT_INVALID);
        assert_string_equal(jobs[1].fault.text, "put counter: told to fail");
        assert_int_equal(jobs[2].fault.code, FAULT_NONE);
        assert_int_equal(jobs[2].seen, 5);
        assert_int_equal(jobs[2].found, 6);
        assert_int_equal(jobs[3].seen, UINT64_MAX);
        assert_int_equal(jobs[2].revision, 3); /* the failed one took no revision */
        assert_int_equal(bench->probe->commit_count, 3);
        assert_int_equal(bench->probe->store.operations->history(&bench->probe->store, 0, false, event_print,
                                                                 &events, NULL),
                         0);
        assert_string_equal(text_get(&events), "");
}

static void writer_lost_group_fails_all_its_jobs(void **state)
{
        struct bench *bench = *state;
        struct test_job first = { 0 };
        struct test_job jobs[] = {
                { .name = "early", .prepare = prepare_fail_late },      /* on its own account */
                { .name = "a", .prepare = prepare_create, .value = 1 }, /* lost */
                { .name = "a", .prepare = prepare_create, .value = 2 }, /* refused because of the lost one */
                { .name = "a", .prepare = prepare_nothing },            /* saw the lost one */
                { .name = "b", .prepare = prepare_increase },           /* lost */
        };
        static const enum fault_code expected[] = { FAULT_INVALID, FAULT_EXHAUSTED, FAULT_EXHAUSTED,
                                                    FAULT_EXHAUSTED, FAULT_EXHAUSTED };
        struct test_job again = { .name = "a", .prepare = prepare_create, .value = 3 };

        bench->probe->fail_at = 2;
        bench->probe->fail_with = FAULT_EXHAUSTED;
        group_gather(bench, &first);
        group_go(bench, &first, jobs, ARRAY_SIZE(jobs));
        assert_int_equal(first.fault.code, FAULT_NONE);
        for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
                assert_int_equal(jobs[i].fault.code, expected[i]);
                assert_int_equal(jobs[i].found, UINT64_MAX);
                assert_int_equal(jobs[i].revision, 1);
        }
        assert_int_equal(bench->published, 1);
        /* The draft is gone: the next job starts from what is stored. */
        assert_int_equal(job_run(bench, &again), FAULT_NONE);
        assert_int_equal(again.seen, UINT64_MAX);
        assert_int_equal(again.found, 3);
        assert_int_equal(again.revision, 2);
}

static void writer_store_that_disagrees_is_believed(void **state)
{
        struct bench *bench = *state;
        struct test_job first = { 0 };
        struct test_job jobs[] = { { .name = "a", .prepare = prepare_put, .value = 1 },
                                   { .name = "b", .prepare = prepare_put, .value = 2 },
                                   { .name = "c", .prepare = prepare_put, .value = 3 } };
        struct test_job after = { .name = "c", .prepare = prepare_increase };

        bench->probe->refuse_at = 3; /* "b" */
        group_gather(bench, &first);
        group_go(bench, &first, jobs, ARRAY_SIZE(jobs));
        assert_int_equal(jobs[0].fault.code, FAULT_NONE);
        assert_int_equal(jobs[0].found, 1);
        assert_int_equal(jobs[1].fault.code, FAULT_CONFLICT);
        assert_int_equal(jobs[1].found, UINT64_MAX);
        assert_int_equal(jobs[2].fault.code, FAULT_NONE);
        assert_int_equal(jobs[2].found, 3);
        assert_int_equal(jobs[2].revision, 3); /* what the store says, not what was foretold */
        assert_int_equal(job_run(bench, &after), FAULT_NONE);
        assert_int_equal(after.found, 4);
}

static int prepare_with_event(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        struct document *before =
                (struct document *)(uintptr_t)snapshot_find(write->now, DOCUMENT_COUNTER, test->name);
        char actor[] = "token:ci";

        shared_get(before);
        counter_write(write, test->name, test->value);
        write_event(write, actor, "10.0.0.9", "counter.put", test->name, before,
                    snapshot_find(write->now, DOCUMENT_COUNTER, test->name));
        memset(actor, 'x', sizeof actor - 1); /* strings are copied */
        shared_put(before);
        return 0;
}

static int prepare_event_alone(struct test_job *test, struct write *write, struct fault *fault)
{
        (void)fault;
        write_event(write, "uid:0", "unix", "login", test->name, NULL, NULL);
        return 0;
}

static void writer_event_is_stored_with_the_change(void **state)
{
        struct bench *bench = *state;
        struct test_job put = { .name = "a", .prepare = prepare_with_event, .value = 1 };
        struct test_job alone = { .name = "b", .prepare = prepare_event_alone };
        AUTO_TEXT struct text events = { 0 };

        assert_int_equal(job_run(bench, &put), FAULT_NONE);
        assert_int_equal(job_run(bench, &alone), FAULT_NONE);
        assert_int_equal(alone.revision, 1); /* what changes nothing takes none */
        assert_int_equal(bench->probe->store.operations->history(&bench->probe->store, 0, false, event_print,
                                                                 &events, NULL),
                         0);
        assert_string_equal(text_get(&events), "1 1700000000000 token:ci 10.0.0.9 counter.put a - after\n"
                                               "1 1700000000000 uid:0 unix login b - -\n");
}

/* What REST does with a PUT of an environment; `value` is the state. */
static int prepare_environment(struct test_job *test, struct write *write, struct fault *fault)
{
        struct environment *environment = environment_new("shop");

        (void)fault;
        environment->uid = memory_text("e-1");
        environment->account = memory_text("acme");
        environment->state = (enum environment_state)test->value;
        environment_keep_state_revision(environment, snapshot_environment(write->now, "shop"));
        write_put(write, &environment->document);
        shared_put(environment);
        return 0;
}

static void writer_environment_knows_when_its_state_changed(void **state)
{
        struct bench *bench = *state;
        static const struct {
                enum environment_state state;
                uint64_t changed_at; /* the revision that last changed the state */
        } cases[] = {
                { ENVIRONMENT_RUNNING, 1 },   { ENVIRONMENT_RUNNING, 1 },   { ENVIRONMENT_RUNNING, 1 },
                { ENVIRONMENT_MIGRATING, 4 }, { ENVIRONMENT_MIGRATING, 4 }, { ENVIRONMENT_RUNNING, 6 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct test_job job = { .name = "-", .prepare = prepare_environment, .value = cases[i].state };

                assert_int_equal(job_run(bench, &job), FAULT_NONE);
                const struct snapshot *snapshot = writer_snapshot(bench->writer);
                const struct environment *environment = snapshot_environment(snapshot, "shop");
                uint64_t changed_at =
                        environment->state_revision ? environment->state_revision : environment->document.revision;
                assert_int_equal(environment->document.revision, i + 1);
                assert_int_equal(changed_at, cases[i].changed_at);
                shared_put(snapshot);
        }
}

struct crowd {
        struct bench *bench;
        struct test_job *jobs;
        size_t count;
};

static void *crowd_run(void *argument)
{
        struct crowd *crowd = argument;

        for (size_t i = 0; i < crowd->count; i++)
                if (job_run(crowd->bench, &crowd->jobs[i]) != FAULT_NONE)
                        return crowd;
        return NULL;
}

static void *reader_run(void *argument)
{
        struct bench *bench = argument;
        uint64_t last = 0;

        /* What a reader sees only grows, and is whole: each increase took one revision. */
        while (last != 800 && last != UINT64_MAX) {
                const struct snapshot *snapshot = writer_snapshot(bench->writer);
                uint64_t value = counter_read(snapshot, "sum");

                value = value == UINT64_MAX ? 0 : value;
                last = value == snapshot->revision && value >= last ? value : UINT64_MAX;
                shared_put(snapshot);
        }
        return last == UINT64_MAX ? bench : NULL;
}

static void writer_eight_threads_lose_nothing(void **state)
{
        enum { THREADS = 8, JOBS = 100 };
        struct bench *bench = *state;
        pthread_t threads[THREADS], reader;
        struct crowd crowds[THREADS];
        void *failed;

        assert_int_equal(pthread_create(&reader, NULL, reader_run, bench), 0);
        for (int i = 0; i < THREADS; i++) {
                crowds[i] = (struct crowd){ bench, memory_new(JOBS, sizeof(struct test_job)), JOBS };
                for (int j = 0; j < JOBS; j++)
                        crowds[i].jobs[j] = (struct test_job){ .name = "sum", .prepare = prepare_increase };
                assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowds[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], &failed), 0);
                assert_null(failed);
                free(crowds[i].jobs);
        }
        assert_int_equal(pthread_join(reader, &failed), 0);
        assert_null(failed);
        const struct snapshot *snapshot = writer_snapshot(bench->writer);
        assert_int_equal(counter_read(snapshot, "sum"), THREADS * JOBS);
        assert_int_equal(snapshot->revision, THREADS * JOBS);
        assert_int_equal(bench->probe->commit_count, THREADS * JOBS);
        shared_put(snapshot);
}

static void writer_end_waits_for_what_was_submitted(void **state)
{
        enum { JOBS = 300 }; /* more than one group holds */
        struct bench *bench = *state;
        struct test_job *jobs = memory_new(JOBS, sizeof *jobs);

        for (int i = 0; i < JOBS; i++) {
                jobs[i] = (struct test_job){ .name = "sum", .prepare = prepare_increase };
                job_submit(bench, &jobs[i]);
        }
        writer_free(bench->writer);
        bench->writer = NULL;
        for (unsigned i = 0; i < JOBS; i++) {
                assert_int_equal(jobs[i].fault.code, FAULT_NONE);
                assert_int_equal(jobs[i].order, jobs[0].order + i);
        }
        assert_int_equal(jobs[JOBS - 1].found, JOBS);
        free(jobs);
}

static void writer_new_loads_what_is_stored(void **state)
{
        struct store *store = store_memory_new();
        struct counter *counter = counter_new("a");
        struct store_change change = { DOCUMENT_COUNTER, "a", NULL, 0, false };
        struct store_commit commit = { .changes = &change, .change_count = 1 };
        struct fault fault = { 0 };
        struct writer *writer;

        (void)state;
        counter->value = 7;
        AUTO_FREE char *stored = document_render(&counter->document);
        shared_put(counter);
        change.text = stored;
        assert_int_equal(store->operations->commit(store, &commit, 1, &fault), 0);
        assert_int_equal(writer_new(store, &fixed_clock, NULL, NULL, &writer, &fault), 0);
        const struct snapshot *snapshot = writer_snapshot(writer);
        assert_int_equal(counter_read(snapshot, "a"), 7);
        assert_int_equal(snapshot->revision, 1);
        shared_put(snapshot);
        writer_free(writer);
}

static void writer_new_refuses_what_cannot_be_read(void **state)
{
        struct store_change change = { DOCUMENT_COUNTER, "a", "{", 0, false };
        struct store_commit commit = { .changes = &change, .change_count = 1 };
        struct store *store = store_memory_new();
        struct store_probe *probe;
        struct fault fault = { 0 };
        struct writer *writer = NULL;

        (void)state;
        assert_int_equal(store->operations->commit(store, &commit, 1, &fault), 0);
        assert_int_equal(writer_new(store, &fixed_clock, NULL, NULL, &writer, &fault), -FAULT_MALFORMED);
        assert_non_null(strstr(fault.text, "counter a"));
        probe = store_probe_new(store_memory_new());
        probe->fail_load_at = 1;
        assert_int_equal(writer_new(&probe->store, &fixed_clock, NULL, NULL, &writer, &fault), -FAULT_INTERNAL);
        assert_null(writer);
}

static int event_count(void *context, const struct event *event, struct fault *fault)
{
        (void)fault;
        *(unsigned *)context += event->number > 0;
        return 0;
}

static unsigned events_kept(const struct bench *bench)
{
        unsigned count = 0;

        assert_int_equal(trail_history(writer_trail(bench->writer), 0, false, event_count, &count, NULL), 0);
        return count;
}

static void writer_prunes_events_that_are_too_many(void **state)
{
        const int64_t until_ms = clock_monotonic_ms(clock_system()) + 10000;
        struct bench *bench = *state;

        for (int i = 0; i < 9; i++)
                assert_int_equal(job_run(bench, &(struct test_job){ .prepare = prepare_event_alone, .name = "a" }),
                                 FAULT_NONE);
        writer_limit_trail(bench->writer, &(struct trail_limits){ .most = 4 });
        while (events_kept(bench) != 4 && clock_monotonic_ms(clock_system()) < until_ms)
                poll(NULL, 0, 1);
        assert_int_equal(events_kept(bench), 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_start, bench_end)
        const struct CMUnitTest tests[] = {
                TEST(writer_put_is_published_and_stored),
                TEST(writer_prunes_events_that_are_too_many),
                TEST(writer_try_tells_what_would_be_and_does_nothing),
                TEST(writer_put_again_keeps_created_at),
                TEST(writer_remove_takes_away),
                TEST(writer_changes_of_one_object_in_one_job_add_up),
                TEST(writer_nothing_asked_calls_no_store),
                TEST(writer_jobs_that_wait_together_are_one_group),
                TEST(writer_failed_prepare_leaves_no_trace),
                TEST(writer_lost_group_fails_all_its_jobs),
                TEST(writer_store_that_disagrees_is_believed),
                TEST(writer_event_is_stored_with_the_change),
                TEST(writer_environment_knows_when_its_state_changed),
                TEST(writer_eight_threads_lose_nothing),
                TEST(writer_end_waits_for_what_was_submitted),
                cmocka_unit_test(writer_new_loads_what_is_stored),
                cmocka_unit_test(writer_new_refuses_what_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
