/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/json_reader.h"

#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "domain/environment.h"

/* The offset at which brackets nest deeper than JSON_DEPTH_MAX, or `length`. Looks at brackets outside strings
 * alone; whether it is JSON at all is for the parser, which recurses and so must not be asked first. */
static size_t depth_exceeded_at(const char *bytes, size_t length)
{
        bool in_string = false;
        int depth = 0;

        for (size_t i = 0; i < length; i++) {
                char c = bytes[i];

                if (in_string) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                in_string = false;
                } else if (c == '"') {
                        in_string = true;
                } else if (c == '{' || c == '[') {
                        if (++depth > JSON_DEPTH_MAX)
                                return i;
                } else if (c == '}' || c == ']') {
                        depth--;
                }
        }
        return length;
}

/* Says what is wrong at byte `at`, as a line and a column. */
static int refuse_at(const char *bytes, size_t at, struct fault *fault, const char *what)
{
        int line = 1, column = 1;

        for (size_t i = 0; i < at; i++) {
                column = bytes[i] == '\n' ? 1 : column + 1;
                line += bytes[i] == '\n';
        }
        return fault_set(fault, FAULT_MALFORMED, "parse JSON: line %d, column %d: %s", line, column, what);
}

struct json_t *json_document_parse(const char *bytes, size_t length, struct fault *fault)
{
        const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
        size_t too_deep = depth_exceeded_at(bytes, length);
        json_error_t error;
        json_t *document;

        if (nul) {
                refuse_at(bytes, (size_t)(nul - bytes), fault, "a NUL byte is not allowed");
                return NULL;
        }
        if (too_deep < length) {
                refuse_at(bytes, too_deep, fault, "nested deeper than 16 levels");
                return NULL;
        }
        document = json_loadb(length > 0 ? bytes : "", length, JSON_REJECT_DUPLICATES, &error);
        if (!document) {
                fault_set(fault, FAULT_MALFORMED, "parse JSON: line %d, column %d: %s", error.line, error.column,
                          error.text);
                return NULL;
        }
        if (!json_is_object(document)) {
                json_decref(document);
                fault_set(fault, FAULT_MALFORMED, "parse JSON: an object { } is needed at the top");
                return NULL;
        }
        return document;
}

void json_reader_start(struct json_reader *reader, const struct json_t *object, const char *pointer,
                       struct violations *violations)
{
        *reader = (struct json_reader){ .object = object, .pointer = pointer, .violations = violations };
}

/* "a, b and c": the keys that were asked for. */
static void known_keys_add(const struct json_reader *reader, struct text *text)
{
        for (size_t i = 0; i < reader->taken_count; i++)
                text_addf(text, "%s%s",
                          i == 0                         ? ""
                          : i + 1 == reader->taken_count ? " and "
                                                         : ", ",
                          reader->taken[i]);
}

void json_reader_finish(struct json_reader *reader)
{
        json_t *object = (json_t *)(uintptr_t)reader->object;
        const char *key;
        json_t *value;

        json_object_foreach(object, key, value)
        {
                AUTO_FREE char *pointer = NULL;
                AUTO_TEXT struct text known = { 0 };

                if (text_place(reader->taken, reader->taken_count, key) >= 0)
                        continue;
                if (reader->violations->count == VIOLATIONS_MAX) { /* 8 MiB can hold 700,000 of them */
                        reader->violations->dropped++;
                        continue;
                }
                pointer = json_pointer_key(reader->pointer, key);
                known_keys_add(reader, &known);
                violation_add(reader->violations, pointer, "key.unknown", "this key is not known; known here: %s",
                              text_get(&known));
        }
}

void *json_reader_result(const struct json_reader *reader, void *object)
{
        if (!violations_any(reader->violations))
                return object;
        shared_put(object);
        return NULL;
}

bool json_refuse(struct json_reader *reader, const char *key, const char *code, const char *format, ...)
{
        AUTO_FREE char *pointer = json_pointer_key(reader->pointer, key);
        char detail[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(detail, sizeof detail, format, arguments);
        va_end(arguments);
        violation_add(reader->violations, pointer, code, "%s", detail);
        return false;
}

bool json_is_absent(const struct json_reader *reader, const char *key)
{
        const json_t *value = json_object_get(reader->object, key);

        return !value || json_is_null(value);
}

/* The value of `key`, which is known from now on; NULL when absent, with a violation if it is required. */
static const json_t *value_take(struct json_reader *reader, const char *key, enum json_presence presence)
{
        assert(reader->taken_count < ARRAY_SIZE(reader->taken));
        reader->taken[reader->taken_count++] = key;
        if (!json_is_absent(reader, key))
                return json_object_get(reader->object, key);
        if (presence == JSON_REQUIRED)
                json_refuse(reader, key, "key.missing", "%s is needed", key);
        return NULL;
}

bool json_take_text(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                    const char **text)
{
        const json_t *value = value_take(reader, key, presence);

        if (!value)
                return false;
        if (!json_is_string(value))
                return json_refuse(reader, key, "type.wrong", "%s must be a text", key);
        if (json_string_length(value) == 0)
                return presence == JSON_EMPTY_IS_ABSENT
                               ? false
                               : json_refuse(reader, key, "text.empty", "%s must not be empty", key);
        if (json_string_length(value) > most)
                return json_refuse(reader, key, "text.too_long", "%s has %zu bytes, at most %zu are allowed", key,
                                   json_string_length(value), most);
        *text = json_string_value(value);
        return true;
}

/* Whether `text` (UTF-8) has a C0 or C1 control character or DEL. */
static bool has_control_character(const char *text)
{
        for (const unsigned char *at = (const unsigned char *)text; *at; at++)
                if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0))
                        return true;
        return false;
}

