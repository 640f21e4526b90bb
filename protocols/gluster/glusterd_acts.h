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
 * for each member: id text, name text, local u64; filter in place, number of bricks (u64 each), for each: path
 * text, address 4 bytes or none, port u64, local u64
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

/* Where glusterd keeps what it has written, unless told otherwise. */
#define GLUSTERD_WORK_FOLDER "/var/lib/glusterd"

/* The helper's acts, closed by a row without `run`; no context. */
extern const struct act glusterd_acts[];
