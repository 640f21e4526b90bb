/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Small allocations that abort instead of failing (the daemon is crash-only and reconciles at start; every
 * size that a client chooses is capped before it comes here), clean-up attributes, and reference counts for
 * the immutable objects that snapshots share.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Zeroed memory for `count` items of `size` bytes; never NULL; aborts on failure or overflow. Caller frees. */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* realloc for an array of `count` items; never NULL for count > 0; new bytes are not cleared. */
void *memory_resize(void *old, size_t count, size_t size) __attribute__((warn_unused_result));

/* Makes room for one more item in an array that grows by this function alone: its capacity is the smallest
 * power of two that holds `count`, so that it needs no field of its own. Start from NULL and 0. */
void *memory_grow(void *items, size_t count, size_t size) __attribute__((warn_unused_result));

/* A copy of `text`; NULL gives NULL. Caller frees. */
char *memory_text(const char *text) __attribute__((malloc, warn_unused_result));

/* A formatted string; never NULL. Caller frees. */
char *memory_format(const char *format, ...)
        __attribute__((format(printf, 1, 2), malloc, returns_nonnull, warn_unused_result));

#define NEW(type) ((type *)memory_new(1, sizeof(type)))

/* `AUTO_FREE char *name = ...;` frees on every way out of the scope. */
#define AUTO_FREE __attribute__((cleanup(memory_auto_free)))
static inline void memory_auto_free(void *pointer)
{
        free(*(void **)pointer);
}

/* `AUTO_CLOSE int fd = -1;` closes when >= 0. */
#define AUTO_CLOSE __attribute__((cleanup(memory_auto_close)))
void memory_auto_close(int *fd);

#define AUTO_FCLOSE __attribute__((cleanup(memory_auto_fclose)))
static inline void memory_auto_fclose(FILE **file)
{
        if (*file)
                fclose(*file);
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* First member of an object that several snapshots share. Thread-safe. */
struct shared {
        atomic_uint count;
        void (*free)(void *object); /* called with the object, when the count reaches nothing */
};

/* Starts `object` (whose first member is a struct shared) at one reference, owned by the caller. */
void shared_init(void *object, void (*free_object)(void *object));

/* Adds a reference and returns `object`; NULL gives NULL. */
void *shared_get(const void *object);

/* Drops a reference, frees with the last one; NULL is fine. */
void shared_put(const void *object);

/* Whether the caller's reference is the only one: nobody else can see the object, and it may be changed in place.
 */
bool shared_is_alone(const void *object);

/* `AUTO_SHARED const struct snapshot *now = ...;` drops the reference on every way out of the scope. */
#define AUTO_SHARED __attribute__((cleanup(memory_auto_shared)))
static inline void memory_auto_shared(void *pointer)
{
        shared_put(*(void **)pointer);
}
