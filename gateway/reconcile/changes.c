/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/changes.h"

#include <string.h>

struct changes {
        const struct snapshot *older, *newer;
        void (*each)(void *context, const struct export *old_export, const struct export *new_export);
        void *context;
        struct pmap told; /* environments, by uid: a report of many nodes would tell each once for every node */
};

static void export_tell(struct changes *changes, const char *id)
{
        changes->each(changes->context, changes->older ? snapshot_export(changes->older, id) : NULL,
                      snapshot_export(changes->newer, id));
}

/* Every export found under `prefix` in an index of one of the snapshots. */
static void index_tell(struct changes *changes, struct pmap index, const char *prefix)
{
        struct snapshot_walk walk;
        const struct document *document;

        snapshot_walk_start(&walk, index, prefix, NULL);
        while ((document = snapshot_walk_next(&walk)))
                export_tell(changes, document->id);
}

/* An environment keeps its exports by uid, so the newer snapshot has all of them that still matter; those that
 * went are told by their own removal. */
static void environment_tell(struct changes *changes, const char *uid, const struct document *because)
{
        if (pmap_find(changes->told, uid, strlen(uid)))
                return;
        pmap_put(&changes->told, uid, strlen(uid), because);
        index_tell(changes, changes->newer->exports_by_environment, uid);
}

/* Who else claims an address of `node` may have become contested, or free. */
static void claimants_tell(struct changes *changes, const struct snapshot *snapshot, const struct node *node)
{
        for (size_t i = 0; i < node->address_count; i++) {
                struct snapshot_walk walk;
                const struct node *other;

                snapshot_walk_claimants(&walk, snapshot, &node->addresses[i]);
                while ((other = (const struct node *)snapshot_walk_next(&walk)))
                        environment_tell(changes, other->environment_uid, &other->document);
        }
}

/* The others at its mount path: of several on one node only the oldest is granted. */
static void mount_tell(struct changes *changes, const struct export *export)
{
        struct snapshot_walk walk;
        const struct document *document;

        snapshot_walk_mount(&walk, changes->newer, export->environment_uid, export->mount_path);
        while ((document = snapshot_walk_next(&walk)))
                if (strcmp(document->id, export->document.id) != 0)
                        export_tell(changes, document->id);
}

static void node_tell(struct changes *changes, const struct node *node)
{
        environment_tell(changes, node->environment_uid, &node->document);
        claimants_tell(changes, changes->newer, node);
}

static void canary_tell(struct changes *changes, const char *storage)
{
        const struct export *older = changes->older ? snapshot_canary(changes->older, storage) : NULL;
        const struct export *newer = snapshot_canary(changes->newer, storage);

        if (older && newer && older->number != newer->number) { /* the storage went and came back */
                changes->each(changes->context, older, NULL);
                older = NULL;
        }
        if (older || newer)
                changes->each(changes->context, older, newer);
}

static void canaries_tell(struct changes *changes)
{
        struct snapshot_walk walk;
        const struct export *canary;

        snapshot_walk_start(&walk, changes->newer->canaries, NULL, NULL);
        while ((canary = (const struct export *)snapshot_walk_next(&walk)))
                canary_tell(changes, canary->storage);
}

/* One object that differs, as it was or as it is. */
static void document_tell(struct changes *changes, const struct document *document)
{
        switch (document->kind) {
        case DOCUMENT_ENVIRONMENT:
                environment_tell(changes, ((const struct environment *)document)->uid, document);
                break;
        case DOCUMENT_NODE:
                node_tell(changes, (const struct node *)document);
                break;
        case DOCUMENT_STORAGE: /* rare; its addresses decide about nodes anywhere */
                index_tell(changes, changes->newer->kinds[DOCUMENT_EXPORT], NULL);
                canary_tell(changes, document->id);
                break;
        case DOCUMENT_EXPORT:
                export_tell(changes, document->id);
                mount_tell(changes, (const struct export *)document);
                break;
        default:
                break;
        }
}

/* What a source says is told by its objects; here only whether they still count. Its objects may be anywhere. */
static void source_tell(struct changes *changes, const struct inventory *was, const struct inventory *is)
{
        bool expired_was = was && was->state == INVENTORY_EXPIRED,
             expired_is = is && is->state == INVENTORY_EXPIRED;

        if (expired_was == expired_is &&
            (!expired_is ||
             (was->suspends == is->suspends && inventory_expired_since(was) == inventory_expired_since(is))))
                return;
        index_tell(changes, changes->newer->kinds[DOCUMENT_EXPORT], NULL);
}

static void source_difference_tell(void *context, const void *key, size_t key_length, void *old_value,
                                   void *new_value)
{
        (void)key;
        (void)key_length;
        source_tell(context, old_value, new_value);
}

static void difference_tell(void *context, const void *key, size_t key_length, void *old_value, void *new_value)
{
        struct changes *changes = context;

        (void)key;
        (void)key_length;
        if (old_value)
                document_tell(changes, old_value);
        if (new_value)
                document_tell(changes, new_value);
}

void changes_walk(const struct snapshot *older, const struct snapshot *newer,
                  void (*each)(void *context, const struct export *old_export, const struct export *new_export),
                  void *context)
{
        static const enum document_kind kinds[] = { DOCUMENT_STORAGE, DOCUMENT_ENVIRONMENT, DOCUMENT_NODE,
                                                    DOCUMENT_EXPORT };
        struct changes changes = { .older = older, .newer = newer, .each = each, .context = context };

        if (!older) {
                index_tell(&changes, newer->kinds[DOCUMENT_EXPORT], NULL);
                canaries_tell(&changes);
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                pmap_diff(older->kinds[kinds[i]], newer->kinds[kinds[i]], difference_tell, &changes);
        pmap_diff(older->kinds[DOCUMENT_INVENTORY], newer->kinds[DOCUMENT_INVENTORY], source_difference_tell,
                  &changes);
        pmap_fini(&changes.told);
}
