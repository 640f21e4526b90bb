/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
        const char *word;
        int status;
        bool retryable;
} fault_table[FAULT_CODE_COUNT] = { [FAULT_NONE] = { "none", 200, false },
#define FAULT_ROW(code, word, status, retryable) [code] = { word, status, retryable },
                                    FAULT_TABLE(FAULT_ROW)
#undef FAULT_ROW
};

/* Makes `text` fit to be shown: no control characters, nothing that is not UTF-8, no character cut in half at the
 * end. */
static void text_tidy(char *text, size_t size)
{
        size_t length = strnlen(text, size - 1);
        size_t step;

        for (size_t i = 0; i < length; i += step) {
                step = text_character_length(text + i, length - i);
                if (step == 0 && length == size - 1 && length - i < 4 && ((unsigned char)text[i] & 0xC0) == 0xC0) {
                        text[i] = '\0'; /* vsnprintf cut it */
                        break;
                }
                if (step == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
                        text[i] = '?';
                        step = 1;
                }
        }
}

int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
        assert(code > FAULT_NONE && code < FAULT_CODE_COUNT);
        if (fault) {
                va_list arguments;

                fault->code = code;
                va_start(arguments, format);
                vsnprintf(fault->text, sizeof fault->text, format, arguments);
                va_end(arguments);
                text_tidy(fault->text, sizeof fault->text);
        }
        return -(int)code;
}

int fault_set_errno(struct fault *fault, enum fault_code code, int error_number, const char *format, ...)
{
        char buffer[128];
        char text[FAULT_TEXT_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        /* GNU's strerror_r: returns the text, in `buffer` or not. */
        return fault_set(fault, code, "%s: %s", text, strerror_r(error_number, buffer, sizeof buffer));
}

int fault_prefix(struct fault *fault, const char *format, ...)
{
        char before[FAULT_TEXT_SIZE];
        char after[FAULT_TEXT_SIZE];
        va_list arguments;

        assert(fault->code != FAULT_NONE);
        va_start(arguments, format);
        vsnprintf(before, sizeof before, format, arguments);
        va_end(arguments);
        memcpy(after, fault->text, sizeof after);
        return fault_set(fault, fault->code, "%s: %s", before, after);
}

const char *fault_word(enum fault_code code)
{
        assert(code < FAULT_CODE_COUNT);
        return fault_table[code].word;
}

int fault_status(enum fault_code code)
{
        assert(code < FAULT_CODE_COUNT);
        return fault_table[code].status;
}

bool fault_is_retryable(enum fault_code code)
{
        assert(code < FAULT_CODE_COUNT);
        return fault_table[code].retryable;
}
