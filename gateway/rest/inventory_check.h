/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What speaks against an environment or node in the light of all others: what a PUT of one, and a full report, are
 * held to alike. `pointer` is of the object in the body.
 */
#pragma once

#include "domain/snapshot.h"
#include "domain/violation.h"

/* A uid belongs to one environment for good, and a name to one uid as long as that environment is there.
 * `existing` has the name; NULL = nobody has. */
void inventory_check_uid(const struct snapshot *now, const struct environment *existing,
                         const struct environment *wanted, const char *pointer, struct violations *violations);

/* A layer that still has nodes is not dropped silently: they would be in no layer. */
void inventory_check_layers(const struct snapshot *now, const struct environment *existing,
                            const struct environment *wanted, const char *pointer, struct violations *violations);

/* Its layer, and the storages' own addresses. */
void inventory_check_node(const struct snapshot *now, const struct environment *environment,
                          const struct node *node, const char *pointer, struct violations *violations);
