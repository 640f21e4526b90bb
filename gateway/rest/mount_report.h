/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What client nodes say they have mounted: the newest report of each node. An observation that the client makes
 * again, so it lives in memory only. Bounded by the nodes of the inventory, by the size of a body, and in all by
 * MOUNT_REPORTS_ITEMS_MAX. Nothing is decided by it: a client may say what it likes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/grant.h"
#include "domain/violation.h"

struct json_t;
struct request;

#define MOUNT_REPORT_ITEMS_MAX 512     /* of one node; some 120 bytes each fit into the 64 KiB of a body */
#define MOUNT_REPORTS_ITEMS_MAX 100000 /* of all nodes: at most some 60 MiB */
#define MOUNT_REPORT_TEXT_MAX 255      /* bytes of a sentence, and of what calls itself the client */

enum mount_seen {
        MOUNT_SEEN_MOUNTED, /* "mounted" and answering */
        MOUNT_SEEN_FAILED,  /* "failed": it should be mounted, and is not or does not answer */
        MOUNT_SEEN_ABSENT,  /* "absent": not mounted, and need not be */
};

struct mount_report_item {
        char export_id[NAME_MAX_BYTES + 1];
        size_t seen;     /* enum mount_seen */
        size_t protocol; /* enum protocol */
        bool has_protocol;
        struct address server; /* family ADDRESS_NONE when not told */
        char *sentence;        /* or NULL */
};

struct mount_report {
        struct shared shared;
        char *account;      /* that the node was of */
        char *client;       /* "mount.gatehouse 1.0", or NULL */
        int64_t wall_ms;    /* when it came */
        int64_t elapsed_ms; /* the same by the monotonic clock */
        struct mount_report_item *items;
        size_t count;
};

/* {client?, items [{export, state, protocol?, server?, sentence?}]}; NULL and violations when anything is wrong.
 * Account and times are the caller's to fill in, who owns the reference. */
struct mount_report *mount_report_from_json(const struct json_t *body, struct violations *violations);
/* {client?, reported_at, age_s, items}. */
struct json_t *mount_report_to_json(const struct mount_report *report, int64_t now_elapsed_ms);

struct mount_reports;
struct mount_reports *mount_reports_new(void);
void mount_reports_free(struct mount_reports *reports);

/* Makes `report` (its reference stays the caller's) the newest of the node. EXHAUSTED when there are too many,
 * also without those of nodes that `now` has no more. Thread-safe. */
int mount_reports_put(struct mount_reports *reports, const char *node_id, const struct mount_report *report,
                      const struct snapshot *now, struct fault *fault);

/* The newest report that the node made while it was `account`'s; NULL when there is none. Caller owns the
 * reference. Thread-safe. */
const struct mount_report *mount_reports_get(struct mount_reports *reports, const char *node_id,
                                             const char *account);

/* Adds to the JSON of a grant what its node has said of it: client {state, protocol?, server?, sentence?,
 * reported_at, age_s}. Nothing when it has said nothing. */
void grant_set_client(const struct request *request, const struct grant *grant, struct json_t *object);
