/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A helper of the test's own is forked for each case and asked from outside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/connections.h"
#include "auth/privilege.h"
#include "base/clock.h"
#include "base/memory.h"

#define MASK(capability) (UINT64_C(1) << (capability))
#define CLIENT_UID 12345
#define OTHER_UID 54321
#define DEADLINE_MS 5000

/* The hexadecimal number of `key` in a status file of /proc (proc(5)). */
static uint64_t status_number(const char *path, const char *key)
{
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        char line[256];
        size_t length = strlen(key);

        while (file && fgets(line, sizeof line, file))
                if (strncmp(line, key, length) == 0 && line[length] == ':')
                        return strtoull(line + length + 1, NULL, 16);
        return UINT64_MAX;
}

enum test_act { ACT_EFFECTIVE = 1, ACT_RAISED, ACT_FAIL, ACT_HOLD, ACT_ECHO };

static int effective_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context, (void)request, (void)fault;
        message_put_u64(reply, status_number("/proc/thread-self/status", "CapEff"));
        return 0;
}

static int fail_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context, (void)request;
        message_put_u64(reply, 1); /* what was put before the fault is not sent */
        return fault_set(fault, FAULT_NOT_FOUND, "find it: told to fail");
}

static int echo_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *text = message_take_text(request, 32);

        (void)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "echo: one text of at most 32 bytes is expected");
        message_put_text(reply, text);
        return 0;
}

/* Says that it runs by a byte into one pipe and waits for a byte in the other. */
static int hold_started[2], hold_release[2];

static int hold_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        char byte = 'h';

        (void)context, (void)request, (void)reply;
        if (write(hold_started[1], &byte, 1) != 1 || read(hold_release[0], &byte, 1) != 1)
                return fault_set(fault, FAULT_INTERNAL, "hold: the pipes are gone");
        return 0;
}

static const struct act acts[] = {
        { ACT_EFFECTIVE, "test.effective", "none", 0, DEADLINE_MS, effective_run },
        { ACT_RAISED, "test.raised", "none", MASK(CAP_CHOWN) | MASK(CAP_NET_ADMIN), DEADLINE_MS, effective_run },
        { ACT_FAIL, "test.fail", "none", 0, DEADLINE_MS, fail_run },
        { ACT_HOLD, "test.hold", "none", MASK(CAP_KILL), DEADLINE_MS, hold_run },
        { ACT_ECHO, "test.echo", "none", 0, DEADLINE_MS, echo_run },
        { 0 },
};
#define ACTS_UNION (MASK(CAP_CHOWN) | MASK(CAP_NET_ADMIN) | MASK(CAP_KILL))

struct bench {
        char folder[64];
        char path[96];
        pid_t helper;
        int stop; /* closing it ends the helper */
};

static void child_serve(const struct bench *bench, int stop_fd, int ready)
{
        struct fault fault = { 0 };
        int listener = privilege_listen(bench->path, CLIENT_UID, &fault);

        if (listener < 0 || privilege_keep_only(acts, &fault) || write(ready, "r", 1) != 1) {
                fprintf(stderr, "# helper: %s\n", fault.text);
                _exit(1);
        }
        close(ready);
        _exit(privilege_serve(listener, stop_fd, CLIENT_UID, acts, NULL, &fault) ? 1 : 0);
}

static void helper_start(struct bench *bench)
{
        int ready[2], stop[2];
        char byte;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
        bench->helper = fork();
        if (bench->helper == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(stop[1]);
                close(ready[0]);
                child_serve(bench, stop[0], ready[1]);
        }
        close(ready[1]);
        close(stop[0]);
        bench->stop = stop[1];
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
}

static int helper_stop(struct bench *bench)
{
        int status = -1;

        close(bench->stop);
        waitpid(bench->helper, &status, 0);
        return status;
}

