/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `gatehouse doctor` makes of what it has learned: the hops from the configuration to the probe in the order
 * of the path, each ok, broken or not checked. A hop that stands behind a broken one is not blamed for it. Judging
 * and showing are pure; asking is command_doctor.c's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct json_t;

enum hop {
        HOP_CONFIG,
        HOP_DAEMON,
        HOP_TLS,
        HOP_STORE,
        HOP_HELPER,
        HOP_GLUSTERD,
        HOP_BRICKS,
        HOP_FILTER,
        HOP_VOLFILED,
        HOP_FIREWALL,
        HOP_GANESHA,
        HOP_PROBE,
        HOP_COUNT
};

enum hop_state { HOP_NOT_CHECKED, HOP_OK, HOP_BROKEN };

struct finding {
        enum hop_state state;
        char *sentence; /* owned; or NULL */
};

struct diagnosis {
        struct finding findings[HOP_COUNT];
};
#define AUTO_DIAGNOSIS __attribute__((cleanup(diagnosis_fini)))
void diagnosis_fini(struct diagnosis *diagnosis);

/* Notes a finding; takes `sentence`. What was found broken stays so. */
void diagnosis_note(struct diagnosis *diagnosis, enum hop hop, enum hop_state state, char *sentence);

/* Judges what the gateway tells: the answers of GET /healthz, /v1/drift and /v1/verification; the last two may be
 * NULL, when whoever asks may not know them. `now_ms`: wall clock, for how long ago a look was. */
void diagnosis_judge(struct diagnosis *diagnosis, const struct json_t *health, const struct json_t *drift,
                     const struct json_t *verification, int64_t now_ms);

/* To be called last: a hop that cannot work because one that it needs is broken, or that nobody looked at, becomes
 * not checked and says why. */
void diagnosis_settle(struct diagnosis *diagnosis);

bool diagnosis_is_broken(const struct diagnosis *diagnosis);

/* Adds a line for each hop; below one that is broken what to type and where the logs are. */
void diagnosis_show(const struct diagnosis *diagnosis, bool colour, struct text *text);

/* {"hops": [{"hop", "state": "ok" | "broken" | "not_checked", "sentence", "type", "logs"}]}; the caller drops it.
 */
struct json_t *diagnosis_to_json(const struct diagnosis *diagnosis);
