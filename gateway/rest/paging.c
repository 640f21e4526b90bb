/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/paging.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/environment.h"

/* Bytes of the longest cursor before it is hexadecimal, with the NUL. */
#define CURSOR_PLAIN_SIZE (DOCUMENT_ID_MAX + EXPORT_PATH_MAX + 32)

/* A cursor is "<kind>:<id>", or "<kind>.path:<id>:<path>" in a list that is sorted so, in hexadecimal: opaque
 * enough that nobody is tempted to make one. */
static char *cursor_make(const struct page *page)
{
        AUTO_FREE char *plain = page->by_path
                                        ? memory_format("%s.path:%s:%s", page->word, page->last, page->last_path)
                                        : memory_format("%s:%s", page->word, page->last);
        struct text text = { 0 };

        for (const char *at = plain; *at; at++)
                text_addf(&text, "%02x", (unsigned char)*at);
        return text_take(&text);
}

static int digit_value(char digit)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = digit ? strchr(digits, digit) : NULL;

        return at ? (int)(at - digits) : -1;
}

/* Reads hexadecimal without NUL into `plain`; false when it is none, or too long for it. */
static bool cursor_decode(const char *cursor, char plain[CURSOR_PLAIN_SIZE])
{
        size_t length = strlen(cursor) / 2;

        if (strlen(cursor) % 2 != 0 || length >= CURSOR_PLAIN_SIZE)
                return false;
        for (size_t i = 0; i < length; i++) {
                int high = digit_value(cursor[2 * i]), low = digit_value(cursor[2 * i + 1]);

                if (high < 0 || low < 0 || high + low == 0)
                        return false;
                plain[i] = (char)(high * 16 + low);
        }
        plain[length] = '\0';
        return true;
}

static bool id_take(const char *text, size_t length, char id[DOCUMENT_ID_MAX + 1])
{
        if (length < 1 || length > DOCUMENT_ID_MAX)
                return false;
        for (size_t i = 0; i < length; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return false;
        memcpy(id, text, length);
        id[length] = '\0';
        return true;
}

/* Reads a cursor of the page's kind and order; false when it is none that cursor_make gave out. */
static bool cursor_read(const char *cursor, struct page *page)
{
        AUTO_FREE char *prefix = memory_format("%s%s:", page->word, page->by_path ? ".path" : "");
        size_t prefix_length = strlen(prefix), id_length;
        char plain[CURSOR_PLAIN_SIZE];
        const char *id = plain + prefix_length;

        if (!cursor_decode(cursor, plain) || strncmp(plain, prefix, prefix_length) != 0)
                return false;
        id_length = page->by_path ? strcspn(id, ":") : strlen(id);
        if (!id_take(id, id_length, page->after))
                return false;
        if (page->by_path && (id[id_length] != ':' || strlen(id + id_length + 1) > EXPORT_PATH_MAX))
                return false;
        if (page->by_path)
                snprintf(page->after_path, sizeof page->after_path, "%s", id + id_length + 1);
        return true;
}

static void limit_read(struct page *page, const char *text, struct violations *violations)
{
        size_t digits = strspn(text, "0123456789");
        unsigned long limit = digits > 0 && digits <= 4 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;

        if (limit < 1 || limit > PAGE_LIMIT_MOST)
                violation_add(violations, "query/limit", "limit.out_of_range", "limit is a number from 1 to %d",
                              PAGE_LIMIT_MOST);
        else
                page->limit = limit;
}

void page_start(struct page *page, const struct request *request, enum document_kind kind,
                struct violations *violations)
{
        page_start_named(page, request, document_word(kind), violations);
}

void page_start_named(struct page *page, const struct request *request, const char *word,
                      struct violations *violations)
{
        const char *limit = request_query(request, "limit");
        const char *cursor = request_query(request, "cursor");

        *page = (struct page){ .word = word, .limit = PAGE_LIMIT_DEFAULT, .by_path = page->by_path };
        text_add(&page->body, "{\"items\":[");
        if (limit)
                limit_read(page, limit, violations);
        if (cursor && !cursor_read(cursor, page))
                violation_add(violations, "query/cursor", "cursor.malformed",
                              "the cursor is none that this list has given as next");
}

void page_fini(struct page *page)
{
        text_fini(&page->body);
}

const char *page_after(const struct page *page)
{
        return page->after[0] != '\0' ? page->after : NULL;
}

bool page_has_room(struct page *page)
{
        page->more = page->count >= page->limit;
        return !page->more;
}

/* Notes that one more item follows, of `id`. */
static struct json_writer item_next(struct page *page, const char *id)
{
        struct json_writer writer = { .text = &page->body, .comma = page->count > 0 };

        page->count++;
        snprintf(page->last, sizeof page->last, "%s", id);
        return writer;
}

static void path_note(struct page *page, const struct document *document)
{
        if (page->by_path)
                snprintf(page->last_path, sizeof page->last_path, "%s", ((const struct export *)document)->path);
}

void page_item_begin(struct page *page, const struct document *document, struct json_writer *writer)
{
        *writer = item_next(page, document->id);
        path_note(page, document);
        json_write_begin(writer, NULL, '{');
}

void page_add(struct page *page, const struct document *document, json_t *item)
{
        page_add_named(page, document->id, item);
        path_note(page, document);
}

void page_add_named(struct page *page, const char *id, json_t *item)
{
        struct json_writer writer = item_next(page, id);

        json_write_tree(&writer, NULL, item);
        json_decref(item);
}

void page_break(struct page *page, const char *id)
{
        page->more = true;
        snprintf(page->last, sizeof page->last, "%s", id);
}

/* Adds `value` as it may stand in a query (RFC 3986, section 2.3). */
static void query_add(struct text *text, const char *value)
{
        for (; *value; value++)
                if (isalnum((unsigned char)*value) || strchr("-._~", *value))
                        text_add_char(text, *value);
                else
                        text_addf(text, "%%%02X", (unsigned char)*value);
}

/* Where the next page is (RFC 8288): the same query, but for the cursor. */
static void link_add(struct request *request, const char *next)
{
        AUTO_TEXT struct text link = { 0 };

        for (const char *at = request->path; *at; at++)
                if (*at == '/')
                        text_add_char(&link, '/');
                else
                        query_add(&link, (const char[]){ *at, '\0' });
        text_add(&link, "?");
        for (size_t i = 0; i < request->query.count; i++) {
                if (strcmp(request->query.fields[i].name, "cursor") == 0)
                        continue;
                query_add(&link, request->query.fields[i].name);
                text_add(&link, "=");
                query_add(&link, request->query.fields[i].value);
                text_add(&link, "&");
        }
        reply_field(&request->reply, "Link", "<%scursor=%s>; rel=\"next\"", text_get(&link), next);
}

void page_reply(struct page *page, struct request *request)
{
        AUTO_FREE char *next = page->more ? cursor_make(page) : NULL;

        text_add(&page->body, "],\"next\":");
        text_addf(&page->body, next ? "\"%s\"}" : "null}", next);
        reply_body(&request->reply, 200, NULL, text_take(&page->body));
        if (next)
                link_add(request, next);
}

const char *page_filter(const struct request *request, const char *name, struct violations *violations)
{
        const char *value = request_query(request, name);
        AUTO_FREE char *place = memory_format("query/%s", name);

        if (value && !name_is_valid(value))
                violation_add(violations, place, "name.malformed", "%s is no name that anything can have", name);
        return value;
}