static int bench_start(void **state)
{
        struct bench *bench = NEW(struct bench);

        snprintf(bench->folder, sizeof bench->folder, "/tmp/test-privilege.XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
        assert_int_equal(chmod(bench->folder, 0755), 0);
        snprintf(bench->path, sizeof bench->path, "%s/helper.sock", bench->folder);
        assert_int_equal(pipe(hold_started), 0);
        assert_int_equal(pipe(hold_release), 0);
        helper_start(bench);
        *state = bench;
        return 0;
}

static int bench_end(void **state)
{
        struct bench *bench = *state;
        int status = helper_stop(bench);

        for (int i = 0; i < 2; i++) {
                close(hold_started[i]);
                close(hold_release[i]);
        }
        unlink(bench->path);
        rmdir(bench->folder);
        free(bench);
        return status; /* each case ends with a helper that lives and stops cleanly */
}

static int helper_connect(const struct bench *bench)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        memcpy(address.sun_path, bench->path, strlen(bench->path));
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
                close(fd);
                return -errno;
        }
        return fd;
}

/* One call on `fd`; the number that was answered, or UINT64_MAX. */
static uint64_t act_number(int fd, uint16_t act, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, act);
        message_init(&reply, 0);
        *fault = (struct fault){ 0 };
        if (act_exchange(fd, &request, &reply, DEADLINE_MS, fault))
                return UINT64_MAX;
        return message_take_u64(&reply);
}

static bool peer_hung_up(int fd)
{
        struct pollfd waiting = { .fd = fd, .events = POLLIN };
        char byte;

        return poll(&waiting, 1, DEADLINE_MS) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void assert_serves(const struct bench *bench)
{
        AUTO_CLOSE int fd = helper_connect(bench);
        struct fault fault;

        assert_true(fd >= 0);
        if (act_number(fd, ACT_EFFECTIVE, &fault) != 0)
                fail_msg("%s", fault.text);
}

static void helper_keeps_the_union_of_its_acts(void **state)
{
        struct bench *bench = *state;
        char path[64];

        snprintf(path, sizeof path, "/proc/%d/status", bench->helper);
        assert_int_equal(status_number(path, "CapPrm"), ACTS_UNION);
        assert_int_equal(status_number(path, "CapBnd"), ACTS_UNION);
        assert_int_equal(status_number(path, "CapEff"), 0);
        assert_int_equal(status_number(path, "CapInh"), 0);
        assert_int_equal(status_number(path, "CapAmb"), 0);
        assert_int_equal(status_number(path, "NoNewPrivs"), 1);
}

/* Whether no thread of the helper has anything in force: the next act's start would hide what the last one left.
 */
static bool no_thread_is_raised(pid_t helper)
{
        char path[64];
        const struct dirent *task;
        bool raised = false;

        snprintf(path, sizeof path, "/proc/%d/task", helper);
        DIR *tasks = opendir(path);
        assert_non_null(tasks);
        while ((task = readdir(tasks))) {
                AUTO_FREE char *status = memory_format("%s/%s/status", path, task->d_name);

                raised = raised || (task->d_name[0] != '.' && status_number(status, "CapEff") != 0);
        }
        closedir(tasks);
        return !raised;
}

static void act_has_its_capabilities_and_none_after(void **state)
{
        struct bench *bench = *state;
        AUTO_CLOSE int fd = helper_connect(bench);
        struct fault fault;

        assert_int_equal(act_number(fd, ACT_EFFECTIVE, &fault), 0);
        assert_int_equal(act_number(fd, ACT_RAISED, &fault), MASK(CAP_CHOWN) | MASK(CAP_NET_ADMIN));
        assert_true(no_thread_is_raised(bench->helper));
        assert_int_equal(act_number(fd, ACT_EFFECTIVE, &fault), 0);
}

/* What one connection's act has raised, no other thread has. */
static void act_raises_in_its_own_thread_alone(void **state)
{
        struct bench *bench = *state;
        AUTO_CLOSE int holding = helper_connect(bench);
        AUTO_CLOSE int asking = helper_connect(bench);
        AUTO_MESSAGE struct message request, reply;
        struct fault fault = { 0 };
        char byte;

        message_init(&request, ACT_HOLD);
        message_init(&reply, 0);
        assert_int_equal(message_send(holding, &request, &fault), 0);
        assert_int_equal(read(hold_started[0], &byte, 1), 1);
        assert_int_equal(act_number(asking, ACT_EFFECTIVE, &fault), 0);
        assert_int_equal(write(hold_release[1], "r", 1), 1);
        assert_int_equal(message_receive(holding, &reply, DEADLINE_MS, &fault), 0);
        assert_int_equal(reply.fault_code, FAULT_NONE);
}

static void act_not_on_the_list_is_forbidden(void **state)
{
        static const uint16_t numbers[] = { 0, 6, ACT_WORKER_VOLUME_INSPECT, 65535 };
        struct bench *bench = *state;
        AUTO_CLOSE int fd = helper_connect(bench);
        struct fault fault;

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                assert_int_equal(act_number(fd, numbers[i], &fault), UINT64_MAX);
                assert_int_equal(fault.code, FAULT_FORBIDDEN);
        }
        assert_int_equal(act_number(fd, ACT_EFFECTIVE, &fault), 0); /* the connection is as good as before */
}

