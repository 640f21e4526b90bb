/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/document.h"

#include <assert.h>
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
