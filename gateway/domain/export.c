/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/export.h"

#include <string.h>

#include "domain/environment.h"

static const char *const target_kind_words[] = {
        [TARGET_ALL] = "all", [TARGET_LAYER] = "layer", [TARGET_NODE] = "node", NULL
};
const char *const export_access_words[] = { [EXPORT_READ_WRITE] = "rw", [EXPORT_READ_ONLY] = "ro", NULL };
const char *const export_squash_words[] = {
        [SQUASH_NONE] = "none", [SQUASH_ROOT] = "root", [SQUASH_ALL] = "all", NULL
};
const char *const mount_style_words[] = { [MOUNT_HARD] = "hard", [MOUNT_SOFT] = "soft", NULL };

static void export_free(void *object)
{
        struct export *export = object;

        for (size_t i = 0; i < export->except_count; i++)
                free(export->except[i]);
        for (size_t i = 0; i < export->label_count; i++) {
                free(export->labels[i].key);
                free(export->labels[i].value);
        }
        free(export->except);
        free(export->labels);
        free(export->account);
        free(export->storage);
        free(export->path);
        free(export->environment);
        free(export->environment_uid);
        free(export->target_name);
        free(export->mount_path);
        free(export->manager);
        free(export->creation.actor);
        document_fini(&export->document);
        free(export);
}

struct export *export_new(const char *id)
{
        struct export *export = NEW(struct export);

        document_init(&export->document, DOCUMENT_EXPORT, id, export_free);
        export->anonymous_uid = EXPORT_NOBODY;
        export->anonymous_gid = EXPORT_NOBODY;
        export->directory_mode = 0755;
        export->enabled = true;
        return export;
}

char *export_id_make(int64_t wall_ms, const uint8_t random[10], char id[EXPORT_ID_SIZE])
{
        return document_id_make("ex", wall_ms, random, id);
}

void export_note_created(const struct export *export, const bool sides[2], int64_t ended_at_ms)
{
        struct export_creation *creation = (struct export_creation *)(uintptr_t) & export->creation;

        creation->sides = (uint8_t)(sides[0] | sides[1] << 1);
        creation->ended_at_ms = ended_at_ms;
}

void export_keep_creation(struct export *next, const struct export *now)
{
        free(next->creation.actor);
        next->creation.actor = memory_text(now->creation.actor);
        next->creation.sides = now->creation.sides;
        next->creation.ended_at_ms = now->creation.ended_at_ms;
}

static bool export_is_open(const struct export *export, int64_t now_ms)
{
        return export->enabled && (export->expires_at_ms == 0 || now_ms < export->expires_at_ms);
}

/* Whether `next` lets in whom `now` keeps out, or gives more to whom it lets in. */
static bool export_widens(const struct export *next, const struct export *now, int64_t now_ms)
{
        bool other_ids = next->anonymous_uid != now->anonymous_uid || next->anonymous_gid != now->anonymous_gid;

        if (!export_is_open(now, now_ms) || next->access < now->access || next->squash < now->squash ||
            (now->squash != SQUASH_NONE && other_ids))
                return true;
        for (size_t i = 0; i < now->except_count; i++)
                if (!export_excepts(next, now->except[i]))
                        return true;
        return false;
}

void export_keep_widened_revision(struct export *next, const struct export *now, int64_t now_ms)
{
        next->widened_revision = 0;
        if (!export_widens(next, now, now_ms))
                next->widened_revision = now->widened_revision ? now->widened_revision : now->document.revision;
}

bool export_excepts(const struct export *export, const char *node_id)
{
        for (size_t i = 0; i < export->except_count; i++)
                if (strcmp(export->except[i], node_id) == 0)
                        return true;
        return false;
}

bool export_reaches(const struct export *export, const struct node *node)
{
        if (strcmp(export->environment_uid, node->environment_uid) != 0 ||
            export_excepts(export, node->document.id))
                return false;
        return export->target == TARGET_ALL ||
               strcmp(export->target_name, export->target == TARGET_LAYER ? node->layer : node->document.id) == 0;
}

bool export_targets_meet(const struct export *a, const struct export *b,
                         const char *(*layer_of_node)(void *context, const char *node_id), void *context)
{
        const char *layer;

        if (strcmp(a->environment_uid, b->environment_uid) != 0)
                return false;
        if (a->target == TARGET_ALL || b->target == TARGET_ALL)
                return true;
        if (a->target == b->target)
                return strcmp(a->target_name, b->target_name) == 0;
        if (a->target == TARGET_NODE)
                return export_targets_meet(b, a, layer_of_node, context);
        layer = layer_of_node(context, b->target_name);
        return layer && strcmp(layer, a->target_name) == 0;
}

const char *target_kind_word(enum target_kind kind)
{
        return target_kind_words[kind];
}

const char *export_access_word(enum export_access access)
{
        return export_access_words[access];
}

const char *export_squash_word(enum export_squash squash)
{
        return export_squash_words[squash];
}

const char *mount_style_word(enum mount_style style)
{
        return mount_style_words[style];
}
