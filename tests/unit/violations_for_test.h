/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For tests: what an input is refused for, as one string that a table can hold.
 */
#pragma once

#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "domain/json_reader.h"
#include "domain/violation.h"

/* "<pointer> <code>" of each, parted by blanks; "" when there is none. Caller frees. */
static inline char *violations_text(const struct violations *violations)
{
        struct text text = { 0 };

        for (size_t i = 0; i < violations->count; i++)
                text_addf(&text, "%s%s %s", i == 0 ? "" : " ", violations->items[i].pointer,
                          violations->items[i].code);
        return text_take(&text);
}

/* The object that `source` (with ' for ") stands for; aborts when it is none. Caller owns the reference. */
static inline json_t *json_of(const char *source)
{
        AUTO_FREE char *text = strdup(source);
        struct fault fault = { 0 };

        for (char *at = text; *at; at++)
                if (*at == '\'')
                        *at = '"';
        json_t *json = json_document_parse(text, strlen(text), &fault);
        if (!json)
                fprintf(stderr, "%s: %s\n", source, fault.text);
        assert(json);
        return json;
}

/* Whether `body` was refused for what `refused` says ("" = accepted, and made into `object`); says so if not. */
static inline bool is_refused_for(const char *body, const void *object, const struct violations *violations,
                                  const char *refused)
{
        AUTO_FREE char *text = violations_text(violations);

        if (strcmp(text, refused) == 0 && (object == NULL) == (refused[0] != '\0'))
                return true;
        fprintf(stderr, "%s: \"%s\", not \"%s\"\n", body, text, refused);
        return false;
}
