/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam to the probe place: what verification can try, and how far a client may get. Implemented by
 * protocols/probe; a seam like those of domain/seams.h.
 */
#pragma once

#include <stdbool.h>

#include "base/fault.h"
#include "domain/probe_network.h"

/* How far a client gets. The order is that of openness. */
enum probe_verdict {
        PROBE_UNKNOWN, /* nobody said in time, or what was said tells nothing of access */
        PROBE_CLOSED,  /* no connection: a packet filter refuses it, or nobody listens */
        PROBE_REFUSED, /* the server refuses */
        PROBE_LET_IN,
};
const char *probe_verdict_word(enum probe_verdict verdict); /* "unknown", "closed", "refused", "let_in" */

/* Trying the canary of a storage as a client does, from the probe place on this storage node. Used by one thread;
 * a try takes at most its deadline, and costs a worker when it would take longer. */
struct probe {
        /* Sees to it that the place is there, in `network`: made anew when it is in another one. CONFLICT: its
         * addresses are somebody's; UNAVAILABLE: the helper, or the kernel, does not make one. */
        int (*prepare)(void *context, const struct probe_network *network, struct fault *fault);
        void (*remove)(void *context);
        /* Whether `address` is this storage node's: another one's cannot be tried from here. */
        bool (*is_here)(void *context, const struct address *address);
        /* 0 and *verdict, and `fault` has the cause of all but LET_IN; or nobody could try: TIMEOUT: the worker
         * was killed. */
        int (*nfs)(void *context, enum probe_client client, const struct address *server, const char *pseudo,
                   int deadline_ms, enum probe_verdict *verdict, struct fault *fault);
        /* The volume's description, then each of its bricks at `server`: *least and *most open of their verdicts.
         * The bricks are those that the description named when a client last got it. */
        int (*native)(void *context, enum probe_client client, const struct address *server, const char *volume,
                      const char *subdir, int deadline_ms, enum probe_verdict *least, enum probe_verdict *most,
                      struct fault *fault);
        struct probe_network network; /* of the configuration; a member of the pool is told another */
        void *context;
};
