/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An IP address as bytes. Text comes in once, at the edge, and goes out printed from the bytes: no address is
 * ever passed on as the text that somebody sent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum address_family { ADDRESS_NONE = 0, ADDRESS_V4 = 4, ADDRESS_V6 = 6 };

struct address {
        uint8_t family;    /* enum address_family */
        uint8_t bytes[16]; /* network order; 4 used for v4, the rest zero */
};

#define ADDRESS_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

enum address_kind {
        ADDRESS_USABLE,      /* may be a client's */
        ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, :: */
        ADDRESS_LOOPBACK,    /* 127.0.0.0/8, ::1 */
        ADDRESS_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
        ADDRESS_BROADCAST,   /* 240.0.0.0/4, reserved with 255.255.255.255 in it */
        ADDRESS_LINK_LOCAL,  /* 169.254.0.0/16, fe80::/10: not an identity across links */
};

/* Parses exactly one literal: dotted quad without leading zeros or RFC 4291 text; an IPv4-mapped IPv6 address
 * becomes v4. No zone, no prefix length, no name, no blanks. 0, or -1 when it is not one. */
int address_parse(const char *text, struct address *address);

/* The address of an IPv4 or IPv6 socket, an IPv4-mapped one as v4. 0, or -1 for another family. */
struct sockaddr;
int address_from_socket(const struct sockaddr *socket, struct address *address);

/* Prints the canonical form (RFC 5952 for v6). Returns `text`. */
char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* Order by family, then bytes: <0, 0, >0. */
int address_compare(const struct address *a, const struct address *b);
static inline bool address_equal(const struct address *a, const struct address *b)
{
        return address_compare(a, b) == 0;
}

enum address_kind address_kind(const struct address *address);

/* "is a loopback address" and the like, for sentences; static storage. */
const char *address_kind_sentence(enum address_kind kind);

/* "address.loopback" and the like, the code of a violation; static storage. */
const char *address_kind_code(enum address_kind kind);
