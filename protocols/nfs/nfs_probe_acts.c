/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/nfs_probe.h"

#include <sys/time.h>
#include <nfsc/libnfs.h>
#include <nfsc/libnfs-raw.h>
#include <nfsc/libnfs-raw-nfs4.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"
#include "domain/export.h"

enum { NFS_PORT = 2049, POLL_MS = 100, COMPONENTS_MAX = 512 };

struct question {
        struct address server;
        const char *pseudo;
        int deadline_ms;
};

/* Where an asynchronous call has got to. */
struct progress {
        bool done;
        int rpc_status;  /* RPC_STATUS_* of libnfs */
        nfsstat4 status; /* of the compound */
};

static int question_take(struct message *request, struct question *question, struct fault *fault)
{
        const char *server = message_take_text(request, ADDRESS_TEXT_SIZE - 1);
        uint64_t deadline_ms;

        question->pseudo = message_take_text(request, EXPORT_PATH_MAX);
        deadline_ms = message_take_u64(request);
        if (!message_is_consumed(request) || address_parse(server, &question->server) ||
            question->pseudo[0] != '/' || deadline_ms > NFS_PROBE_DEADLINE_MAX_MS)
                return fault_set(fault, FAULT_MALFORMED, "probe an NFS export: the request is malformed");
        question->deadline_ms = (int)deadline_ms;
        return 0;
}

static void on_connected(struct rpc_context *rpc, int status, void *data, void *context)
{
        struct progress *progress = context;

        (void)rpc;
        (void)data;
        progress->done = true;
        progress->rpc_status = status;
}

static void on_answered(struct rpc_context *rpc, int status, void *data, void *context)
{
        struct progress *progress = context;

        on_connected(rpc, status, data, context);
        if (status == RPC_STATUS_SUCCESS)
                progress->status = ((const COMPOUND4res *)data)->status;
}

