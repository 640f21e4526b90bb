/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/export_change.h"

#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "rest/merge_patch.h"

/* Puts back what `merged` says otherwise than `before` at one of `keys`, with a violation, so that the rest of it
 * can be read. */
static void fixed_check(const json_t *before, json_t *merged, const char *pointer, const char *const *keys,
                        struct violations *violations)
{
        for (; *keys; keys++) {
                json_t *was = json_object_get(before, *keys), *is = json_object_get(merged, *keys);
                AUTO_FREE char *place = json_pointer_key(pointer, *keys);

                if (was == is || (was && is && json_equal(was, is)))
                        continue;
                violation_add(violations, place, "export.fixed",
                              "%s of an export cannot be changed; make another export", *keys);
                if (was)
                        json_object_set(merged, *keys, was);
                else
                        json_object_del(merged, *keys);
        }
}

static void target_check(const json_t *before, json_t *merged, struct violations *violations)
{
        static const char *const keys[] = { "all", "layer", "node", NULL };
        static const char *const target[] = { "target", NULL };
        json_t *is = json_object_get(merged, "target");

        if (json_is_object(is))
                fixed_check(json_object_get(before, "target"), is, "/target", keys, violations);
        else if (!is)
                fixed_check(before, merged, "", target, violations);
}

/* What the patch puts back to its default stands in `merged` as null, which is read as not there, so that a name
 * that no export has is told even so. Labels have any name. */
static void nulls_keep(json_t *merged, const json_t *patch)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)patch, key, value)
        {
                json_t *is = json_object_get(merged, key);

                if (json_is_null(value) && !is)
                        json_object_set_new(merged, key, json_null());
                else if (json_is_object(value) && json_is_object(is) && strcmp(key, "labels") != 0)
                        nulls_keep(is, value);
        }
}

/* The export that `body` describes, in the place of `existing`. */
static struct export *export_renewed(const struct export *existing, const json_t *body,
                                     struct violations *violations)
{
        struct export *export = export_from_json(body, violations);

        if (!export)
                return NULL;
        document_set_id(&export->document, existing->document.id);
        export->number = existing->number;
        export->file_system_id = existing->file_system_id;
        export->account = memory_text(existing->account);
        export->environment_uid = memory_text(existing->environment_uid);
        return export;
}

struct export *export_patched(const struct export *existing, const json_t *patch, struct violations *violations)
{
        static const char *const keys[] = { "storage", "path", "environment", "mount_path", "directory", NULL };
        size_t wrong = violations->count;
        json_t *before = export_members(existing);
        struct export *export;
        json_t *merged;

        merged = json_deep_copy(before);
        merge_patch_apply(merged, patch);
        fixed_check(before, merged, "", keys, violations);
        target_check(before, merged, violations);
        nulls_keep(merged, patch);
        export = export_renewed(existing, merged, violations);
        json_decref(merged);
        json_decref(before);
        if (violations->count == wrong)
                return export;
        shared_put(export);
        return NULL;
}

static json_t *except_with(const struct export *export, const char *node_id)
{
        json_t *except = json_from_names(export->except, export->except_count);

        if (!export_excepts(export, node_id))
                json_array_append_new(except, json_string(node_id));
        return except;
}

struct export *export_without(const struct export *existing, const char *node_id, struct violations *violations)
{
        struct export *export;
        json_t *body;

        if (existing->target == TARGET_NODE) {
                violation_add(violations, "/node", "target.except_of_node",
                              "the export is for one node alone; disable or delete it");
                return NULL;
        }
        if (existing->except_count == EXPORT_EXCEPT_MAX && !export_excepts(existing, node_id)) {
                violation_add(violations, "/node", "target.except_full",
                              "%d nodes are taken out of this export already, which is the most",
                              EXPORT_EXCEPT_MAX);
                return NULL;
        }
        body = export_members(existing);
        json_object_set_new(json_object_get(body, "target"), "except", except_with(existing, node_id));
        export = export_renewed(existing, body, violations);
        json_decref(body);
        return export;
}
