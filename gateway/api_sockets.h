/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the API listens and what it shows there: the sockets that gatehouse.conf(5) names, or that the service
 * manager passed in; the certificate; and that nothing but TLS is spoken where others can listen, unless that was
 * asked for.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "configuration.h"
#include "reconcile/status.h"

#define API_SOCKETS_MAX 16

struct api_sockets {
        int listeners[API_SOCKETS_MAX]; /* rest_start takes them */
        size_t count;
        struct tls *tls;         /* NULL = plain HTTP; to be freed when nobody serves any more */
        const char *certificate; /* its file, for the log; the configuration's */
        enum fault_code told;    /* how its time was when the log told of it */
};

/* Opens them, the Unix socket for `group`. What was opened stays in `sockets` also on a fault. */
int api_sockets_open(struct api_sockets *sockets, const struct configuration *configuration, gid_t group,
                     struct fault *fault);

/* Notes in `status` whether the certificate, if there is one, is valid, and for long enough; the log tells when
 * that has changed. Costs next to nothing. */
void api_sockets_look(struct api_sockets *sockets, struct status *status);

/* Reads certificate and key again, and looks. The log tells what came of it; on a fault new connections get what
 * they got. */
void api_sockets_renew(struct api_sockets *sockets, struct status *status);

/* Says what start-up would say of the certificate and the key, as the calling user finds them at `now_ms`: a line
 * for each problem is added, `path` in front. -1; or 0: `problems` has got warnings at most. */
int api_sockets_check(const struct configuration *configuration, const char *path, int64_t now_ms,
                      struct text *problems);
