/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An export: what the user wants. One directory of a storage, for an environment (all its nodes, one layer or
 * one node), at a mount path. What follows from it for each client node is a grant, and is derived.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/document.h"
#include "domain/storage.h"

struct node;

#define EXPORT_PATH_MAX 1023  /* bytes of a storage path or mount path */
#define EXPORT_EXCEPT_MAX 256 /* nodes taken out of the target */
#define EXPORT_LABELS_MAX 32
#define EXPORT_NOBODY 65534     /* anonymous uid and gid unless asked: nobody, nogroup */
#define EXPORT_NUMBER_MAX 65534 /* Ganesha's Export_Id has 16 bits, and 0 is its pseudo root */
#define EXPORT_NUMBER_LAST                                                                   \
        65470 /* of an export that a user made; those behind are canaries' (domain/canary.h) \
               */

enum target_kind { TARGET_ALL, TARGET_LAYER, TARGET_NODE };
enum export_access { EXPORT_READ_WRITE, EXPORT_READ_ONLY };  /* "rw", "ro" */
enum export_squash { SQUASH_NONE, SQUASH_ROOT, SQUASH_ALL }; /* "none", "root", "all" */
enum mount_style { MOUNT_HARD, MOUNT_SOFT };                 /* "hard", "soft": how the client waits */

/* How the create of an export has gone, for its task (reconcile/creation_task.h). The end is noted in the object
 * itself, once, by the writer's thread; anybody may read it. */
struct export_creation {
        char *actor;                 /* as in the audit trail; NULL: nobody has asked for a task */
        _Atomic uint8_t sides;       /* bits by enum protocol: which servers were to hold it when it ended */
        _Atomic int64_t ended_at_ms; /* wall clock: all of them were seen to; 0 = not yet. Written after `sides` */
};

struct export_label {
        char *key, *value;
};

struct export
{
        struct document document; /* id: "ex-" and 26 characters of Crockford base 32, sorts by creation time */
        uint16_t number;          /* Ganesha's Export_Id, 1..EXPORT_NUMBER_MAX, stable for the export's life */
        uint64_t file_system_id;  /* major half of Ganesha's Filesystem_id, stable; the minor half is `number` */
        char *account;
        char *storage;         /* name */
        char *path;            /* below the storage's root, canonical, begins with "/" */
        char *environment;     /* name at creation, for people */
        char *environment_uid; /* what it binds to */
        enum target_kind target;
        char *target_name; /* layer name or node id; NULL for TARGET_ALL */
        char **except;     /* node ids */
        size_t except_count;
        char *mount_path; /* on the client, canonical */
        enum export_access access;
        enum export_squash squash;
        uint32_t anonymous_uid, anonymous_gid; /* 65534 unless asked */
        bool privileged_ports; /* clients must come from a port below 1024: only root of theirs can */
        enum protocol_wish protocol;
        enum mount_style mount_style;
        uint32_t directory_uid, directory_gid; /* of the directory, should it have to be made */
        uint16_t directory_mode;               /* 0755 unless asked; at most 07777 */
        struct export_label *labels;
        size_t label_count;
        char *manager; /* who keeps it ("dashboard", "terraform"), or NULL */
        bool enabled;
        int64_t expires_at_ms;     /* 0 = never */
        uint64_t widened_revision; /* of the commit that last let anybody in, or gave anybody more; 0 = own */
        struct export_creation creation;
        bool directory_seen; /* not stored: the look before its commit found the directory there */
};

/* With the defaults of a POST body (rw, no squash, auto, hard, 0755, enabled); the rest zeroed; one reference,
 * caller owns. */
struct export *export_new(const char *id);

/* A fresh export id: "ex-" and the rest of document_id_make. */
#define EXPORT_ID_SIZE DOCUMENT_MADE_ID_SIZE
char *export_id_make(int64_t wall_ms, const uint8_t random[10], char id[EXPORT_ID_SIZE]);

/* Sets next->widened_revision for an export that replaces `now`: kept unless `next` lets in who is not let in at
 * `now_ms`, or gives more (ro to rw, less squash). Call it before `next` is put. */
void export_keep_widened_revision(struct export *next, const struct export *now, int64_t now_ms);

/* Notes in the object itself that its create has ended, by the servers of `sides`: in the writer's thread. */
void export_note_created(const struct export *export, const bool sides[2], int64_t ended_at_ms);

/* An export that replaces `now` was made by whom that was. Call it in the writer's thread before `next` is put. */
void export_keep_creation(struct export *next, const struct export *now);

/* Whether the node is taken out of the export's target. */
bool export_excepts(const struct export *export, const char *node_id);

/* Whether the export's target names the node, and `except` does not. */
bool export_reaches(const struct export *export, const struct node *node);

/* Whether two exports could both reach one node: they have the same environment_uid, and all meets everything; a
 * layer meets a node in it, told by `layer_of_node`, which gives NULL for an unknown node. `except` is not looked
 * at. */
bool export_targets_meet(const struct export *a, const struct export *b,
                         const char *(*layer_of_node)(void *context, const char *node_id), void *context);

/* Words by enum, then NULL. */
extern const char *const export_access_words[]; /* "rw", "ro" */
extern const char *const export_squash_words[]; /* "none", "root", "all" */
extern const char *const mount_style_words[];   /* "hard", "soft" */

const char *target_kind_word(enum target_kind kind); /* "all", "layer", "node" */
const char *export_access_word(enum export_access access);
const char *export_squash_word(enum export_squash squash);
const char *mount_style_word(enum mount_style style);
