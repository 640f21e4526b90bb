/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/probe/probe_calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/gluster/native_probe.h"
#include "protocols/nfs/nfs_probe.h"

#define HELPER_MS 5000
#define SPAWN_MS 2000

static int helper_call(const struct probe_calls *calls, const struct message *request, struct message *reply,
                       int deadline_ms, struct fault *fault)
{
        return calls->helper.call(calls->helper.context, request, reply, deadline_ms, fault);
}

static int probe_prepare(void *context, const struct probe_network *network, struct fault *fault)
{
        struct probe_calls *calls = context;
        AUTO_MESSAGE struct message request, reply;
        char text[PROBE_NETWORK_TEXT_SIZE];
        uint64_t place = 0;

        message_init(&request, ACT_PROBE_MAKE);
        message_init(&reply, 0);
        message_put_text(&request, probe_network_format(network, text));
        int failed = helper_call(calls, &request, &reply, HELPER_MS, fault);
        if (!failed)
                place = message_take_u64(&reply);
        if (!failed && !message_is_consumed(&reply))
                failed =
                        fault_set(fault, FAULT_INTERNAL, "make the probe place: the helper's answer is malformed");
        if (failed || place != calls->place)
                calls->workers_end(calls->workers_context);
        calls->place = failed ? 0 : place;
        return failed;
}

static void probe_remove(void *context)
{
        AUTO_MESSAGE struct message request, reply;
        struct fault ignored = { 0 }; /* without a helper there is no place either */

        message_init(&request, ACT_PROBE_REMOVE);
        message_init(&reply, 0);
        helper_call(context, &request, &reply, HELPER_MS, &ignored);
}

int probe_worker_spawn(void *context, int socket, pid_t *pid, int *pid_fd, struct fault *fault)
{
        const struct probe_spawn *spawn = context;
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_PROBE_WORKER);
        message_init(&reply, 0);
        message_put_u64(&request, spawn->client);
        request.fd = dup(socket);
        int failed = helper_call(spawn->calls, &request, &reply, SPAWN_MS, fault);
        if (failed)
                return failed;
        *pid = (pid_t)message_take_u64(&reply);
        if (!message_is_consumed(&reply) || reply.fd < 0)
                return fault_set(fault, FAULT_INTERNAL, "start a worker: the helper's answer is malformed");
        *pid_fd = reply.fd;
        reply.fd = -1;
        return 0;
}

/* Whether a socket of this machine can have the address. */
static bool probe_is_here(void *context, const struct address *address)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void)context;
        memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
        return address->family == ADDRESS_V4 && fd >= 0 && bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0;
}

static int probe_nfs(void *context, enum probe_client client, const struct address *server, const char *pseudo,
                     int deadline_ms, enum probe_verdict *verdict, struct fault *fault)
{
        static const enum probe_verdict verdicts[] = {
                [NFS_PROBE_UNREACHABLE] = PROBE_UNKNOWN, [NFS_PROBE_ADMITTED] = PROBE_LET_IN,
                [NFS_PROBE_REFUSED] = PROBE_REFUSED,     [NFS_PROBE_CLOSED] = PROBE_CLOSED,
                [NFS_PROBE_SILENT] = PROBE_UNKNOWN,
        };
        const struct probe_calls *calls = context;
        enum nfs_probe_verdict said = NFS_PROBE_UNREACHABLE;
        int failed = nfs_probe(&calls->workers[client], server, pseudo, deadline_ms, &said, fault);

        *verdict = verdicts[said];
        return failed;
}

static int probe_native(void *context, enum probe_client client, const struct address *server, const char *volume,
                        const char *subdir, int deadline_ms, enum probe_verdict *least, enum probe_verdict *most,
                        struct fault *fault)
{
        struct probe_calls *calls = context;
        const struct native_question question = { *server, volume, subdir, deadline_ms };
        struct native_outcome outcome = { 0 };

        if (client == PROBE_ADMITTED) /* who is let in gets to know them */
                text_clear(&calls->bricks);
        int failed = native_probe(&calls->workers[client], &question, &calls->bricks, &outcome, fault);

        *least = outcome.least;
        *most = outcome.most;
        return failed;
}

struct probe probe_over(struct probe_calls *calls)
{
        return (struct probe){
                .prepare = probe_prepare,
                .remove = probe_remove,
                .is_here = probe_is_here,
                .nfs = probe_nfs,
                .native = probe_native,
                .network = calls->network,
                .context = calls,
        };
}

void probe_calls_fini(struct probe_calls *calls)
{
        text_fini(&calls->bricks);
}