bool json_take_line(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                    const char **line)
{
        const char *text;

        if (!json_take_text(reader, key, presence, most, &text))
                return false;
        if (has_control_character(text))
                return json_refuse(reader, key, "text.control_character", "%s must not have control characters",
                                   key);
        *line = text;
        return true;
}

bool json_take_name(struct json_reader *reader, const char *key, enum json_presence presence, const char **name)
{
        const char *text;

        if (!json_take_text(reader, key, presence, NAME_MAX_BYTES, &text))
                return false;
        if (!name_is_valid(text))
                return json_refuse(reader, key, "name.malformed",
                                   "%s must begin with a letter or digit and go on with A-Z a-z 0-9 . _ -", key);
        *name = text;
        return true;
}

bool json_take_bool(struct json_reader *reader, const char *key, enum json_presence presence, bool *value)
{
        const json_t *found = value_take(reader, key, presence);

        if (!found)
                return false;
        if (!json_is_boolean(found))
                return json_refuse(reader, key, "type.wrong", "%s must be true or false", key);
        *value = json_is_true(found);
        return true;
}

bool json_take_number(struct json_reader *reader, const char *key, enum json_presence presence, uint64_t least,
                      uint64_t most, uint64_t *value)
{
        const json_t *found = value_take(reader, key, presence);
        json_int_t number;

        if (!found)
                return false;
        if (!json_is_integer(found))
                return json_refuse(reader, key, "type.wrong", "%s must be a whole number", key);
        number = json_integer_value(found);
        if (number < 0 || (uint64_t)number < least || (uint64_t)number > most)
                return json_refuse(reader, key, "number.out_of_range", "%s must be from %llu to %llu", key,
                                   (unsigned long long)least, (unsigned long long)most);
        *value = (uint64_t)number;
        return true;
}

