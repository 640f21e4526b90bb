/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/brick_probe.h"
#include "reconcile/worker_pool.h"
#include "tests/unit/worker_for_test.h"

#define PATIENCE_MS 10000

static char *program_path(const char *name)
{
        const char *build = getenv("top_builddir");

        return memory_format("%s/%s", build ? build : ".", name);
}

static struct worker_pool *pool_of(const char *program, size_t workers, unsigned calls)
{
        AUTO_FREE char *path = program_path(program);
        struct worker_pool_settings settings = { .program = path, .workers = workers, .calls = calls };
        struct fault fault = { 0 };
        struct worker_pool *pool = worker_pool_new(&settings, &fault);

        assert_non_null(pool);
        return pool;
}

#define TEST_WORKER "tests/unit/worker_for_test"

static int64_t now_ms(void)
{
        return clock_monotonic_ms(clock_system());
}

/* Calls `act` with `text`; the answer's text goes to `answer`. */
static int call(struct worker_pool *pool, uint16_t act, const char *text, char answer[1024], int deadline_ms,
                struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        struct act_caller caller = worker_pool_acts(pool);

        message_init(&request, act);
        message_init(&reply, 0);
        message_put_text(&request, text);
        int failed = caller.call(caller.context, &request, &reply, deadline_ms, fault);
        if (!failed)
                snprintf(answer, 1024, "%s", message_take_text(&reply, 1023));
        return failed;
}

static void assert_echo(struct worker_pool *pool, const char *text)
{
        struct fault fault = { 0 };
        char answer[1024];

        if (call(pool, WORKER_ECHO, text, answer, PATIENCE_MS, &fault))
                fail_msg("%s", fault.text);
        assert_string_equal(answer, text);
}

static pid_t only_pid(struct worker_pool *pool)
{
        pid_t pids[4];

        assert_int_equal(worker_pool_pids(pool, pids, 4), 1);
        return pids[0];
}

/* After the pool is gone: no child is left, dead or alive. */
static void assert_no_child(void)
{
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void call_is_echoed_by_one_warm_worker(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 4, 0);
        pid_t pids[4];

        (void)test;
        assert_int_equal(worker_pool_pids(pool, pids, 4), 0);
        assert_echo(pool, "one");
        pid_t first = only_pid(pool);
        for (int i = 0; i < 20; i++)
                assert_echo(pool, "more");
        assert_int_equal(only_pid(pool), first);
        worker_pool_free(pool);
        assert_no_child();
}

/* Each misbehaviour ends the call with a fault that says what happened; the next call finds a new worker. */
static void worker_that_misbehaves_is_named_and_replaced(void **test)
{
        static const struct {
                uint16_t act;
                int deadline_ms;
                int code;
                const char *text;
        } cases[] = {
                { WORKER_HANG, 50, FAULT_TIMEOUT, "call a worker: no answer in time, and it was killed" },
                { WORKER_ABORT, PATIENCE_MS, FAULT_UNAVAILABLE,
                  "call a worker: it was ended by signal 6 (SIGABRT)" },
                { WORKER_EXIT, PATIENCE_MS, FAULT_UNAVAILABLE, "call a worker: it exited with status 7" },
                { WORKER_NONSENSE, PATIENCE_MS, FAULT_INTERNAL,
                  "call a worker: it answered nonsense and was killed" },
                { WORKER_OTHER_ACT, PATIENCE_MS, FAULT_INTERNAL,
                  "call a worker: it answered nonsense and was killed" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
                struct fault fault = { 0 };
                char answer[1024];

                assert_echo(pool, "before");
                pid_t before = only_pid(pool);
                int failed = call(pool, cases[i].act, "", answer, cases[i].deadline_ms, &fault);
                assert_int_equal(failed, -cases[i].code);
                assert_int_equal(fault.code, cases[i].code);
                assert_string_equal(fault.text, cases[i].text);
                assert_echo(pool, "after");
                assert_int_not_equal(only_pid(pool), before);
                worker_pool_free(pool);
                assert_no_child();
        }
}

static void worker_that_floods_is_not_asked_again(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        assert_echo(pool, "before");
        pid_t before = only_pid(pool);
        assert_int_equal(call(pool, WORKER_FLOOD, "", answer, PATIENCE_MS, &fault), 0);
        /* Most often the pool sees the surplus first; what comes after that look is seen to be another act's. */
        if (call(pool, WORKER_ECHO, "echo", answer, PATIENCE_MS, &fault))
                assert_int_equal(fault.code, FAULT_INTERNAL);
        else
                assert_string_equal(answer, "echo");
        assert_echo(pool, "after");
        assert_int_not_equal(only_pid(pool), before);
        worker_pool_free(pool);
        assert_no_child();
}

static void fault_of_the_act_leaves_the_worker_alive(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        assert_echo(pool, "before");
        pid_t before = only_pid(pool);
        assert_int_equal(call(pool, WORKER_REFUSE, "", answer, PATIENCE_MS, &fault), -FAULT_TIMEOUT);
        assert_string_equal(fault.text, "the act's own timeout");
        assert_echo(pool, "after");
        assert_int_equal(only_pid(pool), before);
        worker_pool_free(pool);
}

static void worker_is_replaced_after_its_calls(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 3);
        pid_t seen[3];

        (void)test;
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 3; i++) {
                        assert_echo(pool, "x");
                        if (i == 0)
                                seen[round] = only_pid(pool);
                        else if (i == 1)
                                assert_int_equal(only_pid(pool), seen[round]);
                }
        }
        assert_int_not_equal(seen[0], seen[1]);
        assert_int_not_equal(seen[1], seen[2]);
        worker_pool_free(pool);
        assert_no_child();
}

