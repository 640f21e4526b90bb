/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each profile in a child of its own: what must work does, what must not ends the child or is answered ENOSYS.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/sandbox_calls.h"

#define FILTER (1U << SANDBOX_VOLFILE_FILTER)
#define VOLFILED (1U << SANDBOX_VOLFILED)
#define WORKER (1U << SANDBOX_WORKER)
#define HELPER (1U << SANDBOX_HELPER)
#define GATEHOUSED (1U << SANDBOX_GATEHOUSED)
#define NOBODY 0U
#define EVERYBODY ((1U << SANDBOX_PROGRAM_COUNT) - 1)
#define DAEMONS (EVERYBODY & ~FILTER)

/* What a child ends with: an errno, or ... */
enum { DONE = 0, KILLED = 1000, NOT_BUILT = 1001 };

/* Each makes its call and gives 0 or an errno. */
static int socket_of(int family)
{
        return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}
static int unix_call(void)
{
        return socket_of(AF_UNIX);
}
static int internet_call(void)
{
        return socket_of(AF_INET6) == ENOSYS || socket_of(AF_INET) ? ENOSYS : 0;
}
static int netlink_call(void)
{
        return socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? errno : 0;
}
static int packet_call(void)
{
        return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}
static int execute_call(void)
{
        char *const nothing[] = { NULL };

        return execve("/nowhere", nothing, nothing) < 0 && errno == ENOENT ? 0 : errno;
}
static int execute_at_call(void)
{
        return syscall(SYS_execveat, -1, "/nowhere", NULL, NULL, 0) < 0 ? errno : 0;
}
static int ptrace_call(void)
{
        return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
}
static int mount_call(void)
{
        return mount("none", "/nowhere", "tmpfs", 0, NULL) < 0 ? errno : 0;
}
static int bpf_call(void)
{
        return syscall(SYS_bpf, 0, NULL, 0) < 0 ? errno : 0;
}
static int keyctl_call(void)
{
        return syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0 ? errno : 0;
}
static int module_call(void)
{
        return syscall(SYS_init_module, NULL, 0, "") < 0 ? errno : 0;
}
static int fault_descriptor_call(void)
{
        return syscall(SYS_userfaultfd, 0) < 0 ? errno : 0;
}
static int ring_call(void)
{
        return syscall(SYS_io_uring_setup, 1, NULL) < 0 ? errno : 0;
}
static int unforeseen_twice_call(void)
{
        return syscall(SYS_personality, 0xFFFFFFFFUL) < 0 && syscall(SYS_personality, 0xFFFFFFFFUL) < 0 ? errno
                                                                                                        : 0;
}
static int unforeseen_call(void)
{
        return syscall(SYS_personality, 0xFFFFFFFFUL) < 0 ? errno : 0;
}
static int future_call(void)
{
        return syscall(9999) < 0 ? errno : 0;
}
static int namespace_call(void)
{
        return unshare(CLONE_NEWNET) < 0 && errno != EPERM ? errno : 0;
}
static int user_namespace_call(void)
{
        return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}
