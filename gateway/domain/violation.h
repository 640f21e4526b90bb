/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything that is wrong with one input, collected before anything is answered, so that a caller mends it
 * in one go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VIOLATIONS_MAX 64

struct violation {
        char *pointer;    /* JSON pointer (RFC 6901) of the place, "" = the whole document */
        const char *code; /* stable word with a dot, as "path.not_absolute"; static storage */
        char *detail;     /* one sentence: what is wrong and what is allowed */
};

/* Zeroed = none. After VIOLATIONS_MAX further ones are counted, not kept. */
struct violations {
        struct violation items[VIOLATIONS_MAX];
        size_t count;   /* kept */
        size_t dropped; /* over the limit */
};

#define AUTO_VIOLATIONS __attribute__((cleanup(violations_fini)))
void violations_fini(struct violations *violations);

void violation_add(struct violations *violations, const char *pointer, const char *code, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Adds all of `from`, which is empty then, with `prefix` ("/exports/3") in front of each pointer. */
void violations_move(struct violations *into, const char *prefix, struct violations *from);

static inline bool violations_any(const struct violations *violations)
{
        return violations->count > 0;
}
