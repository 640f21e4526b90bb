/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/show.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <jansson.h>

#include "base/memory.h"

#define COLUMNS_MAX 10
#define COLUMN_LEAST 6 /* characters that a column keeps however narrow the terminal is */
#define GAP 2
#define ELLIPSIS "\xe2\x80\xa6"

/* Columns of a terminal that the character of `length` bytes takes: two for those of East Asia, none for marks
 * that are put upon the one before (wcwidth). One where the system knows no UTF-8. */
static size_t character_columns(const char *bytes, size_t length)
{
        static locale_t utf8;
        wchar_t character = (unsigned char)bytes[0];
        locale_t before;
        int columns;

        if (length == 1)
                return 1;
        character &= 0x7F >> length;
        for (size_t i = 1; i < length; i++)
                character = (wchar_t)((character << 6) | (bytes[i] & 0x3F));
        if (!utf8 && !(utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL)))
                return 1;
        before = uselocale(utf8);
        columns = wcwidth(character);
        uselocale(before);
        return columns < 0 ? 1 : (size_t)columns;
}

/* Bytes of the character that `bytes` begin with; what is no UTF-8 counts byte by byte. */
static size_t character_length(const char *bytes)
{
        size_t length = text_character_length(bytes, strnlen(bytes, 4));

        return length ? length : 1;
}

static size_t columns_count(const char *bytes, size_t length)
{
        size_t columns = 0, at = 0;

        while (at < length) {
                size_t next = character_length(bytes + at);

                columns += character_columns(bytes + at, next);
                at += next;
        }
        return columns;
}

void show_plain(const char *string, struct text *text)
{
        for (const unsigned char *at = (const unsigned char *)string; *at; at++) {
                if (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0) {
                        text_add_char(text, '?');
                        at++;
                } else {
                        text_add_char(text, *at < 0x20 || *at == 0x7F ? '?' : (char)*at);
                }
        }
}

/* Adds a value as a person would write it. */
static void value_add(struct text *text, const json_t *value)
{
        if (!value || json_is_null(value))
                return;
        if (json_is_string(value)) {
                show_plain(json_string_value(value), text);
        } else if (json_is_array(value)) {
                for (size_t i = 0; i < json_array_size(value); i++) {
                        text_add(text, i > 0 ? ", " : "");
                        value_add(text, json_array_get(value, i));
                }
        } else {
                AUTO_FREE char *rendered = json_dumps(value, JSON_ENCODE_ANY);

                show_plain(rendered ? rendered : "", text);
        }
}

static const json_t *member_find(const json_t *object, const char *path)
{
        const char *dot;

        while ((dot = strchr(path, '.'))) {
                object = json_object_getn(object, path, (size_t)(dot - path));
                path = dot + 1;
        }
        return json_object_get(object, path);
}

static char *cell_make(const json_t *item, const char *member)
{
        struct text cell = { 0 };

        value_add(&cell, member_find(item, member));
        return text_take(&cell);
}

void show_row(const json_t *item, const struct show_column *columns, struct text *text)
{
        for (const struct show_column *column = columns; column->head; column++) {
                AUTO_FREE char *cell = cell_make(item, column->member);

                text_addf(text, "%s%s", column == columns ? "" : "  ", cell[0] ? cell : "-");
        }
        text_add_char(text, '\n');
}

/* Narrows the widest columns, but not the first, which names the row, until the table fits into `width`, or
 * nothing can be narrowed. */
static void widths_fit(size_t *widths, size_t count, size_t width)
{
        for (;;) {
                size_t total = (count - 1) * GAP, widest = count > 1;

                for (size_t i = 0; i < count; i++) {
                        total += widths[i];
                        widest = widths[i] > widths[widest] && i > 0 ? i : widest;
                }
                if (total <= width || widths[widest] <= COLUMN_LEAST)
                        return;
                widths[widest]--;
        }
}

/* Bytes of `cell` that go into a line of `width` columns: up to the last blank that fits. Of a word that is too
 * long by itself what fits before an ellipsis, and *dropped is the rest of it. */
