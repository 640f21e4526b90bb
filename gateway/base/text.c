/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void text_fini(struct text *text)
{
        free(text->data);
        *text = (struct text){ 0 };
}

void text_clear(struct text *text)
{
        text->length = 0;
        if (text->data)
                text->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. */
static void text_reserve(struct text *text, size_t more)
{
        size_t needed = text->length + more + 1;
        size_t capacity = text->capacity ? text->capacity : 64;

        if (needed <= text->capacity)
                return;
        while (capacity < needed)
                capacity *= 2;
        text->data = memory_resize(text->data, capacity, 1);
        text->capacity = capacity;
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
        text_reserve(text, length);
        if (length > 0)
                memcpy(text->data + text->length, bytes, length);
        text->length += length;
        text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
        text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char character)
{
        text_add_bytes(text, &character, 1);
}

void text_addf(struct text *text, const char *format, ...)
{
        va_list arguments, again;

        va_start(arguments, format);
        va_copy(again, arguments);
        int length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        assert(length >= 0);
        text_reserve(text, (size_t)length);
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        va_end(again);
        text->length += (size_t)length;
}

const char *text_get(const struct text *text)
{
        return text->data ? text->data : "";
}

char *text_take(struct text *text)
{
        char *data;

        text_reserve(text, 0);
        text->data[text->length] = '\0';
        data = text->data;
        *text = (struct text){ 0 };
        return data;
}

size_t text_character_length(const void *at, size_t left)
{
        const unsigned char *bytes = at;
        unsigned char first = bytes[0];
        size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;

        if (length == 0 || length > left)
                return 0;
        for (size_t i = 1; i < length; i++)
                if ((bytes[i] & 0xC0) != 0x80)
                        return 0;
        if ((first == 0xE0 && bytes[1] < 0xA0) || (first == 0xED && bytes[1] > 0x9F) ||
            (first == 0xF0 && bytes[1] < 0x90) || (first == 0xF4 && bytes[1] > 0x8F))
                return 0;
        return length;
}

bool text_is_utf8(const void *bytes, size_t length)
{
        const unsigned char *at = bytes;
        size_t left = length;

        while (left > 0) {
                size_t step = text_character_length(at, left);

                if (step == 0)
                        return false;
                at += step;
                left -= step;
        }
        return true;
}

int text_place(const char *const *words, size_t count, const char *word)
{
        for (size_t i = 0; word && i < count; i++)
                if (strcmp(words[i], word) == 0)
                        return (int)i;
        return -1;
}
