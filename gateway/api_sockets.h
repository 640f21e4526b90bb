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

#define API_SOCKETS_MAX 16

struct api_sockets {
        int listeners[API_SOCKETS_MAX]; /* rest_start takes them */
        size_t count;
        struct tls *tls;         /* NULL = plain HTTP; to be freed when nobody serves any more */
        const char *certificate; /* its file, for the log; the configuration's */
};

/* Opens them, the Unix socket for `group`. What was opened stays in `sockets` also on a fault. */
int api_sockets_open(struct api_sockets *sockets, const struct configuration *configuration, gid_t group,
                     struct fault *fault);

/* Reads certificate and key again. The log tells what came of it; on a fault new connections get what they got. */
void api_sockets_renew(struct api_sockets *sockets);
