/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where glibc has an old and a new call for one thing, both are here: which one it makes depends on its version
 * and on the machine (arm64 has none of the old ones). When in doubt what is harmless without privilege is
 * allowed.
 */
#include "base/sandbox_calls.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define NEW_NAMESPACES \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define EXACTLY UINT32_MAX

#define ANY(name)             \
        {                     \
                name, 0, 0, 0 \
        }
#define WHERE(name, argument, mask, value)  \
        {                                   \
                name, argument, mask, value \
        }
#define END                   \
        {                     \
                NULL, 0, 0, 0 \
        }

/* Memory that is never written and executed at once, the clock, its own numbers and limits, its end. */
static const struct sandbox_call living[] = {
        ANY("arch_prctl"),
        ANY("brk"),
        ANY("clock_getres"),
        ANY("clock_gettime"),
        ANY("clock_nanosleep"),
        ANY("exit"),
        ANY("exit_group"),
        ANY("futex"),
        ANY("futex_waitv"),
        ANY("get_robust_list"),
        ANY("getcpu"),
        ANY("getegid"),
        ANY("geteuid"),
        ANY("getgid"),
        ANY("getgroups"),
        ANY("getpgrp"),
        ANY("getpid"),
        ANY("getppid"),
        ANY("getrandom"),
        ANY("getresgid"),
        ANY("getresuid"),
        ANY("getrlimit"),
        ANY("getrusage"),
        ANY("gettid"),
        ANY("gettimeofday"),
        ANY("getuid"),
        ANY("madvise"),
        ANY("membarrier"),
        ANY("mlock"),
        ANY("mlock2"),
        WHERE("mmap", 2, PROT_WRITE, 0),
        WHERE("mmap", 2, PROT_EXEC, 0),
        WHERE("mprotect", 2, PROT_EXEC, 0),
        ANY("mremap"),
        ANY("munlock"),
        ANY("munmap"),
        ANY("nanosleep"),
        ANY("prctl"),
        ANY("restart_syscall"),
        ANY("rseq"),
        ANY("rt_sigaction"),
        ANY("rt_sigpending"),
        ANY("rt_sigprocmask"),
        ANY("rt_sigreturn"),
        ANY("rt_sigsuspend"),
        ANY("rt_sigtimedwait"),
        ANY("sched_getaffinity"),
        ANY("sched_getparam"),
        ANY("sched_getscheduler"),
        ANY("sched_yield"),
        ANY("set_robust_list"),
        ANY("set_tid_address"),
        ANY("sigaltstack"),
        ANY("sysinfo"),
        ANY("tgkill"),
        ANY("time"),
        ANY("times"),
        ANY("umask"),
        ANY("uname"),
        END,
};

/* Descriptors that are there, and files to read. Reads and writes of sockets and pipes are among them. */
static const struct sandbox_call reading[] = {
        ANY("access"),     ANY("close"),      ANY("close_range"),
        ANY("dup"),        ANY("dup2"),       ANY("dup3"),
        ANY("faccessat"),  ANY("faccessat2"), ANY("fadvise64"),
        ANY("fcntl"),      ANY("fstat"),      ANY("fstatfs"),
        ANY("getcwd"),     ANY("getdents64"), ANY("ioctl"),
        ANY("lseek"),      ANY("lstat"),      ANY("newfstatat"),
        ANY("open"),       ANY("openat"),     ANY("openat2"),
        ANY("poll"),       ANY("ppoll"),      ANY("pread64"),
        ANY("preadv"),     ANY("preadv2"),    ANY("pselect6"),
        ANY("read"),       ANY("readahead"),  ANY("readlink"),
        ANY("readlinkat"), ANY("readv"),      ANY("select"),
        ANY("stat"),       ANY("statfs"),     ANY("statx"),
        ANY("write"),      ANY("writev"),     END,
};