static int clone_namespace_call(void)
{
        long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0UL);

        if (child == 0)
                _exit(0);
        return child < 0 ? errno : 0;
}
static int executable_memory_call(void)
{
        void *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return made == MAP_FAILED ? errno : 0;
}
static int made_executable_call(void)
{
        void *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return mprotect(made, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}
static int become_call(void)
{
        return syscall(SYS_setresuid, -1, -1, -1) < 0 ? errno : 0;
}

static void *thread_run(void *argument)
{
        return argument;
}
static int thread_call(void)
{
        pthread_t thread;

        return pthread_create(&thread, NULL, thread_run, NULL) ?: pthread_join(thread, NULL);
}

/* As gatehoused starts its workers; the program need not be there. */
static int spawn_call(void)
{
        char *const nothing[] = { NULL };
        pid_t child;

        return posix_spawn(&child, "/nowhere", NULL, NULL, nothing, nothing) == ENOENT ? 0 : EPROTO;
}

static int mode_call(void)
{
        return fchmod(STDERR_FILENO, 0600) < 0 ? errno : 0;
}

/* What the kernel would do without a filter is done by nobody here: one of the three answers comes before it
 * looks. */
static const struct {
        const char *name;
        int (*call)(void);
        unsigned who; /* to whom it is answered as without a filter */
        int others;   /* what becomes of others */
} cases[] = {
        { "a thread", thread_call, DAEMONS, KILLED }, /* refused, but the C library blocks signals meanwhile */
        { "the mode of a file", mode_call, EVERYBODY & ~VOLFILED, ENOSYS },
        { "a Unix socket", unix_call, EVERYBODY, 0 },
        { "an Internet socket", internet_call, GATEHOUSED | HELPER | WORKER, ENOSYS },
        { "a netlink socket", netlink_call, HELPER, EAFNOSUPPORT },
        { "a packet socket", packet_call, NOBODY, ENOSYS },
        { "execve", execute_call, GATEHOUSED | HELPER, KILLED },
        { "execveat", execute_at_call, NOBODY, KILLED },
        { "ptrace", ptrace_call, NOBODY, KILLED },
        { "mount", mount_call, NOBODY, KILLED },
        { "bpf", bpf_call, NOBODY, KILLED },
        { "keyctl", keyctl_call, NOBODY, KILLED },
        { "init_module", module_call, NOBODY, KILLED },
        { "userfaultfd", fault_descriptor_call, NOBODY, KILLED },
        { "io_uring_setup", ring_call, NOBODY, ENOSYS },
        { "a call that was not foreseen", unforeseen_call, NOBODY, ENOSYS },
        { "a call of a later kernel", future_call, NOBODY, ENOSYS },
        { "a network namespace", namespace_call, HELPER, KILLED },
        { "a user namespace by clone", clone_namespace_call, NOBODY, ENOSYS },
        { "memory to write and execute", executable_memory_call, NOBODY, ENOSYS },
        { "memory that becomes executable", made_executable_call, NOBODY, ENOSYS },
        { "another user", become_call, HELPER, ENOSYS },
};

static int child_body(enum sandbox_program program, int (*call)(void))
{
        const struct rlimit none = { 0, 0 };
        struct fault fault = { 0 };

        setrlimit(RLIMIT_CORE, &none);
        unsetenv("JOURNAL_STREAM");
        if (sandbox_enter(program, &fault) != 0)
                return fault.code == FAULT_UNAVAILABLE ? 255 : 254;
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? call() : 253;
}

/* What `call` came to under the list of `program`; what it wrote on standard error in `said`. */
static int outcome(enum sandbox_program program, int (*call)(void), char *said, size_t size)
{
        int ends[2], status;

        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
                dup2(ends[1], STDERR_FILENO);
                _exit(child_body(program, call));
        }
        close(ends[1]);
        ssize_t length = read(ends[0], said, size - 1);
        close(ends[0]);
        said[length > 0 ? length : 0] = '\0';
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status))
                return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
        return WEXITSTATUS(status) == 255 ? NOT_BUILT : WEXITSTATUS(status);
}

static void calls_by_program_have_their_answer(void **state)
{
        char said[512];

        (void)state;
        if (outcome(SANDBOX_WORKER, unix_call, said, sizeof said) == NOT_BUILT)
                skip();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                for (unsigned program = 0; program < SANDBOX_PROGRAM_COUNT; program++) {
                        int expected = cases[i].who >> program & 1 ? 0 : cases[i].others;
                        int got = outcome((enum sandbox_program)program, cases[i].call, said, sizeof said);

                        if (got != expected)
                                fail_msg("%s in %s: %d, not %d; %s", cases[i].name,
                                         sandbox_profiles[program].program, got, expected, said);
                }
}

/* Workers are started from threads of programs that have a filter, with every signal blocked for the moment. */
static void starters_start_programs(void **state)
{
        static const enum sandbox_program starters[] = { SANDBOX_GATEHOUSED, SANDBOX_HELPER };
        char said[512];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(starters); i++) {
                int got = outcome(starters[i], spawn_call, said, sizeof said);

                if (got == NOT_BUILT)
                        skip();
                assert_int_equal(got, 0);
                assert_string_equal(said, "");
        }
}

static void helper_makes_no_namespace_but_of_the_network(void **state)
{
        char said[512];
        int got = outcome(SANDBOX_HELPER, user_namespace_call, said, sizeof said);

        (void)state;
        if (got == NOT_BUILT)
                skip();
        assert_int_equal(got, ENOSYS);
}

static void refused_call_is_named_once(void **state)
{
        char said[512], expected[512];

        (void)state;
        if (outcome(SANDBOX_VOLFILED, unforeseen_twice_call, said, sizeof said) == NOT_BUILT)
                skip();
        snprintf(expected, sizeof expected,
                 "{\"level\":\"warning\",\"program\":\"gatehouse-volfiled\",\"message\":\"system call personality "
                 "(%d) is not on the list of this program: refused\"}\n",
                 SYS_personality);
        assert_string_equal(said, expected);
}

/* Filters are inherited: what a worker may do, its starters must be allowed. */
static void starters_allow_what_the_worker_may(void **state)
{
        (void)state;
        for (const struct sandbox_call *const *set = sandbox_profiles[SANDBOX_WORKER].sets; *set; set++)
                for (const struct sandbox_call *call = *set; call->name; call++)
                        if (!sandbox_profile_allows(&sandbox_profiles[SANDBOX_GATEHOUSED], call) ||
                            !sandbox_profile_allows(&sandbox_profiles[SANDBOX_HELPER], call))
                                fail_msg("%s", call->name);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(calls_by_program_have_their_answer),
                cmocka_unit_test(starters_start_programs),
                cmocka_unit_test(helper_makes_no_namespace_but_of_the_network),
                cmocka_unit_test(refused_call_is_named_once),
                cmocka_unit_test(starters_allow_what_the_worker_may),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
