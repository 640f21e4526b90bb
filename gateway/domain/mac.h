/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hardware address of an Ethernet interface as bytes: text comes in once, at the edge, and goes out printed
 * from the bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAC_SIZE 6
#define MAC_TEXT_SIZE 18 /* "02:00:00:00:00:01" */

struct mac {
        uint8_t bytes[MAC_SIZE]; /* all zero = none */
};

/* Six pairs of hexadecimal digits, in lower case, parted by colons; an interface's own address: not a group's
 * (IEEE 802: lowest bit of the first byte), not zero. 0, or -1 when it is not one. */
int mac_parse(const char *text, struct mac *mac);

/* The form that mac_parse takes. Returns `text`. */
char *mac_format(const struct mac *mac, char text[MAC_TEXT_SIZE]);

/* Whether it is an interface's own address, as mac_parse demands. */
bool mac_is_usable(const struct mac *mac);

/* Order by bytes: <0, 0, >0. */
int mac_compare(const struct mac *a, const struct mac *b);