static void worker_that_has_grown_is_replaced(void **test)
{
        AUTO_FREE char *path = program_path(TEST_WORKER);
        struct worker_pool_settings settings = { .program = path,
                                                 .workers = 1,
                                                 .resident_bytes = (size_t)WORKER_GROWS_MIB << 20 };
        struct worker_pool *pool = worker_pool_new(&settings, NULL);
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        assert_echo(pool, "before");
        pid_t before = only_pid(pool);
        assert_echo(pool, "still small");
        assert_int_equal(only_pid(pool), before);
        assert_int_equal(call(pool, WORKER_GROW, "", answer, PATIENCE_MS, &fault), 0);
        assert_echo(pool, "after");
        assert_int_not_equal(only_pid(pool), before);
        worker_pool_free(pool);
        assert_no_child();
}

static void worker_that_dies_idle_is_reaped_and_replaced(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        int64_t until_ms = now_ms() + PATIENCE_MS;

        (void)test;
        assert_echo(pool, "before");
        pid_t before = only_pid(pool);
        kill(before, SIGKILL);
        while (kill(before, 0) == 0 && now_ms() < until_ms)
                sched_yield();
        assert_int_equal(kill(before, 0), -1); /* not even a zombie */
        assert_echo(pool, "after");
        worker_pool_free(pool);
        assert_no_child();
}

static void worker_that_retires_before_a_call_is_not_noticed(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        for (int i = 0; i < 50; i++) {
                assert_int_equal(call(pool, WORKER_LAST_ECHO, "last", answer, PATIENCE_MS, &fault), 0);
                assert_echo(pool, "next");
        }
        worker_pool_free(pool);
        assert_no_child();
}

static void program_that_is_not_there_is_unavailable(void **test)
{
        struct worker_pool *pool = pool_of("tests/unit/no-such-program", 2, 0);
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        for (int i = 0; i < 3; i++) {
                assert_int_equal(call(pool, WORKER_ECHO, "", answer, PATIENCE_MS, &fault), -FAULT_UNAVAILABLE);
                assert_non_null(strstr(fault.text, "no-such-program: No such file or directory"));
        }
        worker_pool_free(pool);
        assert_no_child();
}

struct hang {
        struct worker_pool *pool;
        int failed;
};

static void *hang_run(void *context)
{
        struct hang *hang = context;
        char answer[1024];

        hang->failed = call(hang->pool, WORKER_HANG, "", answer, 300, NULL);
        return NULL;
}

static void call_waits_for_a_busy_worker_within_its_deadline(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        struct hang hang = { .pool = pool };
        struct fault fault = { 0 };
        char answer[1024];
        pthread_t thread;
        pid_t pids[1];

        (void)test;
        pthread_create(&thread, NULL, hang_run, &hang);
        while (worker_pool_pids(pool, pids, 1) == 0)
                sched_yield();
        int64_t start_ms = now_ms();
        /* Unless the echo got the worker first, which a thread of 300 ms cannot rule out, it finds it busy. */
        if (call(pool, WORKER_ECHO, "", answer, 50, &fault)) {
                assert_string_equal(fault.text, "call a worker: none of 1 was free in time");
                assert_true(now_ms() - start_ms >= 50);
        }
        assert_echo(pool, "patient");
        pthread_join(thread, NULL);
        assert_int_equal(hang.failed, -FAULT_TIMEOUT);
        worker_pool_free(pool);
        assert_no_child();
}

static void *echo_run(void *context)
{
        struct worker_pool *pool = context;
        intptr_t wrong = 0;

        for (int i = 0; i < 100; i++) {
                char text[64], answer[1024];

                snprintf(text, sizeof text, "%lu-%d", (unsigned long)pthread_self(), i);
                wrong += call(pool, i % 25 == 24 ? WORKER_ABORT : WORKER_ECHO, text, answer, PATIENCE_MS, NULL)
                                 ? i % 25 != 24
                                 : strcmp(answer, text) != 0;
        }
        return (void *)wrong;
}

/* Callers on threads that end again: a worker must outlive the thread whose call made it start. */
static void callers_on_many_threads_get_their_own_answers(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 3, 10);
        pthread_t threads[8];
        pid_t pids[8];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                pthread_create(&threads[i], NULL, echo_run, pool);
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                void *wrong;

                pthread_join(threads[i], &wrong);
                assert_int_equal((intptr_t)wrong, 0);
        }
        assert_true(worker_pool_pids(pool, pids, 8) <= 3);
        worker_pool_free(pool);
        assert_no_child();
}

