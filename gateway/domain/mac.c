/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/mac.h"

#include <stdio.h>
#include <string.h>

#define GROUP_BIT 0x01

static int digit_value(char digit)
{
        static const char digits[] = "0123456789abcdef";
        const char *found = digit ? strchr(digits, digit) : NULL;

        return found ? (int)(found - digits) : -1;
}

int mac_parse(const char *text, struct mac *mac)
{
        if (strnlen(text, MAC_TEXT_SIZE) != MAC_TEXT_SIZE - 1)
                return -1;
        for (int i = 0; i < MAC_SIZE; i++, text += 3) {
                int high = digit_value(text[0]), low = digit_value(text[1]);

                if (high < 0 || low < 0 || text[2] != (i < MAC_SIZE - 1 ? ':' : '\0'))
                        return -1;
                mac->bytes[i] = (uint8_t)(high << 4 | low);
        }
        return mac_is_usable(mac) ? 0 : -1;
}

char *mac_format(const struct mac *mac, char text[MAC_TEXT_SIZE])
{
        const uint8_t *bytes = mac->bytes;

        snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                 bytes[4], bytes[5]);
        return text;
}

bool mac_is_usable(const struct mac *mac)
{
        static const struct mac none;

        return !(mac->bytes[0] & GROUP_BIT) && mac_compare(mac, &none) != 0;
}

int mac_compare(const struct mac *a, const struct mac *b)
{
        return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
