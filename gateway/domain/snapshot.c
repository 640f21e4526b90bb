/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/snapshot.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/canary.h"

/* Every map beside `kinds`. */
#define SNAPSHOT_INDEXES(X)       \
        X(environments_by_uid)    \
        X(nodes_by_environment)   \
        X(nodes_by_layer)         \
        X(nodes_by_address)       \
        X(exports_by_environment) \
        X(exports_by_storage)     \
        X(exports_by_account)     \
        X(exports_by_number)      \
        X(exports_by_mount)       \
        X(storages_by_address)    \
        X(tokens_by_hash)         \
        X(canaries)

static void snapshot_free(void *object)
{
        struct snapshot *snapshot = object;

        for (size_t i = 0; i < DOCUMENT_KIND_COUNT; i++)
                pmap_fini(&snapshot->kinds[i]);
#define INDEX_FINI(index) pmap_fini(&snapshot->index);
        SNAPSHOT_INDEXES(INDEX_FINI)
#undef INDEX_FINI
        free(snapshot);
}

struct snapshot *snapshot_new(void)
{
        struct snapshot *snapshot = NEW(struct snapshot);

        shared_init(snapshot, snapshot_free);
        return snapshot;
}

struct snapshot *snapshot_draft(const struct snapshot *from)
{
        struct snapshot *draft = snapshot_new();

        draft->revision = from->revision;
        for (size_t i = 0; i < DOCUMENT_KIND_COUNT; i++)
                draft->kinds[i] = pmap_dup(from->kinds[i]);
#define INDEX_DUP(index) draft->index = pmap_dup(from->index);
        SNAPSHOT_INDEXES(INDEX_DUP)
#undef INDEX_DUP
        return draft;
}

/* What is done with an index entry: the same walk over the keys of an object puts and drops them, so that the
 * two never disagree. */
typedef void index_change(struct pmap *index, const struct text *key, const struct document *document);

static void index_put(struct pmap *index, const struct text *key, const struct document *document)
{
        pmap_put(index, key->data, key->length, document);
}

/* Leaves the entry of another object alone, which can have taken over a unique key. */
static void index_drop(struct pmap *index, const struct text *key, const struct document *document)
{
        if (pmap_find(*index, key->data, key->length) == document)
                pmap_remove(index, key->data, key->length);
}

static void key_add_part(struct text *key, const char *part)
{
        text_add(key, part);
        text_add_char(key, '\0');
}

#define ADDRESS_KEY_SIZE (sizeof((struct address){ 0 }.bytes) + 2)

static void address_key(const struct address *address, char key[ADDRESS_KEY_SIZE])
{
        key[0] = (char)address->family;
        memcpy(key + 1, address->bytes, sizeof address->bytes);
        key[ADDRESS_KEY_SIZE - 1] = '\0';
}

static void key_add_address(struct text *key, const struct address *address)
{
        char part[ADDRESS_KEY_SIZE];

        address_key(address, part);
        text_add_bytes(key, part, sizeof part);
}

/* The kind comes first, so that a layer and a node of one name differ. */
static void key_add_target(struct text *key, enum target_kind target, const char *target_name)
{
        key_add_part(key, target_kind_word(target));
        key_add_part(key, target == TARGET_ALL ? "" : target_name);
}

/* Changes the entry `owner` NUL id of `index`. */
static void change_owned(struct pmap *index, const char *owner, const struct document *document,
                         index_change *change)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_part(&key, owner);
        text_add(&key, document->id);
        change(index, &key, document);
}

static void change_address(struct pmap *index, const struct address *address, const struct document *document,
                           index_change *change)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_address(&key, address);
        text_add(&key, document->id);
        change(index, &key, document);
}

static void change_environment(struct snapshot *draft, const struct environment *environment, index_change *change)
{
        AUTO_TEXT struct text key = { 0 };

        text_add(&key, environment->uid);
        change(&draft->environments_by_uid, &key, &environment->document);
}

static void change_node(struct snapshot *draft, const struct node *node, index_change *change)
{
        AUTO_TEXT struct text key = { 0 };

        change_owned(&draft->nodes_by_environment, node->environment_uid, &node->document, change);
        key_add_part(&key, node->environment_uid);
        key_add_part(&key, node->layer);
        text_add(&key, node->document.id);
        change(&draft->nodes_by_layer, &key, &node->document);
        for (size_t i = 0; i < node->address_count; i++)
                change_address(&draft->nodes_by_address, &node->addresses[i], &node->document, change);
}

static void change_storage(struct snapshot *draft, const struct storage *storage, index_change *change)
{
        for (size_t i = 0; i < storage->address_count; i++)
                change_address(&draft->storages_by_address, &storage->addresses[i], &storage->document, change);
}

