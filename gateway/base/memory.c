/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

void *memory_new(size_t count, size_t size)
{
        void *memory = calloc(count ? count : 1, size ? size : 1);

        if (!memory)
                abort();
        return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
        void *memory = reallocarray(old, count ? count : 1, size ? size : 1);

        if (!memory)
                abort();
        return memory;
}

void *memory_grow(void *items, size_t count, size_t size)
{
        if ((count & (count - 1)) != 0)
                return items;
        return memory_resize(items, count ? 2 * count : 1, size);
}

char *memory_text(const char *text)
{
        char *copy = text ? strdup(text) : NULL;

        if (text && !copy)
                abort();
        return copy;
}

char *memory_format(const char *format, ...)
{
        char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0 || !text)
                abort();
        va_end(arguments);
        return text;
}

void memory_auto_close(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

void shared_init(void *object, void (*free_object)(void *object))
{
        struct shared *shared = object;

        atomic_init(&shared->count, 1);
        shared->free = free_object;
}

void *shared_get(const void *object)
{
        struct shared *shared = (struct shared *)(uintptr_t)object;

        if (shared) {
                unsigned before = atomic_fetch_add_explicit(&shared->count, 1, memory_order_relaxed);

                assert(before > 0);
                (void)before;
        }
        return shared;
}

bool shared_is_alone(const void *object)
{
        const struct shared *shared = object;

        return atomic_load_explicit(&shared->count, memory_order_acquire) == 1;
}

void shared_put(const void *object)
{
        struct shared *shared = (struct shared *)(uintptr_t)object;

        if (shared && atomic_fetch_sub_explicit(&shared->count, 1, memory_order_acq_rel) == 1)
                shared->free(shared);
}
