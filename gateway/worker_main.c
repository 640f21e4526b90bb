/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehouse-worker: runs what may hang, for the daemon that started it, until it is told no more or killed. It
 * speaks on descriptor 3 and has nothing else. See gatehouse-worker(8).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/act.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sandbox.h"
#include "protocols/files/local_files.h"
#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/native_probe.h"
#include "protocols/gluster/volume_files.h"
#include "protocols/gluster/volume_mount.h"
#include "protocols/nfs/nfs_probe.h"

#define DAEMON_SOCKET 3
#define DATA_MAX ((rlim_t)1 << 30) /* bytes; gfapi with one volume uses some 200 MiB of address space */
#define FILES_MAX 512

static const struct act *const tables[] = { volume_files_acts, local_room_acts, brick_probe_acts,
                                            native_probe_acts, nfs_probe_acts };

#define ACTS_MAX 16
static struct act acts[ACTS_MAX + 1];

static void acts_join(void)
{
        size_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                for (const struct act *act = tables[i]; act->run && count < ACTS_MAX; act++)
                        acts[count++] = *act;
}

static void limit_set(__rlimit_resource_t resource, rlim_t value)
{
        struct rlimit limit = { value, value };

        if (setrlimit(resource, &limit) < 0)
                log_warning("limit resource %d of a worker to %llu", (int)resource, (unsigned long long)value);
}

static void limits_set(void)
{
        limit_set(RLIMIT_CORE, 0);
        limit_set(RLIMIT_NOFILE, FILES_MAX);
#ifndef __SANITIZE_ADDRESS__
        limit_set(RLIMIT_DATA, DATA_MAX);
#endif
}

static bool socket_is_there(void)
{
        int type;
        socklen_t length = sizeof type;

        return getsockopt(DAEMON_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
        struct fault fault = { 0 };

        (void)argv;
        if (argc > 1 || !socket_is_there()) {
                fputs("gatehouse-worker is started by gatehoused, with a socket as descriptor 3; see "
                      "gatehouse-worker(8).\n",
                      stderr);
                return 2;
        }
        log_open("gatehouse-worker", LOG_LEVEL_NOTICE);
        if (privilege_drop_all(&fault)) {
                log_error("%s", fault.text);
                return 1;
        }
        /* After the privileges: a change of these would take the signal back. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        limits_set();
        acts_join();
        if (sandbox_enter(SANDBOX_WORKER, &fault) != 0)
                log_debug("%s", fault.text); /* as who started it has warned */
        while (!volume_mount_is_stale())
                if (act_serve_one(DAEMON_SOCKET, acts, NULL, NULL, &fault))
                        break;
        /* Without the exit handlers of libraries that may hang: nothing here needs them. */
        _exit(0);
}