static void change_export(struct snapshot *draft, const struct export *export, index_change *change)
{
        const struct document *document = &export->document;
        AUTO_TEXT struct text number = { 0 };
        AUTO_TEXT struct text mount = { 0 };

        change_owned(&draft->exports_by_environment, export->environment_uid, document, change);
        change_owned(&draft->exports_by_storage, export->storage, document, change);
        change_owned(&draft->exports_by_account, export->account, document, change);
        text_add_bytes(&number, (uint8_t[]){ (uint8_t)(export->number >> 8), (uint8_t) export->number }, 2);
        change(&draft->exports_by_number, &number, document);
        key_add_part(&mount, export->environment_uid);
        key_add_part(&mount, export->mount_path);
        key_add_target(&mount, export->target, export->target_name);
        text_add(&mount, document->id);
        change(&draft->exports_by_mount, &mount, document);
}

static void change_token(struct snapshot *draft, const struct token *token, index_change *change)
{
        AUTO_TEXT struct text key = { 0 };

        text_add_bytes(&key, token->hash, sizeof token->hash);
        change(&draft->tokens_by_hash, &key, &token->document);
}

/* The number that the storage's name asks for, or the next one that no canary has; 0 when all are taken. */
static uint16_t canary_number_free(const struct snapshot *draft, const char *storage)
{
        size_t preferred = canary_number_preferred(storage) - CANARY_NUMBER_FIRST;

        bool taken[CANARY_NUMBER_LAST - CANARY_NUMBER_FIRST + 1] = { false };
        struct snapshot_walk walk;
        const struct export *canary;

        snapshot_walk_start(&walk, draft->canaries, NULL, NULL);
        while ((canary = (const struct export *)snapshot_walk_next(&walk)))
                taken[canary->number - CANARY_NUMBER_FIRST] = true;
        for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
                size_t at = (preferred + i) % ARRAY_SIZE(taken);

                if (!taken[at])
                        return (uint16_t)(CANARY_NUMBER_FIRST + at);
        }
        return 0;
}

/* A storage keeps its number for as long as it is there. */
static void canary_put(struct snapshot *draft, const struct storage *storage)
{
        const struct export *older = snapshot_canary(draft, storage->document.id);
        uint16_t number = older ? older->number : canary_number_free(draft, storage->document.id);
        struct export *canary;

        if (number == 0)
                return;
        canary = canary_new(storage, number);
        pmap_put(&draft->canaries, storage->document.id, strlen(storage->document.id), canary);
        shared_put(canary);
}

static void change_indexes(struct snapshot *draft, const struct document *document, index_change *change)
{
        switch (document->kind) {
        case DOCUMENT_ENVIRONMENT:
                change_environment(draft, (const struct environment *)document, change);
                break;
        case DOCUMENT_NODE:
                change_node(draft, (const struct node *)document, change);
                break;
        case DOCUMENT_STORAGE:
                change_storage(draft, (const struct storage *)document, change);
                break;
        case DOCUMENT_EXPORT:
                change_export(draft, (const struct export *)document, change);
                break;
        case DOCUMENT_TOKEN:
                change_token(draft, (const struct token *)document, change);
                break;
        case DOCUMENT_REPLY:
        case DOCUMENT_COUNTER:
        case DOCUMENT_INVENTORY:
        case DOCUMENT_TASK:
        case DOCUMENT_KIND_COUNT:
                break;
        }
}

void snapshot_put(struct snapshot *draft, struct document *document)
{
        const struct document *old = snapshot_find(draft, document->kind, document->id);

        if (old)
                change_indexes(draft, old, index_drop);
        pmap_put(&draft->kinds[document->kind], document->id, strlen(document->id), document);
        change_indexes(draft, document, index_put);
        if (document->kind == DOCUMENT_STORAGE)
                canary_put(draft, (const struct storage *)document);
}

bool snapshot_remove(struct snapshot *draft, enum document_kind kind, const char *id)
{
        const struct document *old = snapshot_find(draft, kind, id);

        if (!old)
                return false;
        change_indexes(draft, old, index_drop);
        if (kind == DOCUMENT_STORAGE)
                pmap_remove(&draft->canaries, id, strlen(id));
        return pmap_remove(&draft->kinds[kind], id, strlen(id));
}

const struct document *snapshot_find(const struct snapshot *snapshot, enum document_kind kind, const char *id)
{
        return pmap_find(snapshot->kinds[kind], id, strlen(id));
}

const struct environment *snapshot_environment(const struct snapshot *snapshot, const char *name)
{
        return (const struct environment *)snapshot_find(snapshot, DOCUMENT_ENVIRONMENT, name);
}

const struct environment *snapshot_environment_by_uid(const struct snapshot *snapshot, const char *uid)
{
        return pmap_find(snapshot->environments_by_uid, uid, strlen(uid));
}

const struct node *snapshot_node(const struct snapshot *snapshot, const char *id)
{
        return (const struct node *)snapshot_find(snapshot, DOCUMENT_NODE, id);
}

const struct storage *snapshot_storage(const struct snapshot *snapshot, const char *name)
{
        return (const struct storage *)snapshot_find(snapshot, DOCUMENT_STORAGE, name);
}

const struct export *snapshot_export(const struct snapshot *snapshot, const char *id)
{
        return (const struct export *)snapshot_find(snapshot, DOCUMENT_EXPORT, id);
}

