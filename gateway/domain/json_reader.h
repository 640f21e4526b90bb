/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Strict reading of JSON objects: unknown keys, wrong types and values that are not allowed each become a
 * violation with a JSON pointer, all of them at once; and the few writers that mirror them. Used by the *_json.c
 * files of this folder and by rest/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "domain/address.h"
#include "domain/document.h"
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

/* `object` when nothing was wrong; else NULL, and its reference is dropped. */
void *json_reader_result(const struct json_reader *reader, void *object);

/* Adds a violation at `key`; returns false. */
bool json_refuse(struct json_reader *reader, const char *key, const char *code, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Whether `key` is not there, or null. */
bool json_is_absent(const struct json_reader *reader, const char *key);

/* Each returns whether the key is there with an acceptable value; absent and required, or wrong, adds a
 * violation; `null` counts as absent. Texts: `most` bytes at most, at least 1; borrowed from the document. */
enum json_presence {
        JSON_OPTIONAL,
        JSON_REQUIRED,
        JSON_EMPTY_IS_ABSENT, /* optional, and "" says that there is none (os-release has such fields) */
};
bool json_take_text(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                    const char **text);
/* As json_take_text, without control characters (C0, DEL, C1): for what people see in tables and logs. */
bool json_take_line(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                    const char **line);
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

/* RFC 3339; later than 1970-01-01T00:00:00Z, so that 0 stays "never". */
bool json_take_time(struct json_reader *reader, const char *key, enum json_presence presence, int64_t *wall_ms);

/* An array of at most `most` names without doubles; caller owns the array and each name. */
bool json_take_names(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                     char ***names, size_t *count);

/* An array of 1 to `most` addresses without doubles, each one that a machine can be reached by from another
 * (address_kind). `addresses` has room for `most`. */
bool json_take_addresses(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                         struct address *addresses, size_t *count);

/* What json_take_names and json_take_addresses read, as arrays of texts. Caller owns the reference. */
struct json_t *json_from_names(char *const *names, size_t count);
struct json_t *json_from_addresses(const struct address *addresses, size_t count);

/* Sets `key` to a text, to nothing at all when `text` is NULL; json_set_time: RFC 3339. */
void json_set_text(struct json_t *object, const char *key, const char *text);
void json_set_time(struct json_t *object, const char *key, int64_t wall_ms);

/* Begins what the API shows of a document: its id under `key`. And ends it: revision, created_at. */
struct json_t *json_document_begin(const struct document *document, const char *key);
void json_document_end(const struct document *document, struct json_t *object);

/* "<pointer>/<key>" and "<pointer>/<index>", escaped by RFC 6901; caller frees. */
char *json_pointer_key(const char *pointer, const char *key);
char *json_pointer_index(const char *pointer, size_t index);
