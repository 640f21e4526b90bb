/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/origin.h"

#include <string.h>

bool origin_is_valid(const char *value)
{
        static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789.-[]:";
        size_t scheme = strncmp(value, "https://", 8) == 0 ? 8 : strncmp(value, "http://", 7) == 0 ? 7 : 0;

        return scheme > 0 && value[scheme] != '\0' && strspn(value + scheme, name) == strlen(value + scheme);
}
