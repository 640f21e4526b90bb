/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "domain/export.h"
#include "rest/paging.h"

/* A page that begins behind a cursor and ends there again gives the same cursor. */
static void check_again(struct page *page, struct request *request, const char *cursor)
{
        json_t *body;

        FUZZ_HOLDS(page_after(page) != NULL && strlen(page->after) <= DOCUMENT_ID_MAX);
        FUZZ_HOLDS(strlen(page->after_path) <= EXPORT_PATH_MAX);
        page_break(page, page->after);
        memcpy(page->last_path, page->after_path, sizeof page->last_path);
        page_reply(page, request);
        body = json_loads(request->reply.body, 0, NULL);
        FUZZ_HOLDS(strcmp(json_string_value(json_object_get(body, "next")), cursor) == 0);
        json_decref(body);
}

static void page_run(const char *cursor, bool by_path)
{
        const struct rest_context context = { .clock = clock_system() };
        struct request *request = request_new(&context, "/v1/exports");
        AUTO_VIOLATIONS struct violations violations = { 0 };
        AUTO_PAGE struct page page = { .by_path = by_path };

        request->path = memory_text("/v1/exports");
        request->query.fields[request->query.count++] = (struct form_field){ "cursor", cursor };
        page_start(&page, request, DOCUMENT_EXPORT, &violations);
        if (violations_any(&violations))
                FUZZ_HOLDS(strcmp(violations.items[0].code, "cursor.malformed") == 0);
        else
                check_again(&page, request, cursor);
        request_free(request);
}

/* `plain` as a list would write it. */
static void plain_run(const char *plain)
{
        struct text cursor = { 0 };

        for (const char *at = plain; *at; at++)
                text_addf(&cursor, "%02x", (unsigned char)*at);
        page_run(text_get(&cursor), false);
        page_run(text_get(&cursor), true);
        text_fini(&cursor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FREE char *text = memory_format("%.*s", (int)size, (const char *)data);

        page_run(text, false);
        page_run(text, true);
        plain_run(text); /* the bytes of a cursor, before they are hexadecimal */
        return 0;
}
