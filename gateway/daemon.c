/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/log.h"

static bool is_of_kind(int fd, enum daemon_socket kind)
{
        switch (kind) {
        case DAEMON_STREAM:
                return sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0;
        case DAEMON_TCP:
                return sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0;
        case DAEMON_CHANNEL:
                return sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0;
        }
        return false;
}

static bool socket_take(struct daemon_place *places, size_t count, int fd)
{
        for (size_t i = 0; i < count; i++)
                if (places[i].count < places[i].most && is_of_kind(fd, places[i].kind)) {
                        places[i].sockets[places[i].count++] = fd;
                        return true;
                }
        return false;
}

int daemon_sockets_inherit(struct daemon_place *places, size_t count, const char *expected, struct fault *fault)
{
        int passed = sd_listen_fds(1);
        size_t most = 0;

        for (size_t i = 0; i < count; i++)
                most += places[i].most;
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + passed; fd++)
                if (!socket_take(places, count, fd))
                        return fault_set(
                                fault, FAULT_INVALID,
                                "take the socket passed in as descriptor %d: %s expected, %zu in all at most", fd,
                                expected, most);
        return 0;
}

int daemon_user_find(const char *name, const struct passwd **user, struct fault *fault)
{
        *user = geteuid() == 0 ? getpwnam(name) : NULL;
        if (geteuid() == 0 && (!*user || (*user)->pw_uid == 0))
                return fault_set(fault, FAULT_INVALID, "become user %s: %s", name,
                                 *user ? "it is root, which this does not run as" : "there is no such user");
        return 0;
}

int daemon_user_become(const struct passwd *user, struct fault *fault)
{
        int failed = privilege_drop_bounding(fault);

        if (failed || !user)
                return failed;
        if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "become user %s", user->pw_name);
        return 0;
}

void daemon_sandbox_enter(enum sandbox_program program)
{
        struct fault fault = { 0 };

        if (sandbox_enter(program, &fault) != 0)
                log_warning("%s; it goes on without", fault.text);
}

int daemon_stop_signals(struct fault *fault)
{
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        int fd = signalfd(-1, &signals, SFD_CLOEXEC);
        return fd >= 0 ? fd : fault_set_errno(fault, FAULT_INTERNAL, errno, "watch for signals");
}
