/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/merge_patch.h"

#include <stdint.h>

#include <jansson.h>

static void member_apply(json_t *target, const char *key, json_t *value)
{
        if (json_is_null(value)) {
                json_object_del(target, key);
        } else if (json_is_object(value)) {
                if (!json_is_object(json_object_get(target, key)))
                        json_object_set_new(target, key, json_object());
                merge_patch_apply(json_object_get(target, key), value);
        } else {
                json_object_set(target, key, value);
        }
}

/* Goes as deep as the patch does, which the parser bounds. */
void merge_patch_apply(json_t *target, const json_t *patch)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)patch, key, value) member_apply(target, key, value);
}
