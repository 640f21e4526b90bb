/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One procedure call to a GlusterFS daemon: ONC RPC (RFC 5531) over a stream, XDR by libtirpc. Every procedure
 * that Gatehouse calls takes one dictionary, and answers two numbers, perhaps a sentence, and a dictionary.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/address.h"
#include "protocols/gluster/gluster_dict.h"

/* Source of the numbers: GlusterFS 10, rpc/rpc-lib/src/protocol-common.h; of the shapes: rpc/xdr/src/(all).x. */
struct gluster_procedure {
        uint32_t program, version, number;
        bool has_sentence; /* the answer carries a string between the numbers and the dictionary */
        bool has_flags;    /* the request carries a number before the dictionary: `flags` */
        uint32_t flags;
        const char *key; /* then, unless NULL, a string: GETSPEC's */
        bool is_portmap; /* the key is all of the request, and a status and a port are the rest of the answer */
};

struct gluster_answer {
        int32_t op_ret;   /* 0 or more: done; negative: not */
        int32_t op_errno; /* an errno of Linux, when it was not done */
        char *sentence;   /* or NULL */
        char *dict;       /* wire form, for gluster_dict_find; or NULL */
        size_t dict_length;
        int32_t port; /* of the portmap */
};

#define AUTO_GLUSTER_ANSWER __attribute__((cleanup(gluster_answer_fini)))
void gluster_answer_fini(struct gluster_answer *answer);

/* Connects over TCP until the monotonic time `until_ms`. Descriptor, or UNAVAILABLE or TIMEOUT. */
int gluster_rpc_connect(const struct address *address, uint16_t port, int64_t until_ms, struct fault *fault);

/* Calls, and waits for the answer until `until_ms`; calls that the daemon makes meanwhile (its notifications) are
 * passed over. `answer` is zeroed by the caller. 0 whatever op_ret says; UNAVAILABLE: the connection broke;
 * TIMEOUT; INTERNAL: the answer is not one, or the daemon does not know the procedure. The socket is of no
 * further use after a fault. */
int gluster_rpc_call(int socket, const struct gluster_procedure *procedure, const struct gluster_dict *dict,
                     int64_t until_ms, struct gluster_answer *answer, struct fault *fault);
