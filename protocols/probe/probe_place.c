/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/probe/probe_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/probe/probe_link.h"

#define WORKER_SOCKET 3
#define INSIDE_NAME "probe"

static const char *const link_names[PROBE_CLIENT_COUNT] = { "gh-admitted", "gh-stranger" };

static struct {
        pthread_mutex_t lock;
        uint64_t number;
        struct probe_network network; /* base ADDRESS_NONE: the place is not there */
        int namespaces[PROBE_CLIENT_COUNT];
        uid_t uid;
        gid_t gid;
        const char *program;
} place = { .lock = PTHREAD_MUTEX_INITIALIZER, .namespaces = { -1, -1 } };

void probe_place_configure(uid_t uid, gid_t gid, const char *program)
{
        place.uid = uid;
        place.gid = gid;
        place.program = program;
}

static int namespace_of_thread(void)
{
        return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Makes the other end of a link usable; called inside. */
static int inside_start(const struct probe_network *network, enum probe_client client, struct fault *fault)
{
        struct address own = probe_network_client(network, client);
        struct address gateway = probe_network_gateway(network, client);
        int failed = probe_link_start(INSIDE_NAME, &own, fault);

        return failed ? failed : probe_route_make(&gateway, fault);
}

/* Goes into a new namespace and leaves it again; `outside` is the one to come back to. Gives a descriptor of it.
 */
static int namespace_make(int outside, struct fault *fault)
{
        if (unshare(CLONE_NEWNET) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "make a network namespace");
        int made = namespace_of_thread(), error = errno;
        if (setns(outside, CLONE_NEWNET) < 0)
                abort(); /* every later act of this thread would speak of another network */
        return made >= 0 ? made : fault_set_errno(fault, FAULT_UNAVAILABLE, error, "open a network namespace");
}

static int inside_prepare(const struct probe_network *network, enum probe_client client, int outside, int inside,
                          struct fault *fault)
{
        if (setns(inside, CLONE_NEWNET) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "enter a network namespace");
        int failed = inside_start(network, client, fault);
        if (setns(outside, CLONE_NEWNET) < 0)
                abort();
        return failed;
}

/* One client: namespace, link, addresses on both ends. A link of that name is of a helper that has just died. */
static int client_make(const struct probe_network *network, enum probe_client client, struct fault *fault)
{
        AUTO_CLOSE int outside = namespace_of_thread();
        AUTO_CLOSE int inside = -1;
        struct address gateway = probe_network_gateway(network, client);
        int failed;

        if (outside < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "open the network namespace");
        if ((inside = namespace_make(outside, fault)) < 0)
                return inside;
        if ((failed = probe_link_make(link_names[client], INSIDE_NAME, inside, fault)) ||
            (failed = probe_link_start(link_names[client], &gateway, fault)) ||
            (failed = inside_prepare(network, client, outside, inside, fault)))
                return failed;
        place.namespaces[client] = inside;
        inside = -1;
        return 0;
}

static int place_remove(struct fault *fault)
{
        int failed = 0;

        for (int client = 0; client < PROBE_CLIENT_COUNT; client++) {
                failed = probe_link_remove(link_names[client], fault) ?: failed;
                memory_auto_close(&place.namespaces[client]);
                place.namespaces[client] = -1;
        }
        place.network = (struct probe_network){ 0 };
        return failed;
}

static bool place_is_whole(const struct probe_network *network)
{
        if (!address_equal(&place.network.base, &network->base))
                return false;
        for (int client = 0; client < PROBE_CLIENT_COUNT; client++)
                if (place.namespaces[client] < 0 || !probe_link_is_up(link_names[client]))
                        return false;
        return true;
}

static void place_found(const struct probe_network *network)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now); /* runs on from one helper to the next */
        place.number = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
        place.network = *network;
}

int probe_place_make(const struct probe_network *network, uint64_t *number, struct fault *fault)
{
        struct fault ignored;
        int failed = 0;

        pthread_mutex_lock(&place.lock);
        if (!place_is_whole(network)) {
                failed = place_remove(fault);
                if (!failed)
                        failed = probe_network_check(network, fault);
                for (int client = 0; !failed && client < PROBE_CLIENT_COUNT; client++)
                        failed = client_make(network, (enum probe_client)client, fault);
                if (failed)
                        place_remove(&ignored);
                else
                        place_found(network);
        }
        *number = place.number;
        pthread_mutex_unlock(&place.lock);
        return failed;
}

int probe_place_remove(struct fault *fault)
{
        pthread_mutex_lock(&place.lock);
        int failed = place_remove(fault);
        pthread_mutex_unlock(&place.lock);
        return failed;
}

/* --- Workers ----------------------------------------------------------------------------------------------- */

/* Signals: what the helper blocks and ignores is no business of a worker. */
static void signals_reset(void)
{
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        signal(SIGCHLD, SIG_DFL);
}

/* In the child, of which only this thread is left: calls of the kernel alone. Capabilities are lost with the
 * program (user, no file capabilities, nothing ambient); the bounding set is emptied while that is still allowed.
 */
static void worker_become(int inside, int socket) __attribute__((noreturn));
static void worker_become(int inside, int socket)
{
        char *const arguments[] = { (char[]){ "gatehouse-worker" }, NULL };
        char *const environment[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

        signals_reset();
        if (setns(inside, CLONE_NEWNET) < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
            dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || dup2(socket, WORKER_SOCKET) < 0 ||
            close_range(WORKER_SOCKET + 1, ~0U, 0) < 0)
                _exit(126);
        for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
                if (prctl(PR_CAPBSET_DROP, capability) < 0)
                        _exit(126);
        /* Not by glibc's functions, which speak to all threads of a process. */
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, place.gid, place.gid, place.gid) < 0 ||
            syscall(SYS_setresuid, place.uid, place.uid, place.uid) < 0)
                _exit(126);
        execve(place.program, arguments, environment);
        _exit(127);
}

/* A copy of `socket` above the numbers that the worker's own descriptors take. */
static int worker_fork(int inside, int socket, pid_t *pid, int *pid_fd, struct fault *fault)
{
        AUTO_CLOSE int theirs = fcntl(socket, F_DUPFD_CLOEXEC, WORKER_SOCKET + 1);
        int error;

        if (theirs < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "start a worker: its socket");
        *pid = fork();
        if (*pid == 0)
                worker_become(inside, theirs);
        *pid_fd = *pid > 0 ? pidfd_open(*pid, 0) : -1;
        error = errno;
        if (*pid < 0 || *pid_fd < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "start a worker in the probe place");
        return 0;
}

int probe_worker_start(enum probe_client client, int socket, pid_t *pid, int *pid_fd, struct fault *fault)
{
        int failed;

        pthread_mutex_lock(&place.lock);
        if (place.network.base.family == ADDRESS_NONE)
                failed = fault_set(fault, FAULT_UNAVAILABLE, "start a worker: the probe place is not there");
        else if (!place.program || access(place.program, X_OK) < 0)
                failed = fault_set(fault, FAULT_UNAVAILABLE, "start a worker: there is no %s",
                                   place.program ? place.program : "program");
        else
                failed = worker_fork(place.namespaces[client], socket, pid, pid_fd, fault);
        pthread_mutex_unlock(&place.lock);
        return failed;
}
