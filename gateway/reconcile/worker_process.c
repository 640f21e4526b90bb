/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

#define WORKER_SOCKET 3

/* The order matters: the socket goes to 3 before 0 is opened, and everything from 4 on is closed last. */
static int file_actions_fill(posix_spawn_file_actions_t *actions, int socket)
{
        int failed = posix_spawn_file_actions_adddup2(actions, socket, WORKER_SOCKET);

        if (!failed)
                failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!failed)
                failed = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
        if (!failed)
                failed = posix_spawn_file_actions_addclosefrom_np(actions, WORKER_SOCKET + 1);
        return failed;
}

/* A daemon's blocked and ignored signals are no business of a worker. */
static int attributes_fill(posix_spawnattr_t *attributes)
{
        sigset_t none, all;
        int failed;

        sigemptyset(&none);
        sigfillset(&all);
        sigdelset(&all, SIGKILL);
        sigdelset(&all, SIGSTOP);
        failed = posix_spawnattr_setsigmask(attributes, &none);
        if (!failed)
                failed = posix_spawnattr_setsigdefault(attributes, &all);
        if (!failed)
                failed = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        return failed;
}

/* Returns 0 or an errno. */
static int program_spawn(const char *program, int socket, pid_t *pid)
{
        char *const arguments[] = { (char[]){ "gatehouse-worker" }, NULL };
        char *const environment[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int failed;

        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        failed = file_actions_fill(&actions, socket);
        if (!failed)
                failed = attributes_fill(&attributes);
        if (!failed)
                failed = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return failed;
}

static int program_start(struct worker_process *process, const char *program, int socket, struct fault *fault)
{
        int error = program_spawn(program, socket, &process->pid);

        if (error)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "start %s", program);
        process->pid_fd = pidfd_open(process->pid, 0);
        if (process->pid_fd >= 0)
                return 0;
        error = errno;
        kill(process->pid, SIGKILL);
        waitpid(process->pid, NULL, 0);
        return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "start %s: pidfd_open", program);
}

int worker_process_start(struct worker_process *process, const char *program, const struct worker_start *start,
                         struct fault *fault)
{
        AUTO_CLOSE int ours = -1;
        AUTO_CLOSE int theirs = -1;
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "start a worker: socketpair");
        ours = pair[0];
        theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, WORKER_SOCKET + 1);
        close(pair[1]);
        if (theirs < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "start a worker: its socket");
        int failed = start->run ? start->run(start->context, theirs, &process->pid, &process->pid_fd, fault)
                                : program_start(process, program, theirs, fault);
        if (failed)
                return failed;
        process->socket = ours;
        ours = -1;
        return 0;
}

void worker_process_kill(const struct worker_process *process)
{
        pidfd_send_signal(process->pid_fd, SIGKILL, NULL, 0);
}

bool worker_process_reap(const struct worker_process *process, siginfo_t *cause)
{
        struct pollfd ended = { .fd = process->pid_fd, .events = POLLIN };

        *cause = (siginfo_t){ 0 };
        if (waitid(P_PIDFD, (id_t)process->pid_fd, cause, WEXITED | WNOHANG) == 0)
                return cause->si_pid != 0;
        return errno == ECHILD && poll(&ended, 1, 0) > 0;
}

void worker_process_close(struct worker_process *process)
{
        memory_auto_close(&process->pid_fd);
        memory_auto_close(&process->socket);
}

bool worker_process_is_silent(const struct worker_process *process)
{
        struct pollfd poll_fd = { .fd = process->socket, .events = POLLIN };

        return poll(&poll_fd, 1, 0) == 0;
}

size_t worker_process_resident(const struct worker_process *process)
{
        AUTO_FREE char *path = memory_format("/proc/%d/statm", (int)process->pid);
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        unsigned long total, resident;

        if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
                return 0;
        return resident * (size_t)sysconf(_SC_PAGESIZE);
}
