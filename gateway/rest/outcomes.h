/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One part of a dry run's answer: what would appear, change and vanish there. All is counted, and so much of it
 * shown as a person reads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;

/* Items that are shown of each kind. */
#define OUTCOMES_MOST 1000

enum outcome { OUTCOME_APPEARS, OUTCOME_CHANGES, OUTCOME_VANISHES, OUTCOME_COUNT };

/* Zeroed = empty. */
struct outcomes {
        struct json_t *lists[OUTCOME_COUNT]; /* owned */
        size_t counts[OUTCOME_COUNT];
};
void outcomes_fini(struct outcomes *outcomes);

/* Counts one more, and tells whether it will be shown: then it is to be added. */
bool outcomes_count(struct outcomes *outcomes, enum outcome outcome);
void outcomes_add(struct outcomes *outcomes, enum outcome outcome, struct json_t *item); /* taken */

/* {appear: [...], change: [...], vanish: [...], counts: {...}}; nothing is left. Caller owns the reference. */
struct json_t *outcomes_take(struct outcomes *outcomes);

/* Says in `object` why it is so: members "code" and "sentence". */
void json_set_reason(struct json_t *object, const char *code, const char *sentence);
