/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An environment: a set of layers of one account, and the nodes (client containers) in them. The platform's
 * inventory writes these; Gatehouse believes them about who is who, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/address.h"
#include "domain/document.h"
#include "domain/inventory.h"
#include "domain/mac.h"

#define NAME_MAX_BYTES 128       /* environment, layer, storage and account names, uids and node ids */
#define LAYERS_MAX 64            /* of one environment */
#define NODE_ADDRESSES_MAX 8     /* of one node */
#define NODE_IMAGE_MAX_BYTES 512 /* image reference with tag */
#define OS_TEXT_MAX_BYTES 128    /* os.id, os.id_like, os.version */

/* state word, whether its nodes are let in */
#define ENVIRONMENT_STATE_TABLE(X)          \
        X(ENVIRONMENT_STARTING, "starting") \
        X(ENVIRONMENT_RUNNING, "running")   \
        X(ENVIRONMENT_SLEEPING, "sleeping") \
        X(ENVIRONMENT_STOPPED, "stopped")   \
        X(ENVIRONMENT_MIGRATING, "migrating")

#define ENVIRONMENT_STATE_ENUM(state, word) state,
enum environment_state { ENVIRONMENT_STATE_TABLE(ENVIRONMENT_STATE_ENUM) ENVIRONMENT_STATE_COUNT };
#undef ENVIRONMENT_STATE_ENUM

/* "8.3.1" of the platform; parts left out are 0. */
struct platform_version {
        bool present;
        uint16_t major, minor, patch;
};

struct environment {
        struct document document; /* id = name; names are used again, so exports bind to uid */
        char *uid;                /* immutable and unique */
        char *account;
        enum environment_state state;
        uint64_t state_revision; /* revision of the commit that last changed `state`; `migrating` admits only
                                    nodes written after it. 0 = this object's own revision */
        struct platform_version platform_version;
        char **layers; /* names, unique, in the order given */
        size_t layer_count;
        struct origin origin;
};

struct node {
        struct document document; /* id: unique on the platform */
        char *environment;        /* name, for people */
        char *environment_uid;
        char *layer;
        struct address addresses[NODE_ADDRESSES_MAX]; /* at least one, no doubles */
        size_t address_count;
        struct mac mac;   /* of the interface that all of them are at, on a link with the storage nodes; zero = not
                             told */
        char *image;      /* "nginx:1.27-alpine" or NULL */
        char *os_id;      /* os-release(5) ID, or NULL */
        char *os_id_like; /* os-release(5) ID_LIKE: words parted by blanks, or NULL */
        char *os_version; /* os-release(5) VERSION_ID, or NULL */
        bool nfs_only;    /* the platform narrowed client_types to nfs */
        struct origin origin;
};

/* Zeroed objects at one reference; caller owns. Strings are set by taking heap memory. */
struct environment *environment_new(const char *name);
struct node *node_new(const char *id);

extern const char *const environment_state_words[]; /* by state, then NULL */
const char *environment_state_word(enum environment_state state);

/* Sets next->state_revision for an object that replaces `now` (NULL = there was none): kept when the state is the
 * same, else 0, the revision of the commit that `next` gets. Call it before `next` is put. */
void environment_keep_state_revision(struct environment *next, const struct environment *now);

bool environment_has_layer(const struct environment *environment, const char *layer);

/* "8.3", "8.3.1", "8": up to three numbers of at most 65535. 0 or -1. */
int platform_version_parse(const char *text, struct platform_version *version);
/* "8.3.1", or "8.3" when the last number is 0; caller frees; NULL if absent. */
char *platform_version_format(const struct platform_version *version);

/* Whether `text` is a name: [A-Za-z0-9] then up to 127 more of [A-Za-z0-9._-]. Names stand in URLs, file names
 * and log lines unquoted. */
bool name_is_valid(const char *text);