static void worker_inherits_nothing(void **test)
{
        struct worker_pool *pool = pool_of(TEST_WORKER, 1, 0);
        int leaky = fcntl(STDERR_FILENO, F_DUPFD, 50); /* without close-on-exec */
        struct fault fault = { 0 };
        char answer[1024];
        sigset_t usr1, old;

        (void)test;
        sigemptyset(&usr1);
        sigaddset(&usr1, SIGUSR1);
        pthread_sigmask(SIG_BLOCK, &usr1, &old);
        assert_int_equal(call(pool, WORKER_SURROUNDINGS, "", answer, PATIENCE_MS, &fault), 0);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        close(leaky);
        assert_string_equal(answer, "open=0 environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin second=none "
                                    "usr1_blocked=0 stdin=1");
        worker_pool_free(pool);
}

/* The value of `field` in /proc/PID/status, e.g. "CapEff"; caller frees. */
static char *status_field(pid_t pid, const char *field)
{
        AUTO_FREE char *path = memory_format("/proc/%d/status", (int)pid);
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        char name[64], value[256];

        assert_non_null(file);
        while (fscanf(file, " %63[^:]: %255[^\n]", name, value) == 2)
                if (strcmp(name, field) == 0)
                        return memory_text(value);
        return memory_text("");
}

/* The program itself, whoever runs this test: as root it has something to lose. */
static void gatehouse_worker_has_no_privilege_and_knows_no_other_act(void **test)
{
        static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd" };
        struct worker_pool *pool = pool_of("gatehouse-worker", 1, 0);
        size_t count = geteuid() == 0 ? ARRAY_SIZE(sets) : ARRAY_SIZE(sets) - 1; /* who has none may not bound */
        struct fault fault = { 0 };
        char answer[1024];

        (void)test;
        for (int number = 1; number < 30; number++)
                assert_int_equal(call(pool, (uint16_t)number, "", answer, PATIENCE_MS, &fault), -FAULT_FORBIDDEN);
        for (size_t i = 0; i < count; i++) {
                AUTO_FREE char *set = status_field(only_pid(pool), sets[i]);

                if (strcmp(set, "0000000000000000") != 0)
                        fail_msg("%s is %s", sets[i], set);
        }
        AUTO_FREE char *no_new_privileges = status_field(only_pid(pool), "NoNewPrivs");
        assert_string_equal(no_new_privileges, "1");
        worker_pool_free(pool);
        assert_no_child();
}

/* A brick's place that lets a worker wait for an answer for half a minute. */
static int silent_brick(struct volume_brick *brick)
{
        static char path[] = "/brick";
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t length = sizeof at;

        assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &length), 0);
        *brick = (struct volume_brick){ .path = path, .port = ntohs(at.sin_port) };
        address_parse("127.0.0.1", &brick->address);
        return listener;
}

/* A daemon that is killed cannot end its workers; the kernel does, also one that would not look at its socket. */
static void gatehouse_worker_that_waits_dies_with_the_daemon(void **test)
{
        struct volume_brick brick;
        int listener = silent_brick(&brick);
        pid_t daemon = fork();
        enum known held;
        char byte;

        (void)test;
        if (daemon == 0) {
                struct act_caller caller = worker_pool_acts(pool_of("gatehouse-worker", 1, 0));

                brick_probe_canary(&caller, "data", &brick, 1, 30000, &held, NULL);
                _exit(0);
        }
        struct pollfd comes = { .fd = listener, .events = POLLIN };
        assert_int_equal(poll(&comes, 1, PATIENCE_MS), 1);
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(connection >= 0);
        kill(daemon, SIGKILL);
        waitpid(daemon, NULL, 0);
        struct pollfd poll_fd = { .fd = connection, .events = POLLRDHUP };
        assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1); /* the worker alone held the other end */
        while (read(connection, &byte, 1) > 0)
                ;
        close(connection);
        close(listener);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(call_is_echoed_by_one_warm_worker),
                cmocka_unit_test(worker_that_misbehaves_is_named_and_replaced),
                cmocka_unit_test(worker_that_floods_is_not_asked_again),
                cmocka_unit_test(fault_of_the_act_leaves_the_worker_alive),
                cmocka_unit_test(worker_is_replaced_after_its_calls),
                cmocka_unit_test(worker_that_has_grown_is_replaced),
                cmocka_unit_test(worker_that_dies_idle_is_reaped_and_replaced),
                cmocka_unit_test(worker_that_retires_before_a_call_is_not_noticed),
                cmocka_unit_test(program_that_is_not_there_is_unavailable),
                cmocka_unit_test(call_waits_for_a_busy_worker_within_its_deadline),
                cmocka_unit_test(callers_on_many_threads_get_their_own_answers),
                cmocka_unit_test(worker_inherits_nothing),
                cmocka_unit_test(gatehouse_worker_has_no_privilege_and_knows_no_other_act),
                cmocka_unit_test(gatehouse_worker_that_waits_dies_with_the_daemon),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
