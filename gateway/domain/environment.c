/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/environment.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/text.h"

const char *const environment_state_words[] = {
#define ENVIRONMENT_STATE_ROW(state, word) [state] = word,
        ENVIRONMENT_STATE_TABLE(ENVIRONMENT_STATE_ROW)
#undef ENVIRONMENT_STATE_ROW
                [ENVIRONMENT_STATE_COUNT] = NULL
};

static void environment_free(void *object)
{
        struct environment *environment = object;

        for (size_t i = 0; i < environment->layer_count; i++)
                free(environment->layers[i]);
        free(environment->layers);
        origin_fini(&environment->origin);
        free(environment->uid);
        free(environment->account);
        document_fini(&environment->document);
        free(environment);
}

struct environment *environment_new(const char *name)
{
        struct environment *environment = NEW(struct environment);

        document_init(&environment->document, DOCUMENT_ENVIRONMENT, name, environment_free);
        return environment;
}

static void node_free(void *object)
{
        struct node *node = object;

        free(node->environment);
        free(node->environment_uid);
        free(node->layer);
        free(node->image);
        free(node->os_id);
        free(node->os_id_like);
        free(node->os_version);
        origin_fini(&node->origin);
        document_fini(&node->document);
        free(node);
}

struct node *node_new(const char *id)
{
        struct node *node = NEW(struct node);

        document_init(&node->document, DOCUMENT_NODE, id, node_free);
        return node;
}

const char *environment_state_word(enum environment_state state)
{
        assert(state < ENVIRONMENT_STATE_COUNT);
        return environment_state_words[state];
}

void environment_keep_state_revision(struct environment *next, const struct environment *now)
{
        next->state_revision = 0;
        if (now && now->state == next->state)
                next->state_revision = now->state_revision ? now->state_revision : now->document.revision;
}

bool environment_has_layer(const struct environment *environment, const char *layer)
{
        return text_place((const char *const *)environment->layers, environment->layer_count, layer) >= 0;
}

/* Reads one number of a version at *text and moves past it. */
static bool version_number_read(const char **text, uint16_t *number)
{
        unsigned long value = 0;
        const char *start = *text;

        for (; isdigit((unsigned char)**text) && *text - start < 5; (*text)++)
                value = value * 10 + (unsigned long)(**text - '0');
        *number = (uint16_t)value;
        return *text > start && value <= UINT16_MAX;
}

int platform_version_parse(const char *text, struct platform_version *version)
{
        struct platform_version read = { .present = true };

        if (!version_number_read(&text, &read.major))
                return -1;
        if (*text == '.' && (text++, !version_number_read(&text, &read.minor)))
                return -1;
        if (*text == '.' && (text++, !version_number_read(&text, &read.patch)))
                return -1;
        if (*text != '\0')
                return -1;
        *version = read;
        return 0;
}

char *platform_version_format(const struct platform_version *version)
{
        if (!version->present)
                return NULL;
        if (version->patch == 0)
                return memory_format("%u.%u", version->major, version->minor);
        return memory_format("%u.%u.%u", version->major, version->minor, version->patch);
}

static bool is_alphanumeric(char character)
{
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
               (character >= '0' && character <= '9');
}

bool name_is_valid(const char *text)
{
        size_t length = 0;

        if (!text || !is_alphanumeric(text[0]))
                return false;
        for (; text[length] != '\0'; length++)
                if (length == NAME_MAX_BYTES || (!is_alphanumeric(text[length]) && !strchr("._-", text[length])))
                        return false;
        return true;
}
