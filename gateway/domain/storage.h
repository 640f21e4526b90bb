/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A storage: what is exported from. All storages of one gateway belong to one account, because a directory is
 * no wall inside a Gluster volume or a file system (docs/security.md).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "domain/address.h"
#include "domain/document.h"

struct node;

#define STORAGE_NODES_MAX 64
#define STORAGE_PATH_MAX 1023

enum storage_kind {
        STORAGE_CLUSTER, /* "cluster": a replicated Gluster volume */
        STORAGE_SINGLE,  /* "single": a local file system of its own; no Gluster server, so NFS only */
};

/* What is asked of the protocol, by an export or as the default of a storage. */
enum protocol_wish { PROTOCOL_AUTO, PROTOCOL_GLUSTER, PROTOCOL_NFS };

struct storage {
        struct document document; /* id = name */
        enum storage_kind kind;
        char *account;
        char *environment; /* the storage's own environment: name, or NULL */
        char *layer;       /* or NULL */
        char *node_ids[STORAGE_NODES_MAX];
        size_t node_count;
        struct address addresses[STORAGE_NODES_MAX]; /* of the storage nodes; the first is what clients mount */
        size_t address_count;
        char *volume;     /* cluster: name of the volume, [A-Za-z0-9_-], "data" by default; single: NULL */
        char *mount_root; /* where clients of the platform's API see it, "/data"; single: the served directory,
                             a mount point of its own, never "/" */
        enum protocol_wish default_protocol; /* operator's; auto unless set */
};

struct storage *storage_new(const char *name);
/* Words by enum, then NULL. */
extern const char *const storage_kind_words[];
extern const char *const protocol_wish_words[];

const char *storage_kind_word(enum storage_kind kind);
const char *protocol_wish_word(enum protocol_wish wish);

bool storage_has_address(const struct storage *storage, const struct address *address);

/* Whether the node `id` is one of the storage's: said so by the storage, or, by what the inventory tells of it
 * (`node`, NULL when that is nothing), in the storage's own layer or at the address of a storage node. */
bool storage_has_node(const struct storage *storage, const char *id, const struct node *node);
