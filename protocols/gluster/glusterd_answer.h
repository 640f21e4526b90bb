/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How glusterd is called and its answers are read: what glusterd_rpc.c and glusterd_heal.c have in common. Nobody
 * else includes this.
 */
#pragma once

#include "protocols/gluster/gluster_rpc.h"
#include "protocols/gluster/glusterd_rpc.h"

#define GLUSTERD_PROGRAM 1238463
#define GLUSTERD_PROGRAM_VERSION 2

int glusterd_call(int socket, const struct gluster_procedure *procedure, const struct gluster_dict *dict,
                  int deadline_ms, struct gluster_answer *answer, struct fault *fault);

/* The value of a formatted key, borrowed from the answer; or NULL. */
const char *glusterd_answer_find(const struct gluster_answer *answer, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* A decimal number from 0 to `most`; false, and 0, for anything else, NULL included. */
bool glusterd_answer_number(const char *text, uint64_t most, uint64_t *value);

/* The brick that an answer speaks of, or NULL. */
struct glusterd_brick *glusterd_brick_find(struct glusterd_volume *seen, const char *host, const char *path);

/* INTERNAL: something is missing from the answer. */
int glusterd_answer_cut(struct fault *fault);

/* The fault of an answer that refuses: CONFLICT or INVALID, "<what> <volume>: glusterd says: ...". */
int glusterd_answer_refusal(const struct gluster_answer *answer, const char *what, const char *volume,
                            struct fault *fault);
