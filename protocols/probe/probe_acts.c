/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/probe/probe_acts.h"

#include <linux/capability.h>
#include <sys/socket.h>

#include "protocols/probe/probe_place.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define DEADLINE_MS 5000 /* the kernel may be busy taking back namespaces of others */

static int make_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *text = message_take_text(request, PROBE_NETWORK_TEXT_SIZE - 1);
        struct probe_network network;
        uint64_t number;

        (void)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "make the probe place: the request is malformed");
        if (probe_network_parse(text, &network) != 0)
                return fault_set(fault, FAULT_INVALID,
                                 "make the probe place: it takes an IPv4 network of 8 addresses");
        int failed = probe_place_make(&network, &number, fault);
        if (!failed)
                message_put_u64(reply, number);
        return failed;
}

static bool is_packet_socket(int fd)
{
        int type, domain;
        socklen_t type_size = sizeof type, domain_size = sizeof domain;

        return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_SEQPACKET &&
               getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 && domain == AF_UNIX;
}

static int worker_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        uint64_t client = message_take_u64(request);
        pid_t pid;

        (void)context;
        if (!message_is_consumed(request) || client >= PROBE_CLIENT_COUNT || !is_packet_socket(request->fd))
                return fault_set(fault, FAULT_MALFORMED, "start a worker: the request is malformed");
        int failed = probe_worker_start((enum probe_client)client, request->fd, &pid, &reply->fd, fault);
        if (!failed)
                message_put_u64(reply, (uint64_t)pid);
        return failed;
}

static int remove_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        (void)reply;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "remove the probe place: the request has fields");
        return probe_place_remove(fault);
}

const struct act probe_acts[] = {
        { .number = ACT_PROBE_MAKE,
          .name = "probe.make",
          .reason = "CAP_SYS_ADMIN: network namespaces; CAP_NET_ADMIN: the links between them and this machine",
          .capabilities = CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_NET_ADMIN),
          .deadline_ms = DEADLINE_MS,
          .run = make_run },
        { .number = ACT_PROBE_WORKER,
          .name = "probe.worker",
          .reason = "CAP_SYS_ADMIN: to enter a namespace; CAP_SETUID, CAP_SETGID, CAP_SETPCAP: to become the "
                    "daemon's user there and give up the rest",
          .capabilities = CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
                          CAPABILITY(CAP_SETPCAP),
          .deadline_ms = DEADLINE_MS,
          .run = worker_run },
        { .number = ACT_PROBE_REMOVE,
          .name = "probe.remove",
          .reason = "CAP_NET_ADMIN: the links are taken away",
          .capabilities = CAPABILITY(CAP_NET_ADMIN),
          .deadline_ms = DEADLINE_MS,
          .run = remove_run },
        { 0 },
};
