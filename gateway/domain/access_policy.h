/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a node is let in at all: same account, state of the environment, whose address it is. Checked each
 * time grants are derived, so that a node that leaves or changes owner loses access without anyone editing an
 * export. Pure. Anything unknown: no access.
 */
#pragma once

#include "domain/address.h"
#include "domain/environment.h"
#include "domain/export.h"
#include "domain/storage.h"

/* verdict, word, sentence, does it end by itself (suspended) or is it a refusal */
#define ACCESS_TABLE(X)                                                                                           \
        X(ACCESS_ADMITTED, "admitted", "same account, running, address its own", false)                           \
        X(ACCESS_ENVIRONMENT_UNKNOWN, "environment.unknown", "the environment is gone", false)                    \
        X(ACCESS_ENVIRONMENT_OTHER_ACCOUNT, "environment.other_account",                                          \
          "the environment belongs to another account than the export", false)                                    \
        X(ACCESS_STORAGE_UNKNOWN, "storage.unknown", "the storage is gone", false)                                \
        X(ACCESS_STORAGE_OTHER_ACCOUNT, "storage.other_account",                                                  \
          "the storage belongs to another account than the export", false)                                        \
        X(ACCESS_EXPORT_DISABLED, "export.disabled", "the export is switched off", true)                          \
        X(ACCESS_EXPORT_EXPIRED, "export.expired", "the export has expired", true)                                \
        X(ACCESS_ENVIRONMENT_SLEEPING, "environment.sleeping", "the environment sleeps", true)                    \
        X(ACCESS_ENVIRONMENT_STOPPED, "environment.stopped", "the environment is stopped", true)                  \
        X(ACCESS_ENVIRONMENT_MIGRATING, "environment.migrating",                                                  \
          "the environment migrates and this node's addresses have not been confirmed since", true)               \
        X(ACCESS_INVENTORY_SUSPENDED, "inventory.suspended",                                                      \
          "its inventory has not been heard of for inventory_max_age; nobody is let in until it is", true)        \
        X(ACCESS_INVENTORY_EXPIRED, "inventory.expired",                                                          \
          "its inventory has not been heard of for inventory_max_age, and nobody new is let in until it is: the " \
          "node, its environment or the export was written since",                                                \
          true)                                                                                                   \
        X(ACCESS_NODE_NO_ADDRESS, "node.no_address", "the node has no address", true)                             \
        X(ACCESS_ADDRESS_CONTESTED, "address.contested",                                                          \
          "another node claims the same address; nobody is let in by it until the inventory agrees", true)        \
        X(ACCESS_ADDRESS_NOT_CLIENT, "address.not_client",                                                        \
          "the address is a storage node's or not one that a client can have", false)                             \
        X(ACCESS_MOUNT_CONFLICT, "mount.conflict", "an older export is already mounted at this path of the node", \
          false)

#define ACCESS_ENUM(verdict, word, sentence, suspends) verdict,
enum access_verdict { ACCESS_TABLE(ACCESS_ENUM) ACCESS_VERDICT_COUNT };
#undef ACCESS_ENUM

/* What the snapshot knows that the objects do not say themselves. */
struct access_facts {
        int64_t now_ms;
        /* whether more than one node claims `address`; false for NULL */
        bool (*is_contested)(void *context, const struct address *address);
        /* whether a storage node has `address` */
        bool (*is_storage_node)(void *context, const struct address *address);
        /* the source of this name; NULL when nothing is known of it, so that its silence does not count */
        const struct inventory *(*inventory)(void *context, const char *source);
        void *context;
};

/* The verdict for one node of one export; `environment` and `storage` may be NULL (gone). The order of the
 * checks is that of ACCESS_TABLE; ACCESS_MOUNT_CONFLICT is told by grant_derive, which sees the other exports. */
enum access_verdict access_judge(const struct export *export, const struct storage *storage,
                                 const struct environment *environment, const struct node *node,
                                 const struct access_facts *facts);

const char *access_word(enum access_verdict verdict);
const char *access_sentence(enum access_verdict verdict);
bool access_is_suspension(enum access_verdict verdict); /* ends by itself: shown as suspended, not refused */
