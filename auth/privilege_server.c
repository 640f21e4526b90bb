/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The helper's side of the channel: who may connect, and a capability raised for the length of an act.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auth/connections.h"
#include "auth/privilege.h"
#include "base/log.h"
#include "base/memory.h"

struct server {
        uid_t client_uid;
        const struct act *table;
        void *act_context;
};

static int act_before(void *context, const struct act *act, struct fault *fault)
{
        int failed = privilege_raise(act->capabilities, fault);

        if (!failed)
                connection_mark(context, true);
        return failed;
}

static void act_after(void *context, const struct act *act)
{
        struct fault fault = { 0 };

        if (privilege_raise(0, &fault)) {
                log_error("act %s left its capabilities in force: %s", act->name, fault.text);
                abort();
        }
        connection_mark(context, false);
}

static void server_serve(void *context, struct connection *connection, int socket, struct fault *fault)
{
        const struct server *server = context;
        const struct act_hooks hooks = { act_before, act_after, connection };

        while (!act_serve_one(socket, server->table, server->act_context, &hooks, fault))
                ;
}

/* Whether the peer of `socket` is one that the helper serves. */
static bool server_admits(void *context, int socket)
{
        const struct server *server = context;
        struct ucred peer;
        socklen_t size = sizeof peer;
        char uid[16], pid[16];

        if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return false;
        if (peer.uid == server->client_uid || peer.uid == 0)
                return true;
        snprintf(uid, sizeof uid, "%u", peer.uid);
        snprintf(pid, sizeof pid, "%d", peer.pid);
        log_line(LOG_LEVEL_WARNING, (const char *[]){ "uid", uid, "pid", pid, NULL },
                 "connection refused: the helper serves user %u only", server->client_uid);
        return false;
}

int privilege_serve(int listener, int stop_fd, uid_t client_uid, const struct act *table, void *act_context,
                    struct fault *fault)
{
        struct server server = { .client_uid = client_uid, .table = table, .act_context = act_context };
        const struct connection_service service = { server_admits, server_serve, &server };

        return connections_serve(listener, stop_fd, &service, fault);
}

/* Removes a socket that nobody listens on any more; anything else at `path` stays and makes bind fail. */
static int stale_socket_remove(const struct sockaddr_un *address, struct fault *fault)
{
        AUTO_CLOSE int probe = -1;
        struct stat status;

        if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
                return 0;
        probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) == 0)
                return fault_set(fault, FAULT_CONFLICT, "listen on %s: another process does", address->sun_path);
        unlink(address->sun_path);
        return 0;
}

int privilege_listen(const char *path, uid_t owner, struct fault *fault)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        AUTO_CLOSE int listener = -1;
        int failed;

        if (strlen(path) >= sizeof address.sun_path)
                return fault_set(fault, FAULT_INVALID, "listen on %s: longer than %zu bytes", path,
                                 sizeof address.sun_path - 1);
        memcpy(address.sun_path, path, strlen(path));
        if ((failed = stale_socket_remove(&address, fault)))
                return failed;
        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (listener < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make a socket");
        /* The mode of the descriptor is the mode that bind gives the file: never wider, not for a moment. */
        if (fchmod(listener, 0600) < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", path);
        if (lchown(path, owner, (gid_t)-1) < 0 || listen(listener, SOMAXCONN) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", path);
        int taken = listener;
        listener = -1;
        return taken;
}
