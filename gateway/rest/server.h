/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The HTTP API: listeners, one event thread for each, and a thread for questions to the world. Called by main.c,
 * which joins it to the store, the status and the storages; everything else of this folder hangs below it.
 * Knows nothing of protocols/.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/fault.h"
#include "domain/latency.h"
#include "domain/seams.h"
#include "reconcile/drift.h"
#include "reconcile/inventory_watch.h"
#include "reconcile/status.h"
#include "reconcile/storage_watch.h"
#include "reconcile/verify.h"
#include "store/writer.h"

struct rest_limits {
        unsigned connections;             /* at once, on all TCP listeners, and on each other; 0 = 256 */
        unsigned connections_per_address; /* at once, of each TCP client's address (IPv6: /64), on all; 0 = 64 */
        unsigned heartbeat_ms;            /* between signs of life of a stream of events; 0 = 15 s */
        unsigned request_timeout_s;       /* for a whole header, for a whole body, and between requests; 0 = 30 */
};

struct tls;

/* Everything the API works on; borrowed, and must outlive the server. */
struct rest_context {
        struct writer *writer;
        struct status *status;
        struct drift *drift;               /* or NULL: nothing is known of drift */
        const struct latency *latency;     /* or NULL: nobody counts how long calls take */
        const struct storage_files *files; /* may be slow: called from the thread "rest-questions" only */
        const struct firewall *firewall;   /* count_sessions alone, from there too; NULL = it is switched off */
        struct inventory_watch *inventory; /* or NULL: nobody counts how long sources are silent */
        struct verify *verify;             /* NULL = verification is off */
        struct storage_watch *storages;    /* or NULL: nobody looks how they are */
        const struct clock *clock;
        gid_t operator_gid;        /* members are operators on the Unix socket, as root is */
        int path_check_timeout_ms; /* how long a create waits for somebody to look at its path */
        char *const
                *cors_origins; /* of whose pages browsers may ask (rest/cors.h); NULL-terminated; NULL = none */
        void (*random_bytes)(void *bytes, size_t length); /* NULL = the kernel's */
        struct rest_limits limits;
        struct tls *tls;      /* what is shown on TCP; NULL = plain HTTP */
        const int *listeners; /* listening sockets, AF_UNIX, AF_INET or AF_INET6; taken by rest_start */
        size_t listener_count;
};

struct rest_server;

/* Starts to serve `context` (copied; what it points to is borrowed). On a fault the listeners are closed. */
int rest_start(const struct rest_context *context, struct rest_server **server, struct fault *fault);

/* Ends it: takes no new connection, ends streams of events, answers 503 to what has not been committed, ends waits
 * (`Prefer: wait`) at once with what is known, waits for commits under way and for the question that is being put,
 * then closes. To be called before writer_free and status_free; a wait that the status still holds frees itself
 * when the status settles it. NULL is fine. */
void rest_stop(struct rest_server *server);