/* Files to write, make, rename and remove, as far as their modes allow. */
static const struct sandbox_call writing[] = {
        ANY("chmod"),
        ANY("copy_file_range"),
        ANY("fallocate"),
        ANY("fchmod"),
        ANY("fchmodat"),
        ANY("fchmodat2"),
        ANY("fdatasync"),
        ANY("fgetxattr"),
        ANY("flock"),
        ANY("fsync"),
        ANY("ftruncate"),
        ANY("getxattr"),
        ANY("lgetxattr"),
        ANY("link"),
        ANY("linkat"),
        ANY("listxattr"),
        ANY("memfd_create"),
        ANY("mkdir"),
        ANY("mkdirat"),
        ANY("msync"),
        ANY("pwrite64"),
        ANY("pwritev"),
        ANY("pwritev2"),
        ANY("rename"),
        ANY("renameat"),
        ANY("renameat2"),
        ANY("rmdir"),
        ANY("sendfile"),
        ANY("symlink"),
        ANY("symlinkat"),
        ANY("sync_file_range"),
        ANY("syncfs"),
        ANY("truncate"),
        ANY("unlink"),
        ANY("unlinkat"),
        ANY("utimensat"),
        END,
};

static const struct sandbox_call owning[] = {
        ANY("chown"), ANY("fchown"), ANY("fchownat"), ANY("lchown"), END,
};

/* Threads and child processes, in the namespaces that are there; what an event loop waits with. */
static const struct sandbox_call many[] = {
        WHERE("clone", 0, NEW_NAMESPACES, 0),
        ANY("epoll_create"),
        ANY("epoll_create1"),
        ANY("epoll_ctl"),
        ANY("epoll_pwait"),
        ANY("epoll_pwait2"),
        ANY("epoll_wait"),
        ANY("eventfd"),
        ANY("eventfd2"),
        ANY("getpriority"),
        ANY("pipe"),
        ANY("pipe2"),
        ANY("prlimit64"),
        ANY("sched_get_priority_max"),
        ANY("sched_get_priority_min"),
        ANY("sched_setaffinity"),
        ANY("setpriority"),
        ANY("setrlimit"),
        ANY("signalfd4"),
        ANY("timer_create"),
        ANY("timer_delete"),
        ANY("timer_settime"),
        ANY("timerfd_create"),
        ANY("timerfd_gettime"),
        ANY("timerfd_settime"),
        END,
};

static const struct sandbox_call unix_sockets[] = {
        ANY("accept"),
        ANY("accept4"),
        ANY("bind"),
        ANY("connect"),
        ANY("getpeername"),
        ANY("getsockname"),
        ANY("getsockopt"),
        ANY("listen"),
        ANY("recvfrom"),
        ANY("recvmmsg"),
        ANY("recvmsg"),
        ANY("sendmmsg"),
        ANY("sendmsg"),
        ANY("sendto"),
        ANY("setsockopt"),
        ANY("shutdown"),
        WHERE("socket", 0, EXACTLY, AF_UNIX),
        WHERE("socketpair", 0, EXACTLY, AF_UNIX),
        END,
};

static const struct sandbox_call internet_sockets[] = {
        WHERE("socket", 0, EXACTLY, AF_INET),
        WHERE("socket", 0, EXACTLY, AF_INET6),
        END,
};

static const struct sandbox_call netlink_sockets[] = {
        WHERE("socket", 0, EXACTLY, AF_NETLINK),
        END,
};

/* Starting gatehouse-worker and watching it. The worker gives up privileges and takes its own list: these two it
 * inherits, or nobody could. */
static const struct sandbox_call starting[] = {
        ANY("capget"),
        ANY("capset"),
        ANY("execve"),
        ANY("fork"),
        ANY("kill"),
        ANY("pidfd_open"),
        ANY("pidfd_send_signal"),
        ANY("seccomp"),
        ANY("vfork"),
        ANY("wait4"),
        ANY("waitid"),
        END,
};

