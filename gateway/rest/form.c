/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/form.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

static int hex_value(char digit)
{
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        digit = (char)tolower((unsigned char)digit);
        return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool percent_decode(char *text, bool plus_is_blank)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                char character = *from;

                if (character == '%') {
                        int high = hex_value(from[1]), low = high < 0 ? -1 : hex_value(from[2]);

                        if (low < 0 || (high == 0 && low == 0))
                                return false;
                        character = (char)(high * 16 + low);
                        from += 2;
                } else if (character == '+' && plus_is_blank) {
                        character = ' ';
                }
                *to++ = character;
        }
        *to = '\0';
        return text_is_utf8(text, strlen(text));
}

int form_parse(struct form *form, char *text, size_t length, const char *what, struct fault *fault)
{
        char *rest = NULL;

        if (memchr(text, '\0', length))
                return fault_set(fault, FAULT_MALFORMED, "%s is not well-formed: it has a NUL", what);
        for (char *field = strtok_r(text, "&", &rest); field; field = strtok_r(NULL, "&", &rest)) {
                char *value = strchr(field, '=');

                if (value)
                        *value++ = '\0';
                else
                        value = field + strlen(field);
                if (form->count == FORM_FIELDS_MAX)
                        return fault_set(fault, FAULT_MALFORMED, "%s has more than %d parameters", what,
                                         FORM_FIELDS_MAX);
                if (!percent_decode(field, true) || !percent_decode(value, true))
                        return fault_set(fault, FAULT_MALFORMED,
                                         "%s is not well-formed: percent-encoded UTF-8 is wanted", what);
                form->fields[form->count++] = (struct form_field){ field, value };
        }
        return 0;
}