/* What the kernel says of a socket that poll(2) calls broken; 0 when it says nothing. libnfs does not ask it. */
static int broken_socket_error(const struct pollfd *polled)
{
        int error = 0;
        socklen_t size = sizeof error;

        if (polled->revents & (POLLERR | POLLHUP))
                getsockopt(polled->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        return error;
}

/* Drives the connection until the call is done. 0, or a fault: the connection broke or time is up. */
static int await(struct rpc_context *rpc, const struct progress *progress, int64_t until_ms, struct fault *why)
{
        while (!progress->done) {
                int64_t left = until_ms - clock_monotonic_ms(clock_system());
                struct pollfd polled = { rpc_get_fd(rpc), (short)rpc_which_events(rpc), 0 };

                if (left <= 0)
                        return fault_set(why, FAULT_TIMEOUT, "the server gave no answer in time");
                if (poll(&polled, 1, left < POLL_MS ? (int)left : POLL_MS) < 0 && errno != EINTR)
                        return fault_set_errno(why, FAULT_INTERNAL, errno, "wait for the server");
                int error = broken_socket_error(&polled);
                if (error)
                        return fault_set_errno(why, FAULT_UNAVAILABLE, error, "talk to the server");
                if (rpc_service(rpc, polled.revents) < 0 && !progress->done)
                        return fault_set(why, FAULT_UNAVAILABLE, "%s", rpc_get_error(rpc));
        }
        if (progress->rpc_status != RPC_STATUS_SUCCESS)
                return fault_set(why, FAULT_UNAVAILABLE, "%s", rpc_get_error(rpc));
        return 0;
}

/* PUTROOTFH, a LOOKUP for each component (which point into `names`), GETATTR. Returns how many operations. */
static u_int compound_fill(char *names, struct nfs_argop4 *operations)
{
        static uint32_t attributes[] = { 1u << FATTR4_TYPE };
        char *rest = NULL;
        u_int count = 0;

        operations[count++].argop = OP_PUTROOTFH;
        for (char *name = strtok_r(names, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
                component4 *component = &operations[count].nfs_argop4_u.oplookup.objname;

                operations[count++].argop = OP_LOOKUP;
                component->utf8string_val = name;
                component->utf8string_len = (u_int)strlen(name);
        }
        operations[count].argop = OP_GETATTR;
        operations[count].nfs_argop4_u.opgetattr.attr_request.bitmap4_len = ARRAY_SIZE(attributes);
        operations[count++].nfs_argop4_u.opgetattr.attr_request.bitmap4_val = attributes;
        return count;
}

static int compound_send(struct rpc_context *rpc, const char *pseudo, struct progress *progress)
{
        AUTO_FREE char *names = memory_text(pseudo);
        AUTO_FREE struct nfs_argop4 *operations = memory_new(COMPONENTS_MAX + 2, sizeof *operations);
        COMPOUND4args arguments = { .minorversion = 0 };

        arguments.argarray.argarray_len = compound_fill(names, operations);
        arguments.argarray.argarray_val = operations;
        return rpc_nfs4_compound_async(rpc, on_answered, &arguments, progress);
}

static enum nfs_probe_verdict judge(nfsstat4 status, struct fault *why)
{
        switch (status) {
        case NFS4_OK:
                return NFS_PROBE_ADMITTED;
        case NFS4ERR_NOENT:
        case NFS4ERR_ACCESS:
        case NFS4ERR_PERM:
        case NFS4ERR_WRONGSEC:
                fault_set(why, FAULT_FORBIDDEN, "the server refused with %s", nfsstat4_to_str((int)status));
                return NFS_PROBE_REFUSED;
        default:
                fault_set(why, FAULT_UNAVAILABLE, "the server answered %s", nfsstat4_to_str((int)status));
                return NFS_PROBE_UNREACHABLE;
        }
}

/* What a call that got no answer says. Errors of the kernel are there in words alone, libnfs's and ours. */
static enum nfs_probe_verdict silence_judge(const struct fault *why)
{
        if (why->code == FAULT_TIMEOUT)
                return NFS_PROBE_SILENT;
        return strstr(why->text, strerror(ECONNREFUSED)) ? NFS_PROBE_CLOSED : NFS_PROBE_UNREACHABLE;
}

static enum nfs_probe_verdict ask(struct rpc_context *rpc, const struct question *question, struct fault *why)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + question->deadline_ms;
        struct progress connected = { 0 }, answered = { 0 };
        enum nfs_probe_verdict verdict = NFS_PROBE_UNREACHABLE;
        char server[ADDRESS_TEXT_SIZE];

        address_format(&question->server, server);
        /* rpc_connect_port_async of libnfs 4.0 would lose memory when there is no connection in time. */
        if (rpc_connect_async(rpc, server, NFS_PORT, on_connected, &connected) < 0) {
                fault_set(why, FAULT_UNAVAILABLE, "%s", rpc_get_error(rpc));
                verdict = silence_judge(why);
        } else if (await(rpc, &connected, until_ms, why) != 0)
                verdict = silence_judge(why);
        else {
                if (compound_send(rpc, question->pseudo, &answered) < 0)
                        fault_set(why, FAULT_UNAVAILABLE, "%s", rpc_get_error(rpc));
                else
                        verdict = await(rpc, &answered, until_ms, why) == 0 ? judge(answered.status, why)
                                                                            : silence_judge(why);
        }
        /* Here, because it calls back for what is still under way. */
        rpc_destroy_context(rpc);
        return verdict;
}

static int probe_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct question question;
        struct fault why = { 0 };
        enum nfs_probe_verdict verdict;
        struct rpc_context *rpc;
        int failed = question_take(request, &question, fault);

        (void)context;
        if (failed)
                return failed;
        rpc = rpc_init_context();
        if (!rpc)
                abort();
        verdict = ask(rpc, &question, &why);
        if (verdict != NFS_PROBE_ADMITTED)
                fault_prefix(&why, "probe NFS export %s", question.pseudo);
        message_put_u64(reply, verdict);
        message_put_text(reply, why.text);
        return 0;
}

const struct act nfs_probe_acts[] = {
        { .number = ACT_WORKER_NFS_PROBE,
          .name = "nfs.probe",
          .reason = "a server whose packets are dropped never answers",
          .deadline_ms = NFS_PROBE_DEADLINE_MAX_MS,
          .run = probe_run },
        { 0 },
};
