/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/json_writer.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "domain/document.h"

static void escape_add(struct text *text, char character)
{
        static const char of[] = "\"\\\b\f\n\r\t", by[] = "\"\\bfnrt";
        const char *at = strchr(of, character);

        if (at)
                text_add_bytes(text, (const char[]){ '\\', by[at - of] }, 2);
        else
                text_addf(text, "\\u%04X", (unsigned)character);
}

/* Quotes and escapes (RFC 8259, section 7): runs of what needs no escape are copied whole. */
static void quoted_add(struct text *text, const char *string)
{
        text_add_char(text, '"');
        while (*string) {
                const char *at = string;

                while ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
                        at++;
                text_add_bytes(text, string, (size_t)(at - string));
                if (*at)
                        escape_add(text, *at);
                string = *at ? at + 1 : at;
        }
        text_add_char(text, '"');
}

/* What stands before a value. */
static void key_add(struct json_writer *writer, const char *key)
{
        if (writer->comma)
                text_add_char(writer->text, ',');
        if (key) {
                text_add_char(writer->text, '"');
                text_add(writer->text, key);
                text_add_bytes(writer->text, "\":", 2);
        }
        writer->comma = true;
}

void json_write_begin(struct json_writer *writer, const char *key, char bracket)
{
        key_add(writer, key);
        text_add_char(writer->text, bracket);
        writer->comma = false;
}

void json_write_end(struct json_writer *writer, char bracket)
{
        text_add_char(writer->text, bracket);
        writer->comma = true;
}

void json_write_text(struct json_writer *writer, const char *key, const char *text)
{
        if (!text)
                return;
        key_add(writer, key);
        quoted_add(writer->text, text);
}

void json_write_number(struct json_writer *writer, const char *key, uint64_t number)
{
        char digits[20];
        size_t at = sizeof digits;

        key_add(writer, key);
        do {
                digits[--at] = (char)('0' + number % 10);
                number /= 10;
        } while (number > 0);
        text_add_bytes(writer->text, digits + at, sizeof digits - at);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
        key_add(writer, key);
        text_add(writer->text, value ? "true" : "false");
}

void json_write_time(struct json_writer *writer, const char *key, int64_t wall_ms)
{
        char text[CLOCK_TEXT_SIZE];

        json_write_text(writer, key, clock_format(wall_ms, text));
}

void json_write_names(struct json_writer *writer, const char *key, char *const *names, size_t count)
{
        json_write_begin(writer, key, '[');
        for (size_t i = 0; i < count; i++)
                json_write_text(writer, NULL, names[i]);
        json_write_end(writer, ']');
}

void json_write_label(struct json_writer *writer, const char *key, const char *text)
{
        key_add(writer, NULL);
        quoted_add(writer->text, key);
        text_add_char(writer->text, ':');
        quoted_add(writer->text, text);
}

static int tree_add(const char *bytes, size_t length, void *context)
{
        text_add_bytes(context, bytes, length);
        return 0;
}

void json_write_tree(struct json_writer *writer, const char *key, const struct json_t *tree)
{
        key_add(writer, key);
        if (json_dump_callback(tree, tree_add, writer->text, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
                abort();
}

void json_write_document_end(struct json_writer *writer, const struct document *document)
{
        json_write_number(writer, "revision", document->revision);
        json_write_time(writer, "created_at", document->created_at_ms);
}

struct json_t *json_from_written(const struct text *text)
{
        json_t *tree = json_loadb(text_get(text), text->length, JSON_REJECT_DUPLICATES, NULL);

        if (!tree)
                abort();
        return tree;
}
