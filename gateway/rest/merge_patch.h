/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * JSON Merge Patch (RFC 7396). Pure.
 */
#pragma once

struct json_t;

/* Changes the object `target` as the object `patch` says: members replace members, objects go into objects, null
 * takes a member away. What the two have in common afterwards is shared, not copied. */
void merge_patch_apply(struct json_t *target, const struct json_t *patch);
