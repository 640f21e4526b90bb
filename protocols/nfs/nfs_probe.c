/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/nfs_probe.h"

enum { CALLER_MARGIN_MS = 1000 }; /* for the way to the worker and back, so that its own deadline comes first */

int nfs_probe(const struct act_caller *worker, const struct address *server, const char *pseudo, int deadline_ms,
              enum nfs_probe_verdict *verdict, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        char address[ADDRESS_TEXT_SIZE];
        const char *cause;
        uint64_t answer;
        int failed;

        message_init(&request, ACT_WORKER_NFS_PROBE);
        message_init(&reply, 0);
        message_put_text(&request, address_format(server, address));
        message_put_text(&request, pseudo);
        message_put_u64(&request, (uint64_t)deadline_ms);
        failed = worker->call(worker->context, &request, &reply, deadline_ms + CALLER_MARGIN_MS, fault);
        if (failed)
                return failed;
        answer = message_take_u64(&reply);
        cause = message_take_text(&reply, FAULT_TEXT_SIZE);
        if (!message_is_consumed(&reply) || answer > NFS_PROBE_SILENT)
                return fault_set(fault, FAULT_MALFORMED, "probe NFS export %s: the worker's answer is malformed",
                                 pseudo);
        *verdict = (enum nfs_probe_verdict)answer;
        if (*verdict != NFS_PROBE_ADMITTED)
                fault_set(fault,
                          *verdict == NFS_PROBE_REFUSED  ? FAULT_FORBIDDEN
                          : *verdict == NFS_PROBE_SILENT ? FAULT_TIMEOUT
                                                         : FAULT_UNAVAILABLE,
                          "%s", cause);
        return 0;
}
