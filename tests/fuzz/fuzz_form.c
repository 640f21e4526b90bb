/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever a form body holds, it is refused with a sentence, or its fields are UTF-8 within the bytes that were
 * sent, in their order, and come back the same when they are written and read again.
 */
#include "fuzz.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "rest/form.h"

static void encoded_add(struct text *text, const char *value)
{
        for (; *value; value++)
                text_addf(text, "%%%02X", (unsigned char)*value);
}

static void check_again(const struct form *form)
{
        AUTO_TEXT struct text text = { 0 };
        struct form again = { 0 };

        for (size_t i = 0; i < form->count; i++) {
                text_add(&text, i > 0 ? "&&" : "");
                encoded_add(&text, form->fields[i].name);
                text_add(&text, "=");
                encoded_add(&text, form->fields[i].value);
        }
        if (form->count == 0)
                return;
        FUZZ_HOLDS(form_parse(&again, text.data, text.length, "the body", NULL) == 0);
        FUZZ_HOLDS(again.count == form->count);
        for (size_t i = 0; i < form->count; i++) {
                FUZZ_HOLDS(strcmp(again.fields[i].name, form->fields[i].name) == 0);
                FUZZ_HOLDS(strcmp(again.fields[i].value, form->fields[i].value) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FREE char *text = memory_new(size + 1, 1);
        struct fault fault = { 0 };
        struct form form = { 0 };
        const char *before = text;

        if (size > 0)
                memcpy(text, data, size);
        int result = form_parse(&form, text, size, "the body", &fault);
        FUZZ_HOLDS((result == 0) == (fault.code == FAULT_NONE));
        FUZZ_HOLDS(result == 0 || fault.text[0] != '\0');
        FUZZ_HOLDS(form.count <= FORM_FIELDS_MAX);
        for (size_t i = 0; i < form.count; i++) {
                const struct form_field *field = &form.fields[i];

                FUZZ_HOLDS(field->name >= before && field->value >= field->name + strlen(field->name));
                before = field->value + strlen(field->value);
                FUZZ_HOLDS(before <= text + size);
                FUZZ_HOLDS(text_is_utf8(field->name, strlen(field->name)));
                FUZZ_HOLDS(text_is_utf8(field->value, strlen(field->value)));
        }
        if (result == 0)
                check_again(&form);
        return 0;
}
