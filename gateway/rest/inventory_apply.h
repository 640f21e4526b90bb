/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Makes a full report of a source true: what it names is there as it says, what this source had said and says no
 * more is gone. What other sources say, or somebody by hand, is left alone and counted; an object made by hand
 * that the report names becomes the source's.
 */
#pragma once

#include "domain/inventory_json.h"
#include "store/writer.h"

struct json_t;

enum inventory_outcome { INVENTORY_CREATED, INVENTORY_REPLACED, INVENTORY_REMOVED, INVENTORY_OUTCOME_COUNT };
enum inventory_noun { INVENTORY_ENVIRONMENTS, INVENTORY_NODES, INVENTORY_NOUN_COUNT };

/* Names of each kind that are kept for the audit trail and for what is left alone; all are counted. */
#define INVENTORY_NAMES_MOST 1000

/* Zeroed = nothing yet. */
struct inventory_result {
        size_t counts[INVENTORY_NOUN_COUNT][INVENTORY_OUTCOME_COUNT];
        struct json_t *names[INVENTORY_NOUN_COUNT][INVENTORY_OUTCOME_COUNT];
        size_t unchanged[INVENTORY_NOUN_COUNT], left_alone[INVENTORY_NOUN_COUNT];
        struct json_t *left_names[INVENTORY_NOUN_COUNT];
};
void inventory_result_fini(struct inventory_result *result);

/* In prepare. What is wrong is added to `violations`: then the caller must refuse, and nothing has happened. */
void inventory_apply(const struct inventory_report *report, struct write *write, struct inventory_result *result,
                     struct violations *violations);

/* Whether anything is other than before. */
bool inventory_result_any(const struct inventory_result *result);

/* {environments: {created, replaced, removed, unchanged}, nodes: ..., left_alone: {environments, nodes, names}},
 * the outcomes as counts or (`names`) as names. Caller owns the reference. */
struct json_t *inventory_result_to_json(const struct inventory_result *result, bool names);
