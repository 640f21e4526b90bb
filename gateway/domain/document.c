/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/document.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const document_words[DOCUMENT_KIND_COUNT] = {
#define DOCUMENT_ROW(kind, word) [kind] = word,
        DOCUMENT_TABLE(DOCUMENT_ROW)
#undef DOCUMENT_ROW
};

const char *document_word(enum document_kind kind)
{
        assert(kind < DOCUMENT_KIND_COUNT);
        return document_words[kind];
}

int document_kind_parse(const char *word, enum document_kind *kind)
{
        int place = text_place(document_words, DOCUMENT_KIND_COUNT, word);

        if (place >= 0)
                *kind = (enum document_kind)place;
        return place < 0 ? -1 : 0;
}

void document_init(struct document *document, enum document_kind kind, const char *id,
                   void (*free_object)(void *object))
{
        assert(strlen(id) <= DOCUMENT_ID_MAX);
        shared_init(document, free_object);
        document->kind = kind;
        document->id = memory_text(id);
}

void document_fini(struct document *document)
{
        free(document->id);
        document->id = NULL;
}

void document_set_id(struct document *document, const char *id)
{
        assert(strlen(id) <= DOCUMENT_ID_MAX && document->revision == 0);
        free(document->id);
        document->id = memory_text(id);
}

/* Bit number `bit` of `bytes`, the highest of the first byte being 0. */
static unsigned bit_get(const uint8_t *bytes, unsigned bit)
{
        return ((unsigned)bytes[bit / 8] >> (7 - bit % 8)) & 1u;
}

char *document_id_make(const char *prefix, int64_t wall_ms, const uint8_t random[10],
                       char id[DOCUMENT_MADE_ID_SIZE])
{
        static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford: no i, l, o, u */
        uint8_t bytes[16];

        for (int i = 0; i < 6; i++)
                bytes[i] = (uint8_t)((uint64_t)wall_ms >> (40 - 8 * i));
        memcpy(bytes + 6, random, 10);
        snprintf(id, 4, "%.2s-", prefix);
        /* 26 digits of 5 bits hold 130: the first digit begins two bits before the first byte. */
        for (unsigned i = 0; i < 26; i++) {
                unsigned value = 0;

                for (unsigned bit = i * 5; bit < i * 5 + 5; bit++)
                        value = value << 1 | (bit < 2 ? 0u : bit_get(bytes, bit - 2));
                id[3 + i] = digits[value];
        }
        id[DOCUMENT_MADE_ID_SIZE - 1] = '\0';
        return id;
}
