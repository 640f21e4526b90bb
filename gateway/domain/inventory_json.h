/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A full report of a source: all environments and nodes that there are by it. Read strictly, every violation at
 * once; whether it fits to what else there is, is for rest/inventory_apply.h to say.
 */
#pragma once

#include "base/pmap.h"
#include "domain/environment.h"
#include "domain/violation.h"

struct json_t;

struct reported_node {
        struct node *node;  /* a reference; bound to its environment */
        size_t environment; /* place in inventory_report.environments */
        size_t place;       /* among the nodes of its environment, for pointers */
};

/* Zeroed = empty. */
struct inventory_report {
        char *source;
        uint64_t revision;
        struct environment **environments; /* references, in the order given */
        size_t environment_count;
        struct reported_node *nodes; /* by environment */
        size_t node_count;
        struct pmap by_name; /* the same: name -> struct environment */
        struct pmap by_id;   /* id -> struct node */
        struct pmap by_uid;  /* uid -> struct environment */
};

void inventory_report_fini(struct inventory_report *report);

/* Reads {source, revision, environments: [{name, uid, account, state, platform_version?, layers, nodes?: [{id,
 * layer, addresses, image?, os?, client_types?}]}]}: names, uids and ids once each, layers that there are. */
void inventory_report_read(const struct json_t *body, struct inventory_report *report,
                           struct violations *violations);

/* What it says, in an order of its own: the same for any order of its environments and nodes. Caller frees. */
char *inventory_report_render(const struct inventory_report *report);

/* Reads {source, revision} of a heartbeat; `source` is borrowed from the body. */
void inventory_heartbeat_read(const struct json_t *body, const char **source, uint64_t *revision,
                              struct violations *violations);
