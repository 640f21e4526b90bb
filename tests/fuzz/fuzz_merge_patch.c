/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "rest/export_change.h"
#include "rest/merge_patch.h"

/* After RFC 7396: what the patch says is so, what it says is null is gone. */
static void check_says(const json_t *target, const json_t *patch)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)patch, key, value)
        {
                const json_t *is = json_object_get(target, key);

                if (json_is_null(value))
                        FUZZ_HOLDS(is == NULL);
                else if (json_is_object(value))
                        check_says(is, value);
                else
                        FUZZ_HOLDS(is && json_equal(is, value));
        }
}

static void fuzz_documents(json_t *target, const json_t *patch)
{
        json_t *before = json_deep_copy(patch);

        merge_patch_apply(target, patch);
        FUZZ_HOLDS(json_equal(before, patch));
        check_says(target, patch);
        json_decref(before);
        before = json_deep_copy(target);
        merge_patch_apply(target, patch);
        FUZZ_HOLDS(json_equal(before, target));
        json_decref(before);
}

/* What a patch makes of an export is an export, in the same place. */
static void fuzz_export(const json_t *patch)
{
        static const char text[] = "{\"storage\": \"files\", \"path\": \"/a\", \"environment\": \"shop\", "
                                   "\"target\": {\"layer\": \"cp\"}, \"mount_path\": \"/m\", \"manager\": \"ci\", "
                                   "\"labels\": {\"a\": \"1\"}, \"expires_at\": \"2030-01-01T00:00:00Z\"}";
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *body = json_loads(text, 0, NULL), *written = NULL;
        struct export *existing = export_from_json(body, &violations);
        struct export *patched = export_patched(existing, patch, &violations);

        FUZZ_HOLDS((patched != NULL) == !violations_any(&violations));
        if (patched) {
                FUZZ_HOLDS(strcmp(patched->path, existing->path) == 0 && patched->target == existing->target);
                written = export_members(patched);
                struct export *again = export_from_json(written, &violations);
                FUZZ_HOLDS(again != NULL);
                shared_put(again);
                shared_put(patched);
        }
        shared_put(existing);
        json_decref(written);
        json_decref(body);
}

/* The patch, and in a second line what it is for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
        size_t length = line ? (size_t)(line - data) : size;
        struct fault fault = { 0 };
        json_t *patch = json_document_parse((const char *)data, length, &fault);
        json_t *target = NULL;

        if (!patch)
                return 0;
        fuzz_export(patch);
        if (line)
                target = json_document_parse((const char *)line + 1, size - length - 1, &fault);
        if (target)
                fuzz_documents(target, patch);
        json_decref(target);
        json_decref(patch);
        return 0;
}
