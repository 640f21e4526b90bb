/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Strict reading of JSON objects: unknown keys, wrong types and values that are not allowed each become a
 * violation with a JSON pointer, all of them at once. Used by the *_json.c files of this folder and by rest/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/violation.h"

struct json_t; /* jansson's */

#define JSON_DEPTH_MAX 16

/* Parses a whole document: UTF-8, an object at the top, no doubled keys, no NUL in strings, at most
 * JSON_DEPTH_MAX levels deep, nothing after it. NULL and a fault (MALFORMED, with line and column) otherwise.
 * Caller owns the reference. */
struct json_t *json_document_parse(const char *bytes, size_t length, struct fault *fault);

/* Reads one object: each json_take_* marks its key as known; json_reader_finish reports the keys left over. */
struct json_reader {
        const struct json_t *object;
        const char *pointer; /* of the object, "" for the document */
        struct violations *violations;
        const char *taken[32];
        size_t taken_count;
};
void json_reader_start(struct json_reader *reader, const struct json_t *object, const char *pointer,
                       struct violations *violations);
void json_reader_finish(struct json_reader *reader);

/* Each returns whether the key is there with an acceptable value; absent and required, or wrong, adds a
 * violation; `null` counts as absent. Texts: `most` bytes at most, at least 1; borrowed from the document. */
enum json_presence { JSON_OPTIONAL, JSON_REQUIRED };
bool json_take_text(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                    const char **text);
bool json_take_name(struct json_reader *reader, const char *key, enum json_presence presence, const char **name);
bool json_take_bool(struct json_reader *reader, const char *key, enum json_presence presence, bool *value);
bool json_take_number(struct json_reader *reader, const char *key, enum json_presence presence, uint64_t least,
                      uint64_t most, uint64_t *value);
/* A word out of `words` (NULL-terminated); *index is its place. */
bool json_take_word(struct json_reader *reader, const char *key, enum json_presence presence,
                    const char *const *words, size_t *index);
bool json_take_object(struct json_reader *reader, const char *key, enum json_presence presence,
                      const struct json_t **object);
bool json_take_array(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                     const struct json_t **array);

/* "<pointer>/<key>" and "<pointer>/<index>", escaped by RFC 6901; caller frees. */
char *json_pointer_key(const char *pointer, const char *key);
char *json_pointer_index(const char *pointer, size_t index);
