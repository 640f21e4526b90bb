/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything that is wanted and known, at one revision, with the indexes that policy and REST need. Immutable
 * and shared: a reader takes a reference and never locks; a commit makes the next one out of a draft, in
 * O(log n) for each object that changed.
 */
#pragma once

#include <stdbool.h>

#include "base/pmap.h"
#include "domain/address.h"
#include "domain/document.h"
#include "domain/environment.h"
#include "domain/export.h"
#include "domain/storage.h"
#include "domain/token.h"

struct snapshot {
        struct shared shared;
        uint64_t revision;
        struct pmap kinds[DOCUMENT_KIND_COUNT]; /* id -> object, a map for each kind */
        /* Unique keys (uid, number, hash) are the writer's to keep unique; here the last put wins. */
        struct pmap environments_by_uid;    /* uid */
        struct pmap nodes_by_environment;   /* uid NUL id */
        struct pmap nodes_by_layer;         /* environment uid NUL layer NUL id */
        struct pmap nodes_by_address;       /* family, bytes, NUL, id: who claims an address */
        struct pmap exports_by_environment; /* uid NUL id */
        struct pmap exports_by_storage;     /* name NUL id */
        struct pmap exports_by_account;     /* account NUL id */
        struct pmap exports_by_number;      /* two bytes, big-endian */
        struct pmap exports_by_mount;       /* environment uid NUL mount path NUL target NUL id */
        struct pmap storages_by_address;    /* family, bytes, NUL, name */
        struct pmap tokens_by_hash;         /* 32 bytes */
        struct pmap canaries; /* storage name: the export that verification tries (domain/canary.h) */
};

/* An empty one, or a copy to be changed: it is private to the caller until it is published (by being handed to
 * readers), and must not change after. Caller owns one reference; shared_put drops it. */
struct snapshot *snapshot_new(void);
struct snapshot *snapshot_draft(const struct snapshot *from);

/* Puts `document` (any kind; a reference is taken) over whatever has its kind and id, and mends the indexes. */
void snapshot_put(struct snapshot *draft, struct document *document);

/* Removes the object of this kind and id; false when there is none. */
bool snapshot_remove(struct snapshot *draft, enum document_kind kind, const char *id);

/* Borrowed, valid while the snapshot is held; NULL when there is none. */
const struct document *snapshot_find(const struct snapshot *snapshot, enum document_kind kind, const char *id);
const struct environment *snapshot_environment(const struct snapshot *snapshot, const char *name);
const struct environment *snapshot_environment_by_uid(const struct snapshot *snapshot, const char *uid);
const struct node *snapshot_node(const struct snapshot *snapshot, const char *id);
const struct storage *snapshot_storage(const struct snapshot *snapshot, const char *name);
const struct export *snapshot_export(const struct snapshot *snapshot, const char *id);
const struct export *snapshot_export_by_number(const struct snapshot *snapshot, uint16_t number);
const struct inventory *snapshot_inventory(const struct snapshot *snapshot, const char *source);
/* The canary of a storage; NULL when there is no such storage, or more than there are numbers for. */
const struct export *snapshot_canary(const struct snapshot *snapshot, const char *storage);
const struct token *snapshot_token_by_hash(const struct snapshot *snapshot, const uint8_t hash[TOKEN_HASH_SIZE]);
/* Whether a token of scope node still has its node: it is there, in the environment that it was in when the token
 * was made, and of the same account. */
bool snapshot_token_has_node(const struct snapshot *snapshot, const struct token *token);

/* Whether two nodes or more claim `address`. */
bool snapshot_address_is_contested(const struct snapshot *snapshot, const struct address *address);

/* Whether any storage has `address`. */
bool snapshot_address_is_storage(const struct snapshot *snapshot, const struct address *address);

/* Walks one index: `prefix` and a NUL begin the keys (prefix NULL: the whole map). For compound indexes the
 * id part begins after the NUL. `after_id` (may be NULL) starts behind that id, which need not be there. Order:
 * by id. Texts of any length may be given: what no key can hold finds nothing. */
#define SNAPSHOT_PREFIX_MAX (2 * DOCUMENT_ID_MAX + EXPORT_PATH_MAX + 8)
struct snapshot_walk {
        struct pmap_cursor cursor;
        char prefix[SNAPSHOT_PREFIX_MAX];
        size_t prefix_length;
};
void snapshot_walk_start(struct snapshot_walk *walk, struct pmap map, const char *prefix, const char *after_id);
/* The nodes of one layer of an environment, by id. */
void snapshot_walk_layer(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *layer);
/* The nodes that claim `address`, by id. */
void snapshot_walk_claimants(struct snapshot_walk *walk, const struct snapshot *snapshot,
                             const struct address *address);
/* The exports of an environment whose mount path is `mount_path`, by target and id. */
void snapshot_walk_mount(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *mount_path);
/* Those of them with exactly this target (name NULL for TARGET_ALL), by id. */
void snapshot_walk_mount_target(struct snapshot_walk *walk, const struct snapshot *snapshot,
                                const char *environment_uid, const char *mount_path, enum target_kind target,
                                const char *target_name);
/* The exports of an environment whose mount path lies below `mount_path` (not those at it). */
void snapshot_walk_below(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *mount_path);
/* The next object or NULL at the end. */
const struct document *snapshot_walk_next(struct snapshot_walk *walk);