const struct export *snapshot_export_by_number(const struct snapshot *snapshot, uint16_t number)
{
        const uint8_t key[2] = { (uint8_t)(number >> 8), (uint8_t)number };

        return pmap_find(snapshot->exports_by_number, key, sizeof key);
}

const struct inventory *snapshot_inventory(const struct snapshot *snapshot, const char *source)
{
        return (const struct inventory *)snapshot_find(snapshot, DOCUMENT_INVENTORY, source);
}

const struct export *snapshot_canary(const struct snapshot *snapshot, const char *storage)
{
        return pmap_find(snapshot->canaries, storage, strlen(storage));
}

const struct token *snapshot_token_by_hash(const struct snapshot *snapshot, const uint8_t hash[TOKEN_HASH_SIZE])
{
        return pmap_find(snapshot->tokens_by_hash, hash, TOKEN_HASH_SIZE);
}

/* Puts `walk` on the first key that begins with `prefix` and, unless `after_id` is NULL, comes behind
 * prefix + after_id. */
static void walk_open(struct snapshot_walk *walk, struct pmap map, const struct text *prefix, const char *after_id)
{
        AUTO_TEXT struct text start = { 0 };

        walk->cursor.depth = 0;
        walk->prefix_length = 0;
        if (prefix->length > sizeof walk->prefix)
                return;
        walk->prefix_length = prefix->length;
        if (prefix->length > 0)
                memcpy(walk->prefix, prefix->data, prefix->length);
        if (!after_id) {
                pmap_first(map, walk->prefix, walk->prefix_length, &walk->cursor);
                return;
        }
        text_add_bytes(&start, prefix->data, prefix->length);
        /* Ids hold no NUL: with one behind it the key is the very next after `after_id`'s own. */
        key_add_part(&start, after_id);
        pmap_first(map, start.data, start.length, &walk->cursor);
}

void snapshot_walk_start(struct snapshot_walk *walk, struct pmap map, const char *prefix, const char *after_id)
{
        AUTO_TEXT struct text key = { 0 };

        if (prefix)
                key_add_part(&key, prefix);
        walk_open(walk, map, &key, after_id);
}

void snapshot_walk_layer(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *layer)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_part(&key, environment_uid);
        key_add_part(&key, layer);
        walk_open(walk, snapshot->nodes_by_layer, &key, NULL);
}

/* Asked for each address of each grant: without a detour over the heap. */
static void walk_address(struct snapshot_walk *walk, struct pmap map, const struct address *address)
{
        address_key(address, walk->prefix);
        walk->prefix_length = ADDRESS_KEY_SIZE;
        pmap_first(map, walk->prefix, walk->prefix_length, &walk->cursor);
}

void snapshot_walk_claimants(struct snapshot_walk *walk, const struct snapshot *snapshot,
                             const struct address *address)
{
        walk_address(walk, snapshot->nodes_by_address, address);
}

void snapshot_walk_mount(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *mount_path)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_part(&key, environment_uid);
        key_add_part(&key, mount_path);
        walk_open(walk, snapshot->exports_by_mount, &key, NULL);
}

void snapshot_walk_mount_target(struct snapshot_walk *walk, const struct snapshot *snapshot,
                                const char *environment_uid, const char *mount_path, enum target_kind target,
                                const char *target_name)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_part(&key, environment_uid);
        key_add_part(&key, mount_path);
        key_add_target(&key, target, target_name);
        walk_open(walk, snapshot->exports_by_mount, &key, NULL);
}

void snapshot_walk_below(struct snapshot_walk *walk, const struct snapshot *snapshot, const char *environment_uid,
                         const char *mount_path)
{
        AUTO_TEXT struct text key = { 0 };

        key_add_part(&key, environment_uid);
        text_add(&key, mount_path);
        text_add_char(&key, '/');
        walk_open(walk, snapshot->exports_by_mount, &key, NULL);
}

const struct document *snapshot_walk_next(struct snapshot_walk *walk)
{
        struct pmap_entry entry;

        if (!pmap_next(&walk->cursor, &entry) || !pmap_entry_has_prefix(&entry, walk->prefix, walk->prefix_length))
                return NULL;
        return entry.value;
}

bool snapshot_token_has_node(const struct snapshot *snapshot, const struct token *token)
{
        const struct node *node = snapshot_node(snapshot, token->node);
        const struct environment *environment =
                node ? snapshot_environment_by_uid(snapshot, node->environment_uid) : NULL;

        return environment && strcmp(environment->uid, token->environment_uid) == 0 &&
               strcmp(environment->account, token->account) == 0;
}

bool snapshot_address_is_contested(const struct snapshot *snapshot, const struct address *address)
{
        struct snapshot_walk walk;

        snapshot_walk_claimants(&walk, snapshot, address);
        return snapshot_walk_next(&walk) && snapshot_walk_next(&walk);
}

bool snapshot_address_is_storage(const struct snapshot *snapshot, const struct address *address)
{
        struct snapshot_walk walk;

        walk_address(&walk, snapshot->storages_by_address, address);
        return snapshot_walk_next(&walk);
}