bool json_take_word(struct json_reader *reader, const char *key, enum json_presence presence,
                    const char *const *words, size_t *index)
{
        const json_t *found = value_take(reader, key, presence);
        AUTO_TEXT struct text allowed = { 0 };

        if (!found)
                return false;
        for (size_t i = 0; words[i]; i++) {
                if (json_is_string(found) && strcmp(words[i], json_string_value(found)) == 0) {
                        *index = i;
                        return true;
                }
                text_addf(&allowed, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
        }
        return json_refuse(reader, key, json_is_string(found) ? "word.unknown" : "type.wrong", "%s must be %s",
                           key, text_get(&allowed));
}

bool json_take_object(struct json_reader *reader, const char *key, enum json_presence presence,
                      const struct json_t **object)
{
        const json_t *found = value_take(reader, key, presence);

        if (!found)
                return false;
        if (!json_is_object(found))
                return json_refuse(reader, key, "type.wrong", "%s must be an object { }", key);
        *object = found;
        return true;
}

bool json_take_array(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                     const struct json_t **array)
{
        const json_t *found = value_take(reader, key, presence);

        if (!found)
                return false;
        if (!json_is_array(found))
                return json_refuse(reader, key, "type.wrong", "%s must be an array [ ]", key);
        if (json_array_size(found) > most)
                return json_refuse(reader, key, "array.too_long", "%s has %zu items, at most %zu are allowed", key,
                                   json_array_size(found), most);
        *array = found;
        return true;
}

bool json_take_time(struct json_reader *reader, const char *key, enum json_presence presence, int64_t *wall_ms)
{
        const char *text;
        int64_t read;

        if (!json_take_text(reader, key, presence, 64, &text))
                return false;
        if (clock_parse(text, &read) != 0 || read == 0)
                return json_refuse(reader, key, "time.malformed",
                                   "%s must be a time as RFC 3339 has it, like 2030-01-31T12:00:00Z", key);
        *wall_ms = read;
        return true;
}

/* Adds a violation at item `index` of the array `key`. */
static void refuse_item(struct json_reader *reader, const char *key, size_t index, const char *code,
                        const char *detail)
{
        AUTO_FREE char *array = json_pointer_key(reader->pointer, key);
        AUTO_FREE char *pointer = json_pointer_index(array, index);

        violation_add(reader->violations, pointer, code, "%s", detail);
}

bool json_take_names(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                     char ***names, size_t *count)
{
        const json_t *array;

        if (!json_take_array(reader, key, presence, most, &array))
                return false;
        char **read = memory_new(json_array_size(array), sizeof *read);
        size_t read_count = 0;
        for (size_t i = 0; i < json_array_size(array); i++) {
                const char *name = json_string_value(json_array_get(array, i));

                if (!name_is_valid(name))
                        refuse_item(reader, key, i, name ? "name.malformed" : "type.wrong",
                                    "a name is needed here: a letter or digit, then up to 127 more of "
                                    "A-Z a-z 0-9 . _ -");
                else if (text_place((const char *const *)read, read_count, name) >= 0)
                        refuse_item(reader, key, i, "array.doubled", "this name stands in the array already");
                else
                        read[read_count++] = memory_text(name);
        }
        if (read_count < json_array_size(array)) {
                while (read_count > 0)
                        free(read[--read_count]);
                free(read);
                return false;
        }
        *names = read;
        *count = read_count;
        return true;
}

/* Reads one item of an array of addresses behind those that were read already. */
static bool address_item_take(struct json_reader *reader, const char *key, size_t index, const json_t *item,
                              struct address *addresses, size_t count)
{
        const char *text = json_string_value(item);
        struct address *address = &addresses[count];
        enum address_kind kind;
        char detail[128];

        if (!text || address_parse(text, address) != 0) {
                refuse_item(reader, key, index, text ? "address.malformed" : "type.wrong",
                            "an IPv4 or IPv6 address is needed here, without zone and prefix length");
                return false;
        }
        kind = address_kind(address);
        if (kind != ADDRESS_USABLE) {
                char canonical[ADDRESS_TEXT_SIZE];

                snprintf(detail, sizeof detail, "%s %s; one that other machines can reach is needed",
                         address_format(address, canonical), address_kind_sentence(kind));
                refuse_item(reader, key, index, address_kind_code(kind), detail);
                return false;
        }
        for (size_t i = 0; i < count; i++)
                if (address_equal(&addresses[i], address)) {
                        refuse_item(reader, key, index, "array.doubled",
                                    "this address stands in the array already");
                        return false;
                }
        return true;
}

bool json_take_addresses(struct json_reader *reader, const char *key, enum json_presence presence, size_t most,
                         struct address *addresses, size_t *count)
{
        const json_t *array;
        size_t read_count = 0;

        if (!json_take_array(reader, key, presence, most, &array))
                return false;
        if (json_array_size(array) == 0)
                return json_refuse(reader, key, "array.empty", "%s must have one address at least", key);
        for (size_t i = 0; i < json_array_size(array); i++)
                read_count += address_item_take(reader, key, i, json_array_get(array, i), addresses, read_count);
        *count = read_count;
        return read_count == json_array_size(array);
}

struct json_t *json_from_names(char *const *names, size_t count)
{
        json_t *array = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(array, json_string(names[i]));
        return array;
}

struct json_t *json_from_addresses(const struct address *addresses, size_t count)
{
        json_t *array = json_array();
        char text[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < count; i++)
                json_array_append_new(array, json_string(address_format(&addresses[i], text)));
        return array;
}

void json_set_text(struct json_t *object, const char *key, const char *text)
{
        if (text)
                json_object_set_new(object, key, json_string(text));
}

void json_set_time(struct json_t *object, const char *key, int64_t wall_ms)
{
        char text[CLOCK_TEXT_SIZE];

        json_set_text(object, key, clock_format(wall_ms, text));
}

struct json_t *json_document_begin(const struct document *document, const char *key)
{
        json_t *object = json_object();

        json_set_text(object, key, document->id);
        return object;
}

void json_document_end(const struct document *document, struct json_t *object)
{
        json_object_set_new(object, "revision", json_integer((json_int_t)document->revision));
        json_set_time(object, "created_at", document->created_at_ms);
}

char *json_pointer_key(const char *pointer, const char *key)
{
        AUTO_TEXT struct text text = { 0 };

        text_add(&text, pointer);
        text_add_char(&text, '/');
        for (; *key; key++) {
                if (*key == '~')
                        text_add(&text, "~0");
                else if (*key == '/')
                        text_add(&text, "~1");
                else
                        text_add_char(&text, *key);
        }
        return text_take(&text);
}

char *json_pointer_index(const char *pointer, size_t index)
{
        return memory_format("%s/%zu", pointer, index);
}
