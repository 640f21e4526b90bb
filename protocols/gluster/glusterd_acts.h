/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the helper does for the daemon with glusterd: its socket, its volfiles and the folder of access lists are
 * root's. None of the acts needs a capability: root owns what they touch. Every argument is checked here again;
 * names of options come from a table that is compiled in.
 *
 * The fields of each request and reply, in order; gluster_volume.c is the other side, and client_volfile.h says it
 * of the act that it declares.
 *
 *   ACT_GLUSTERD_VOLUME_OBSERVE   volume text -> exists, started, generation, number of pool members (u64 each),
 * for each member: id text, name text, local u64; filter in place, op-version (0: not said), number of bricks (u64
 * each), for each: path text, address 4 bytes or none, port u64, local u64
 *
 *   ACT_GLUSTERD_LIST_INSTALL     volume text, descriptor: a sealed memfd with the list (access_list_text.h)
 *
 *   ACT_GLUSTERD_LIST_STORE       as ACT_GLUSTERD_LIST_INSTALL; the generation of the volume stays as it is
 *
 *   ACT_GLUSTERD_NODE_OBSERVE     volume text -> id of this glusterd text, filter in place u64, generation of the
 *                                 list in the access folder u64 (0: none that is in order)
 *
 *   ACT_GLUSTERD_VOLUME_SECURE    volume text, number of storage nodes u64, 4 bytes for each
 */
#pragma once

#include "base/act.h"
#include "base/text.h"
#include "protocols/gluster/glusterd_rpc.h"

/* Where glusterd keeps what it has written, unless told otherwise. */
#define GLUSTERD_WORK_FOLDER "/var/lib/glusterd"

#define GLUSTERD_GENERATION_OPTION "user.gatehouse-generation"
#define GLUSTERD_ASK_MS 5000 /* for what this glusterd answers by itself */

/* Takes the name of a volume out of a request. MALFORMED. */
int glusterd_take_volume(struct message *request, const char **volume, struct fault *fault);

/* Takes the storage nodes of a request as the value that auth.allow is stored with. */
int glusterd_take_peers(struct message *request, struct text *value, struct fault *fault);

/* What `secure` sets, given what is set now; `wanted` has room for GLUSTERD_SECURE_OPTIONS_MAX. Their number;
 * `allow` is borrowed. */
#define GLUSTERD_SECURE_OPTIONS_MAX 16
size_t glusterd_secure_options(const struct glusterd_volume *seen, const char *allow,
                               struct glusterd_option *wanted);

/* The IPv4 address of a brick's host: a literal, or a name that this node can resolve; else false. */
bool glusterd_brick_address(const struct glusterd_brick *brick, struct address *address);

/* Puts a brick as ACT_GLUSTERD_VOLUME_OBSERVE tells it; gluster_take_brick takes it. */
void glusterd_put_brick(struct message *reply, const struct glusterd_brick *brick, bool local);

/* The helper's acts, closed by a row without `run`; no context. */
extern const struct act glusterd_acts[];
