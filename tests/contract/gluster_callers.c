/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/gluster_callers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/glusterd_acts.h"

static void stop(const char *what)
{
        perror(what);
        exit(99);
}

/* Root's uid and nothing else: what an act that asks for no capability runs with. */
static void drop_capabilities(void)
{
        cap_t none = cap_init();

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !none || cap_set_proc(none))
                stop("drop capabilities");
        cap_free(none);
}

static int exchange(void *context, const struct message *request, struct message *reply, int deadline_ms,
                    struct fault *fault)
{
        return act_exchange((int)(intptr_t)context, request, reply, deadline_ms, fault);
}

static struct act_caller start(const struct act *table)
{
        struct fault fault;
        int pair[2];
        pid_t child;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
                stop("socketpair");
        child = fork();
        if (child < 0)
                stop("fork");
        if (child == 0) {
                close(pair[0]);
                drop_capabilities();
                while (!act_serve_one(pair[1], table, NULL, NULL, &fault))
                        ;
                _exit(0);
        }
        close(pair[1]);
        return (struct act_caller){ .call = exchange, .context = (void *)(intptr_t)pair[0] };
}

struct gluster_volume_callers gluster_callers_start(void)
{
        return (struct gluster_volume_callers){ .helper = start(glusterd_acts),
                                                .worker = start(brick_probe_acts) };
}
