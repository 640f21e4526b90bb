/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a volume is on this storage node as Gatehouse has made it: its options as glusterd stores them, the
 * access list in its folder, every volfile that glusterd has written, and gatehouse-volfile-filter in its place.
 * Changes nothing; but for the second act, which links the filter again.
 *
 *   ACT_GLUSTERD_VOLUME_COMPARE    volume text, number of storage nodes u64, 4 bytes for each, whether there is a
 *                                  list u64, descriptor: a sealed memfd with it -> number of differences u64, for
 *                                  each: kind u64, name text, observed text, desired text ("" = nothing)
 *   ACT_GLUSTERD_FILTER_PUT_BACK   -
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

#define VOLUME_DIFFERENCES_MAX 32 /* more are not told */

/* Asks the helper; the shape is that of struct gluster_volume's compare. */
int volume_compare_ask(const struct act_caller *helper, const char *volume, const struct address *peers,
                       size_t peer_count, const struct access_list *list, struct volume_differences *found,
                       struct fault *fault);
int filter_put_back_ask(const struct act_caller *helper, struct fault *fault);

/* The acts, for the table in glusterd_acts.c. */
int volume_compare_run(void *context, struct message *request, struct message *reply, struct fault *fault);
int filter_put_back_run(void *context, struct message *request, struct message *reply, struct fault *fault);
