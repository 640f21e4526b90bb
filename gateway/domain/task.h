/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A task: access that was taken away, and the receipt of it: which layer of which storage node was seen to let in
 * no more whom it had let in, when, and which clients' connections were ended. It is put by the same commit as the
 * write that takes the access away, so that the two live or die together; what has become of it since is an
 * observation (reconcile/receipts.h), written once it has ended. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/address.h"
#include "domain/document.h"
#include "domain/export.h"
#include "domain/firewall_set.h"

/* kind, word: the audit trail has the same one */
#define TASK_KIND_TABLE(X)                               \
        X(TASK_APPLY, "apply")                           \
        X(TASK_EXPORT_CREATE, "export.create")           \
        X(TASK_EXPORT_CHANGE, "export.change")           \
        X(TASK_EXPORT_DELETE, "export.delete")           \
        X(TASK_EXPORT_REVOKE, "export.revoke")           \
        X(TASK_NODE_PUT, "node.put")                     \
        X(TASK_NODE_DELETE, "node.delete")               \
        X(TASK_ENVIRONMENT_PUT, "environment.put")       \
        X(TASK_ENVIRONMENT_DELETE, "environment.delete") \
        X(TASK_INVENTORY_REPORT, "inventory.report")     \
        X(TASK_INVENTORY_EXPIRED, "inventory.expired")   \
        X(TASK_STORAGE_DELETE, "storage.delete")

#define TASK_ENUM(name, word) name,
enum task_kind { TASK_KIND_TABLE(TASK_ENUM) TASK_KIND_COUNT };

/* What must confirm, outside in; a row of the receipt for each storage node. */
#define TASK_LAYER_TABLE(X)           \
        X(LAYER_FIREWALL, "firewall") \
        X(LAYER_VOLFILED, "volfiled") \
        X(LAYER_GLUSTER, "gluster")   \
        X(LAYER_NFS, "nfs")

enum task_layer { TASK_LAYER_TABLE(TASK_ENUM) LAYER_COUNT };

#define TASK_STEP_TABLE(X)                                                  \
        X(STEP_WAITING, "waiting")     /* not seen to have let go yet */    \
        X(STEP_CONFIRMED, "confirmed") /* seen to let nobody in any more */ \
        X(STEP_OFF, "off")             /* the operator has switched it off */

enum task_step_state { TASK_STEP_TABLE(TASK_ENUM) STEP_STATE_COUNT };
#undef TASK_ENUM

extern const char *const task_kind_words[];  /* by enum, then NULL */
extern const char *const task_layer_words[]; /* by enum, then NULL */
extern const char *const task_step_words[];  /* by enum, then NULL */

/* An export that somebody loses; or, with the id "", the storage itself. */
struct task_export {
        char id[EXPORT_ID_SIZE];
        uint16_t number; /* its Export_Id; 0 for a storage */
        char *storage;   /* name */
};

/* One layer of one storage node. */
struct task_step {
        char *storage_node;
        enum task_layer layer;
        enum task_step_state state;
        int64_t at_ms;         /* wall clock: when it was confirmed; else 0 */
        enum fault_code cause; /* waiting: what stands in the way; FAULT_NONE = it is in hand */
        char *sentence;        /* with a cause */
};

/* A client whose connections to a service were ended. */
struct task_cut {
        struct address address;
        enum firewall_service service;
        unsigned connections;
};

struct task {
        struct document document; /* id: "ta-..."; revision, while it runs: that of the write that it belongs to */
        enum task_kind kind;
        char *subject; /* the export's or node's id, the environment's or storage's name, the source of the
                          inventory */
        char *account;
        char *actor; /* as in the audit trail */
        struct task_export *exports;
        size_t export_count;
        struct address *clients; /* who loses something, while it runs */
        size_t client_count;
        size_t exports_left_out, clients_left_out; /* more than a task holds: of these it says nothing */
        struct task_step *steps;
        size_t step_count;
        struct task_cut *cuts;
        size_t cut_count;
        int64_t ended_at_ms; /* wall clock; 0 = it runs */
};

#define TASK_ID_SIZE EXPORT_ID_SIZE
#define TASK_KEPT_MS (30LL * 24 * 3600 * 1000) /* after its end */

/* What a task holds of either: it is one document, which is read again at each look. A full report of the
 * inventory can take away more than that. */
#define TASK_EXPORTS_MOST 1000
#define TASK_CLIENTS_MOST 1000

/* A task without exports, clients and steps; caller owns one reference. Texts are copied; `account` and `actor`
 * may be NULL.
 */
struct task *task_new(const char *id, enum task_kind kind, const char *subject, const char *account,
                      const char *actor);

/* One with nothing but its id, for document_parse. */
struct task *task_new_empty(const char *id);

/* A fresh task that says the same, without revision, clients, steps and cuts; caller owns. */
struct task *task_again(const struct task *task);

/* Each adds a copy; an export or client beyond what a task holds is counted as left out. */
void task_add_export(struct task *task, const struct export *export);
void task_add_storage(struct task *task, const char *storage);
void task_add_client(struct task *task, const struct address *address);
void task_add_step(struct task *task, const struct task_step *step);
void task_add_cut(struct task *task, const struct task_cut *cut);

bool task_has_export(const struct task *task, const char *export_id);
bool task_has_client(const struct task *task, const struct address *address);
static inline bool task_is_running(const struct task *task)
{
        return task->ended_at_ms == 0;
}

/* "ta-" and the rest as export_id_make: ids sort by time. */
char *task_id_make(int64_t wall_ms, const uint8_t random[10], char id[TASK_ID_SIZE]);
