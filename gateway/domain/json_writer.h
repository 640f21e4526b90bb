/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * JSON written straight into a text (RFC 8259, compact), for what is shown by the thousand: a page of exports
 * needs no tree that is thrown away. What comes back as a tree where one is needed is this text, read again, so
 * that each object has one writer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document;
struct json_t;
struct text;

/* Writes at the end of `text` (borrowed). Start with { .text = ... }. */
struct json_writer {
        struct text *text;
        bool comma; /* before what comes next */
};

/* Begins an object ('{') or array ('[') and ends it ('}', ']'). `key` is NULL in an array and at the top; keys are
 * written as they are unless they are said to be anybody's (json_write_label). */
void json_write_begin(struct json_writer *writer, const char *key, char bracket);
void json_write_end(struct json_writer *writer, char bracket);

/* A member, or an array's item when `key` is NULL. A text is well-formed UTF-8, escaped here; NULL writes nothing.
 * Time: wall, in RFC 3339. */
void json_write_text(struct json_writer *writer, const char *key, const char *text);
void json_write_number(struct json_writer *writer, const char *key, uint64_t number);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
void json_write_time(struct json_writer *writer, const char *key, int64_t wall_ms);
void json_write_names(struct json_writer *writer, const char *key, char *const *names, size_t count);

/* A member whose key is any text. */
void json_write_label(struct json_writer *writer, const char *key, const char *text);

/* A tree that is there already, as a member or item (borrowed). */
void json_write_tree(struct json_writer *writer, const char *key, const struct json_t *tree);

/* What the API shows at the end of each document: revision, created_at. */
void json_write_document_end(struct json_writer *writer, const struct document *document);

/* The object that was written, as a tree; never NULL. Caller owns the reference. */
struct json_t *json_from_written(const struct text *text);
