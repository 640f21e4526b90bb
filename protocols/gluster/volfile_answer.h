/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What gatehouse-volfiled says to a native client, in place of glusterd: one RPC record in, one out. Nothing of
 * glusterd's is in it but what a mount needs: the client volfile of one volume, the ports of its bricks on this
 * node, the list of these programs, and a ping. Pure: no socket, no clock; volfile_service.c is the caller.
 *
 * Shapes and numbers: GlusterFS 10, rpc/rpc-lib/src/{protocol-common,xdr-common}.h, rpc/xdr/src/{glusterfs3-xdr,
 * portmap-xdr,rpc-common-xdr}.x; RFC 5531. Read and written by libtirpc's XDR.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/text.h"
#include "domain/seams.h"

#define VOLFILE_REQUEST_MAX 16384 /* bytes of one record; a mount's are below 1 KiB */
#define VOLFILE_CREDENTIALS_MAX                                                                                   \
        2048                          /* of AUTH_GLUSTERFS; RFC 5531 has 400, and glusterfs more with many groups \
                                       */
#define VOLFILE_SERVED_MAX (1 << 20)  /* bytes of the client volfile; 1 KiB for a brick, 5 KiB above it */
#define VOLFILE_SERVED_BRICKS_MAX 512 /* of one volume on one node */

/* What is served. Zeroed = nothing: each volume and each brick is unknown. */
struct volfile_served {
        char *volume;
        char *text; /* the client volfile: no credentials, no backtick (volfile_served_check) */
        size_t length;
        struct volume_brick *bricks; /* of this node; path and port are looked at */
        size_t brick_count;
};
#define AUTO_VOLFILE_SERVED __attribute__((cleanup(volfile_served_fini)))
void volfile_served_fini(struct volfile_served *served);

/* INVALID, saying why, for what must not be served: a name that no volume has, a volfile with credentials (whoever
 * holds them is let into any directory), a backtick (the client would execute it as root), a NUL, nothing in it,
 * or more than the limits. */
int volfile_served_check(const struct volfile_served *served, struct fault *fault);

enum volfile_verdict {
        VOLFILE_HANG_UP, /* not a call of RFC 5531: nothing was added to `reply` */
        VOLFILE_ANSWERED,
        VOLFILE_FETCHED, /* answered, with the client volfile: this client wants to hear of a new one */
};

/* Answers the `length` bytes of a record (without its mark); appends mark and record to `reply`. Programs and
 * procedures that a mount does not need are answered as unknown ones, arguments that cannot be read as garbage. */
enum volfile_verdict volfile_answer(const struct volfile_served *served, const void *record, size_t length,
                                    struct text *reply);

/* Appends the call that makes a client fetch its volfile again: program 52743234, procedure FETCHSPEC, no
 * arguments. Nobody answers it. */
void volfile_push_render(struct text *out);