static void act_fault_comes_back_with_its_text(void **state)
{
        struct bench *bench = *state;
        AUTO_CLOSE int fd = helper_connect(bench);
        struct fault fault;

        assert_int_equal(act_number(fd, ACT_FAIL, &fault), UINT64_MAX);
        assert_int_equal(fault.code, FAULT_NOT_FOUND);
        assert_string_equal(fault.text, "find it: told to fail");
}

/* In a child that is user `uid`: 0 = let in, 1 = hung up on, or the errno of connect. */
static int other_user_tries(const struct bench *bench, uid_t uid)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                struct fault fault;

                if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
                        _exit(99);
                int fd = helper_connect(bench);
                if (fd < 0)
                        _exit(-fd);
                _exit(act_number(fd, ACT_EFFECTIVE, &fault) == 0 ? 0 : 1);
        }
        waitpid(child, &status, 0);
        return WEXITSTATUS(status);
}

static void client_of_another_user_is_refused(void **state)
{
        struct bench *bench = *state;
        struct stat status;

        assert_int_equal(stat(bench->path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(status.st_uid, CLIENT_UID);
        assert_int_equal(other_user_tries(bench, CLIENT_UID), 0);
        assert_int_equal(other_user_tries(bench, OTHER_UID), EACCES);
        /* The mode is the first wall; behind it the helper looks itself. */
        assert_int_equal(chmod(bench->path, 0666), 0);
        assert_int_equal(other_user_tries(bench, OTHER_UID), 1);
        assert_int_equal(other_user_tries(bench, CLIENT_UID), 0);
        assert_int_equal(other_user_tries(bench, 0), 0);
}

static void malformed_packet_ends_its_connection_alone(void **state)
{
        struct bench *bench = *state;
        enum { OVERSIZED = MESSAGE_BODY_MAX + 4096 };
        AUTO_FREE unsigned char *bytes = memory_new(OVERSIZED, 1);
        static const size_t lengths[] = { 1, 11, 12, 13, 4096, MESSAGE_BODY_MAX + 12, OVERSIZED };
        /* struct packet_header of base/message.c: "GATE", act, fault code, length of the body. */
        static const unsigned char header[12] = { 0x45, 0x54, 0x41, 0x47, ACT_ECHO, 0, 0, 0, 1, 2, 0, 0 };

        for (size_t i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
                AUTO_CLOSE int fd = helper_connect(bench);
                int room = 4 * OVERSIZED;

                /* First without our mark, then with it and a length that is not the packet's. */
                memset(bytes, 'x', OVERSIZED);
                if (i >= ARRAY_SIZE(lengths))
                        memcpy(bytes, header, sizeof header);
                setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
                size_t length = lengths[i % ARRAY_SIZE(lengths)];
                assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), length);
                if (!peer_hung_up(fd))
                        fail_msg("packet %zu of %zu bytes was not refused", i, length);
        }
        assert_serves(bench);
}

static void field_that_does_not_belong_is_refused(void **state)
{
        struct bench *bench = *state;
        AUTO_CLOSE int fd = helper_connect(bench);
        static const char long_text[] = "123456789012345678901234567890123";

        for (int i = 0; i < 5; i++) {
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, ACT_ECHO);
                message_init(&reply, 0);
                if (i == 1)
                        message_put_u64(&request, 7);
                if (i == 2)
                        message_put_text(&request, long_text);
                if (i == 3)
                        message_put_bytes(&request, "no\0end", 6);
                if (i == 4) {
                        message_put_text(&request, "a");
                        message_put_text(&request, "b");
                }
                assert_int_equal(act_exchange(fd, &request, &reply, DEADLINE_MS, &fault), -FAULT_MALFORMED);
                assert_non_null(strstr(fault.text, "echo: "));
        }
        assert_serves(bench);
}