/* The helper raises a capability for the act alone, goes into the probe place and back, and starts a worker in it
 * that becomes the daemon's user. It asks whether a file system gives out handles, which NFS needs. */
static const struct sandbox_call privileged[] = {
        ANY("name_to_handle_at"),
        ANY("setgid"),
        ANY("setgroups"),
        WHERE("setns", 1, EXACTLY, CLONE_NEWNET),
        ANY("setresgid"),
        ANY("setresuid"),
        ANY("setuid"),
        WHERE("unshare", 0, EXACTLY, CLONE_NEWNET),
        END,
};

/* The volfile filter reads and writes files and says what was wrong. */
static const struct sandbox_call filtering[] = {
        ANY("fchmod"),
        ANY("fchown"),
        ANY("fdatasync"),
        ANY("fsync"),
        ANY("ftruncate"),
        ANY("pwrite64"),
        ANY("renameat"),
        ANY("renameat2"),
        ANY("unlinkat"),
        ANY("unlink"),
        ANY("connect"),
        ANY("sendto"),
        ANY("sendmsg"),
        WHERE("socket", 0, EXACTLY, AF_UNIX),
        END,
};

#define SETS(...) ((const struct sandbox_call *const[]){ living, reading, __VA_ARGS__, NULL })

const struct sandbox_profile sandbox_profiles[SANDBOX_PROGRAM_COUNT] = {
        [SANDBOX_GATEHOUSED] = { "gatehoused",
                                 SETS(writing, owning, many, unix_sockets, internet_sockets, starting) },
        [SANDBOX_HELPER] = { "gatehouse-helper", SETS(writing, owning, many, unix_sockets, internet_sockets,
                                                      netlink_sockets, starting, privileged) },
        [SANDBOX_WORKER] = { "gatehouse-worker", SETS(writing, many, unix_sockets, internet_sockets) },
        [SANDBOX_VOLFILED] = { "gatehouse-volfiled", SETS(many, unix_sockets) },
        [SANDBOX_VOLFILE_FILTER] = { "gatehouse-volfile-filter", SETS(filtering) },
};

const char *const sandbox_deadly[] = {
        "acct",
        "add_key",
        "adjtimex",
        "bpf",
        "chroot",
        "clock_adjtime",
        "clock_settime",
        "create_module",
        "delete_module",
        "execve",
        "execveat",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "init_module",
        "ioperm",
        "iopl",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "mknod",
        "mknodat",
        "modify_ldt",
        "mount",
        "mount_setattr",
        "move_mount",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "setdomainname",
        "sethostname",
        "setns",
        "settimeofday",
        "swapoff",
        "swapon",
        "syslog",
        "umount2",
        "unshare",
        "userfaultfd",
        "vhangup",
        NULL,
};

const struct sandbox_quiet sandbox_quiet[] = {
        { ANY("clone3"), ENOSYS }, /* its flags are in memory; glibc then asks clone, whose flags can be seen */
        { ANY("io_uring_setup"), ENOSYS },
        { WHERE("socket", 0, EXACTLY, AF_NETLINK),
          EAFNOSUPPORT }, /* getaddrinfo asks for the machine's addresses */
        { END, 0 },
};

bool sandbox_profile_has(const struct sandbox_profile *profile, const char *name)
{
        for (const struct sandbox_call *const *set = profile->sets; *set; set++)
                for (const struct sandbox_call *call = *set; call->name; call++)
                        if (strcmp(call->name, name) == 0)
                                return true;
        return false;
}

bool sandbox_profile_allows(const struct sandbox_profile *profile, const struct sandbox_call *wanted)
{
        for (const struct sandbox_call *const *set = profile->sets; *set; set++)
                for (const struct sandbox_call *call = *set; call->name; call++)
                        if (strcmp(call->name, wanted->name) == 0 &&
                            (call->mask == 0 || (call->argument == wanted->argument &&
                                                 call->mask == wanted->mask && call->value == wanted->value)))
                                return true;
        return false;
}