static size_t piece_length(const char *cell, size_t width, size_t *dropped)
{
        size_t length = 0, columns = 0, last_break = 0, before_ellipsis = 0;

        while (cell[length]) {
                size_t next = character_length(cell + length);
                size_t wider = columns + character_columns(cell + length, next);

                if (wider > width)
                        break;
                length += next;
                columns = wider;
                if (columns < width)
                        before_ellipsis = length;
                if (cell[length] == ' ' || cell[length] == '\0')
                        last_break = length;
        }
        *dropped = 0;
        if (last_break > 0 || cell[length] == '\0')
                return last_break > 0 ? last_break : length;
        *dropped = strcspn(cell + before_ellipsis, " ");
        return before_ellipsis;
}

/* Adds one row, as many lines as its fullest cell needs. */
static void row_add(struct text *text, char *const *cells, const size_t *widths, size_t count)
{
        const char *at[COLUMNS_MAX];
        bool more = true;

        memcpy(at, cells, count * sizeof *at);
        while (more) {
                size_t blanks = 0;

                more = false;
                for (size_t i = 0; i < count; i++) {
                        size_t dropped, length = piece_length(at[i], widths[i], &dropped);

                        if (length > 0)
                                text_addf(text, "%*s%.*s%s", (int)blanks, "", (int)length, at[i],
                                          dropped > 0 ? ELLIPSIS : "");
                        blanks = (length > 0 ? 0 : blanks) + widths[i] + GAP - columns_count(at[i], length) -
                                 (dropped > 0);
                        at[i] += length + dropped;
                        at[i] += strspn(at[i], " ");
                        more = more || at[i][0] != '\0';
                }
                text_add_char(text, '\n');
        }
}

void show_table(const struct json_t *items, const struct show_column *columns, size_t width, struct text *text)
{
        size_t count = 0, rows = json_array_size(items) + 1, widths[COLUMNS_MAX] = { 0 };

        while (columns[count].head && count < COLUMNS_MAX)
                count++;
        AUTO_FREE char **cells = memory_new(rows * count, sizeof *cells);
        for (size_t i = 0; i < rows * count; i++) {
                const struct show_column *column = &columns[i % count];
                size_t wide;

                cells[i] = i < count ? memory_text(column->head)
                                     : cell_make(json_array_get(items, i / count - 1), column->member);
                wide = columns_count(cells[i], strlen(cells[i]));
                if (wide > widths[i % count])
                        widths[i % count] = wide;
        }
        if (width > 0)
                widths_fit(widths, count, width);
        for (size_t row = 0; row < rows; row++)
                row_add(text, cells + row * count, widths, count);
        for (size_t i = 0; i < rows * count; i++)
                free(cells[i]);
}

/* Adds the members of `object`, each name behind `prefix`. */
static void members_add(const json_t *object, const char *prefix, struct text *text)
{
        json_t *members = (json_t *)(uintptr_t)object, *value;
        const char *key;

        json_object_foreach(members, key, value)
        {
                AUTO_FREE char *name = memory_format("%s%s", prefix, key);
                AUTO_TEXT struct text shown = { 0 };

                if (json_is_object(value) && json_object_size(value) > 0) {
                        AUTO_FREE char *inner = memory_format("%s.", name);

                        members_add(value, inner, text);
                        continue;
                }
                show_plain(name, &shown);
                text_addf(text, "%-18s  ", text_get(&shown));
                value_add(text, value);
                text_add_char(text, '\n');
        }
}

void show_object(const struct json_t *object, struct text *text)
{
        members_add(object, "", text);
}

/* Adds one error of a problem: place, what is wrong unless the problem's detail has said it, code. */
static void error_add(const json_t *error, const char *said, struct text *text)
{
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        const char *detail = json_string_value(json_object_get(error, "detail"));
        bool repeats = said && detail && strcmp(said, detail) == 0;

        text_add(text, "  ");
        if (pointer && pointer[0]) {
                show_plain(pointer, text);
                text_add(text, repeats ? " " : ": ");
        }
        if (detail && !repeats) {
                show_plain(detail, text);
                text_add_char(text, ' ');
        }
        text_add_char(text, '(');
        value_add(text, json_object_get(error, "code"));
        text_add(text, ")\n");
}

void show_problem(const struct json_t *problem, int status, struct text *text)
{
        const char *detail = json_string_value(json_object_get(problem, "detail"));
        const json_t *errors = json_object_get(problem, "errors");

        if (!detail)
                text_addf(text, "the gateway answered with status %d", status);
        else
                show_plain(detail, text);
        text_add_char(text, '\n');
        for (size_t i = 0; i < json_array_size(errors); i++)
                error_add(json_array_get(errors, i), detail, text);
}
