/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A growing string for renderers (EXPORT blocks, access lists, tables, JSON pages).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Zeroed = empty. `data` is NULL or NUL-terminated after `length` bytes. Freed with text_fini. */
struct text {
        char *data;
        size_t length;
        size_t capacity;
};

#define AUTO_TEXT __attribute__((cleanup(text_fini)))

void text_fini(struct text *text);

/* Empties it and keeps the memory. */
void text_clear(struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char character);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The string so far, "" when empty; valid until the next change. */
const char *text_get(const struct text *text);

/* Hands over the string (never NULL, caller frees) and leaves `text` empty. */
char *text_take(struct text *text) __attribute__((returns_nonnull, warn_unused_result));

/* Bytes of the well-formed UTF-8 character at `at`, of which `left` (at least 1) are there; 0 when there is none
 * (RFC 3629, section 4). */
size_t text_character_length(const void *at, size_t left);

/* Whether `length` bytes at `bytes` are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing past U+10FFFF). */
bool text_is_utf8(const void *bytes, size_t length);

/* The place of `word` among the `count` words of a table, -1 when it is none of them; NULL is none. */
int text_place(const char *const *words, size_t count, const char *word);
