/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/environment.h"

/* A cursor is "<kind>:<id>" in hexadecimal: opaque enough that nobody is tempted to make one. */
static char *cursor_make(enum document_kind kind, const char *id)
{
        AUTO_FREE char *plain = memory_format("%s:%s", document_word(kind), id);
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

/* Reads a cursor of `kind` into `id`; false when it is none that cursor_make gave out. */
static bool cursor_read(const char *cursor, enum document_kind kind, char id[DOCUMENT_ID_MAX + 1])
{
        const char *word = document_word(kind);
        char plain[DOCUMENT_ID_MAX + 32];
        size_t length = strlen(cursor) / 2, prefix = strlen(word) + 1;

        if (strlen(cursor) % 2 != 0 || length >= sizeof plain || length <= prefix ||
            length - prefix > DOCUMENT_ID_MAX)
                return false;
        for (size_t i = 0; i < length; i++) {
                int high = digit_value(cursor[2 * i]), low = digit_value(cursor[2 * i + 1]);

                if (high < 0 || low < 0 || high * 16 + low <= ' ' || high * 16 + low > '~')
                        return false;
                plain[i] = (char)(high * 16 + low);
        }
        plain[length] = '\0';
        if (strncmp(plain, word, prefix - 1) != 0 || plain[prefix - 1] != ':')
                return false;
        memcpy(id, plain + prefix, length - prefix + 1);
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
        const char *limit = request_query(request, "limit");
        const char *cursor = request_query(request, "cursor");

        *page = (struct page){ .kind = kind, .limit = PAGE_LIMIT_DEFAULT, .items = json_array() };
        if (limit)
                limit_read(page, limit, violations);
        if (cursor && !cursor_read(cursor, kind, page->after))
                violation_add(violations, "query/cursor", "cursor.malformed",
                              "the cursor is none that this list has given as next");
}

void page_fini(struct page *page)
{
        json_decref(page->items);
        page->items = NULL;
}

const char *page_after(const struct page *page)
{
        return page->after[0] != '\0' ? page->after : NULL;
}

bool page_has_room(struct page *page)
{
        page->more = json_array_size(page->items) >= page->limit;
        return !page->more;
}

void page_add(struct page *page, const struct document *document, json_t *item)
{
        json_array_append_new(page->items, item);
        snprintf(page->last, sizeof page->last, "%s", document->id);
}

void page_reply(struct page *page, struct request *request)
{
        AUTO_FREE char *next = page->more ? cursor_make(page->kind, page->last) : NULL;

        reply_json(&request->reply, 200, json_pack("{s:O, s:s?}", "items", page->items, "next", next));
}

const char *page_filter(const struct request *request, const char *name, struct violations *violations)
{
        const char *value = request_query(request, name);
        AUTO_FREE char *place = memory_format("query/%s", name);

        if (value && !name_is_valid(value))
                violation_add(violations, place, "name.malformed", "%s is no name that anything can have", name);
        return value;
}
