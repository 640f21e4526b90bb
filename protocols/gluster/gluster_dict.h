/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * GlusterFS's dictionary on the wire, the argument of nearly all of its procedures: a count, then for each pair
 * the lengths of key and value, the key, a NUL, the value, all numbers big-endian (GlusterFS 10,
 * libglusterfs/src/dict.c). Values are strings with their NUL, numbers in decimal too. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

/* A dictionary in the making. Zeroed = empty. */
struct gluster_dict {
        struct text pairs;
        unsigned count;
};

#define AUTO_GLUSTER_DICT __attribute__((cleanup(gluster_dict_fini)))
void gluster_dict_fini(struct gluster_dict *dict);

/* Adds a pair; a key is added once. */
void gluster_dict_add(struct gluster_dict *dict, const char *key, const char *value);
void gluster_dict_addf(struct gluster_dict *dict, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Appends the wire form to `out`. */
void gluster_dict_render(const struct gluster_dict *dict, struct text *out);

/* The value of `key` in the wire form at `bytes`, if it is a string (ends in its only NUL); NULL when the key is
 * not there, its value is no string or the bytes are no dictionary. Borrowed from `bytes`. */
const char *gluster_dict_find(const void *bytes, size_t length, const char *key);

/* Calls `each` for every pair whose value is a string, in the order of the wire; bytes that are no dictionary end
 * the walk. Key and value are borrowed from `bytes`. */
void gluster_dict_each(const void *bytes, size_t length,
                       void (*each)(void *context, const char *key, const char *value), void *context);