static void client_that_hangs_up_midway_harms_nobody(void **state)
{
        struct bench *bench = *state;
        int fd = helper_connect(bench);
        AUTO_MESSAGE struct message request;
        struct fault fault = { 0 };
        char byte;

        message_init(&request, ACT_HOLD);
        assert_int_equal(message_send(fd, &request, &fault), 0);
        assert_int_equal(read(hold_started[0], &byte, 1), 1);
        close(fd);
        assert_serves(bench);
        assert_int_equal(write(hold_release[1], "r", 1), 1);
        assert_serves(bench);
}

static void client_that_says_nothing_costs_nothing(void **state)
{
        struct bench *bench = *state;
        enum { SILENT = 12 };
        int fds[SILENT];
        struct fault fault;

        for (int i = 0; i < SILENT; i++)
                fds[i] = helper_connect(bench);
        assert_serves(bench);
        /* The newest are still welcome; the oldest were hung up on. */
        assert_int_equal(act_number(fds[SILENT - 1], ACT_EFFECTIVE, &fault), 0);
        assert_true(peer_hung_up(fds[0]));
        for (int i = 0; i < SILENT; i++)
                close(fds[i]);
}

static void client_waits_while_all_connections_are_busy(void **state)
{
        struct bench *bench = *state;
        int busy[CONNECTIONS_MAX];
        struct fault fault = { 0 };
        AUTO_MESSAGE struct message request, reply;
        char byte;

        message_init(&request, ACT_HOLD);
        message_init(&reply, 0);
        for (size_t i = 0; i < ARRAY_SIZE(busy); i++) {
                busy[i] = helper_connect(bench);
                assert_int_equal(message_send(busy[i], &request, &fault), 0);
                assert_int_equal(read(hold_started[0], &byte, 1), 1);
        }
        AUTO_CLOSE int fd = helper_connect(bench);
        AUTO_MESSAGE struct message question;
        message_init(&question, ACT_EFFECTIVE);
        assert_int_equal(message_send(fd, &question, &fault), 0);
        assert_int_equal(message_receive(fd, &reply, 50, &fault), -FAULT_TIMEOUT);
        /* One of them is done, and silent from then on: it makes room. */
        assert_int_equal(write(hold_release[1], "r", 1), 1);
        assert_int_equal(message_receive(fd, &reply, DEADLINE_MS, &fault), 0);
        for (size_t i = 1; i < ARRAY_SIZE(busy); i++)
                assert_int_equal(write(hold_release[1], "r", 1), 1);
        for (size_t i = 0; i < ARRAY_SIZE(busy); i++) {
                assert_int_equal(message_receive(busy[i], &reply, DEADLINE_MS, &fault), 0);
                close(busy[i]);
        }
}

static int caller_act(struct privilege_caller *caller, uint16_t act, int deadline_ms, struct fault *fault)
{
        const struct act_caller calls = privilege_caller_acts(caller);
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, act);
        message_init(&reply, 0);
        *fault = (struct fault){ 0 };
        if (act == ACT_ECHO)
                message_put_text(&request, "hello");
        int failed = calls.call(calls.context, &request, &reply, deadline_ms, fault);
        if (!failed && act == ACT_ECHO && strcmp(message_take_text(&reply, 32), "hello") != 0)
                fail_msg("another call's answer");
        return failed;
}

static void caller_connects_again_after_a_restart(void **state)
{
        struct bench *bench = *state;
        struct privilege_caller *caller = privilege_caller_new(bench->path);
        struct fault fault;

        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        assert_int_equal(helper_stop(bench), 0);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), -FAULT_UNAVAILABLE);
        helper_start(bench);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        /* Restarted between two calls: the caller does not notice. */
        assert_int_equal(helper_stop(bench), 0);
        helper_start(bench);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        privilege_caller_free(caller);
}

static void caller_late_answer_is_not_the_next_ones(void **state)
{
        struct bench *bench = *state;
        struct privilege_caller *caller = privilege_caller_new(bench->path);
        struct fault fault;

        assert_int_equal(caller_act(caller, ACT_HOLD, 50, &fault), -FAULT_TIMEOUT);
        assert_int_equal(write(hold_release[1], "r", 1), 1);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        assert_int_equal(caller_act(caller, ACT_FAIL, DEADLINE_MS, &fault), -FAULT_NOT_FOUND);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        privilege_caller_free(caller);
}

static void *holding_call(void *argument)
{
        struct fault fault;

        return caller_act(argument, ACT_HOLD, DEADLINE_MS, &fault) ? argument : NULL;
}

static void caller_turn_counts_towards_the_deadline(void **state)
{
        struct bench *bench = *state;
        struct privilege_caller *caller = privilege_caller_new(bench->path);
        struct fault fault;
        pthread_t thread;
        void *failed;
        char byte;

        assert_int_equal(pthread_create(&thread, NULL, holding_call, caller), 0);
        assert_int_equal(read(hold_started[0], &byte, 1), 1);
        int64_t before = clock_monotonic_ms(clock_system());
        assert_int_equal(caller_act(caller, ACT_ECHO, 50, &fault), -FAULT_TIMEOUT);
        assert_in_range(clock_monotonic_ms(clock_system()) - before, 50, DEADLINE_MS - 1);
        assert_int_equal(write(hold_release[1], "r", 1), 1);
        assert_int_equal(pthread_join(thread, &failed), 0);
        assert_null(failed);
        assert_int_equal(caller_act(caller, ACT_ECHO, DEADLINE_MS, &fault), 0);
        privilege_caller_free(caller);
}

static void caller_without_a_helper_is_unavailable(void **state)
{
        char too_long[200];
        const char *const paths[] = { "/tmp/gatehouse-no-such-folder/helper.sock", too_long };

        (void)state;
        memset(too_long, 'x', sizeof too_long - 1);
        too_long[sizeof too_long - 1] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                struct privilege_caller *caller = privilege_caller_new(paths[i]);
                struct fault fault;

                assert_int_equal(caller_act(caller, ACT_ECHO, 1000, &fault), -FAULT_UNAVAILABLE);
                privilege_caller_free(caller);
        }
}

static void listen_replaces_a_stale_socket_only(void **state)
{
        char folder[] = "/tmp/test-privilege.XXXXXX";
        struct fault fault = { 0 };

        (void)state;
        assert_non_null(mkdtemp(folder));
        AUTO_FREE char *path = memory_format("%s/s", folder);
        int first = privilege_listen(path, getuid(), &fault);
        assert_true(first >= 0);
        assert_int_equal(privilege_listen(path, getuid(), &fault), -FAULT_CONFLICT);
        close(first);
        int second = privilege_listen(path, getuid(), &fault);
        assert_true(second >= 0);
        close(second);
        unlink(path);
        /* What is no socket is nobody's to remove. */
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        assert_int_equal(privilege_listen(path, getuid(), &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(access(path, F_OK), 0);
        unlink(path);
        rmdir(folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_start, bench_end)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(listen_replaces_a_stale_socket_only),
                cmocka_unit_test(caller_without_a_helper_is_unavailable),
                TEST(helper_keeps_the_union_of_its_acts),
                TEST(act_has_its_capabilities_and_none_after),
                TEST(act_raises_in_its_own_thread_alone),
                TEST(act_not_on_the_list_is_forbidden),
                TEST(act_fault_comes_back_with_its_text),
                TEST(client_of_another_user_is_refused),
                TEST(malformed_packet_ends_its_connection_alone),
                TEST(field_that_does_not_belong_is_refused),
                TEST(client_that_hangs_up_midway_harms_nobody),
                TEST(client_that_says_nothing_costs_nothing),
                TEST(client_waits_while_all_connections_are_busy),
                TEST(caller_connects_again_after_a_restart),
                TEST(caller_late_answer_is_not_the_next_ones),
                TEST(caller_turn_counts_towards_the_deadline),
        };
        size_t count = ARRAY_SIZE(tests);

        if (geteuid() != 0) {
                puts("# the cases with a helper are left out: it takes root to keep capabilities");
                count = 2;
        }
        return _cmocka_run_group_tests("privilege_server", tests, count, NULL, NULL);
}
