/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

/* Ranges in the order in which they are looked at: the first that holds an address names it. */
static const struct {
        struct address network;
        unsigned bits;
        enum address_kind kind;
} address_ranges[] = {
        { { ADDRESS_V4, { 0 } }, 8, ADDRESS_UNSPECIFIED },          /* RFC 1122, "this network" */
        { { ADDRESS_V4, { 127 } }, 8, ADDRESS_LOOPBACK },           /* RFC 1122 */
        { { ADDRESS_V4, { 169, 254 } }, 16, ADDRESS_LINK_LOCAL },   /* RFC 3927 */
        { { ADDRESS_V4, { 224 } }, 4, ADDRESS_MULTICAST },          /* RFC 5771 */
        { { ADDRESS_V4, { 240 } }, 4, ADDRESS_BROADCAST },          /* RFC 1112, reserved; RFC 919 */
        { { ADDRESS_V6, { 0 } }, 128, ADDRESS_UNSPECIFIED },        /* RFC 4291 */
        { { ADDRESS_V6, { [15] = 1 } }, 128, ADDRESS_LOOPBACK },    /* RFC 4291 */
        { { ADDRESS_V6, { 0xFE, 0x80 } }, 10, ADDRESS_LINK_LOCAL }, /* RFC 4291 */
        { { ADDRESS_V6, { 0xFF } }, 8, ADDRESS_MULTICAST },         /* RFC 4291 */
};

static const struct {
        const char *code;
        const char *sentence;
} address_kinds[] = {
        [ADDRESS_USABLE] = { "address.usable", "is an address that a client can have" },
        [ADDRESS_UNSPECIFIED] = { "address.unspecified", "is an unspecified address" },
        [ADDRESS_LOOPBACK] = { "address.loopback", "is a loopback address" },
        [ADDRESS_MULTICAST] = { "address.multicast", "is a multicast address" },
        [ADDRESS_BROADCAST] = { "address.broadcast", "is a broadcast or reserved address" },
        [ADDRESS_LINK_LOCAL] = { "address.link_local", "is a link-local address" },
};

/* An IPv4-mapped address is v4. */
static void address_take_v6(const unsigned char bytes[16], struct address *address)
{
        static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        bool is_mapped = memcmp(bytes, mapped, sizeof mapped) == 0;

        address->family = is_mapped ? ADDRESS_V4 : ADDRESS_V6;
        memcpy(address->bytes, is_mapped ? bytes + sizeof mapped : bytes, is_mapped ? 4 : 16);
}

int address_parse(const char *text, struct address *address)
{
        unsigned char bytes[16];

        *address = (struct address){ 0 };
        if (inet_pton(AF_INET, text, address->bytes) == 1) {
                address->family = ADDRESS_V4;
                return 0;
        }
        if (inet_pton(AF_INET6, text, bytes) != 1)
                return -1;
        address_take_v6(bytes, address);
        return 0;
}

int address_from_socket(const struct sockaddr *socket, struct address *address)
{
        *address = (struct address){ 0 };
        if (socket->sa_family == AF_INET) {
                address->family = ADDRESS_V4;
                memcpy(address->bytes, &((const struct sockaddr_in *)socket)->sin_addr, 4);
        } else if (socket->sa_family == AF_INET6) {
                address_take_v6(((const struct sockaddr_in6 *)socket)->sin6_addr.s6_addr, address);
        }
        return address->family == ADDRESS_NONE ? -1 : 0;
}

/* A number and what stands behind it; returns where it ends. */
static char *octet_write(char *at, unsigned octet, char behind)
{
        if (octet >= 100)
                *at++ = (char)('0' + octet / 100);
        if (octet >= 10)
                *at++ = (char)('0' + octet / 10 % 10);
        *at++ = (char)('0' + octet % 10);
        *at++ = behind;
        return at;
}

char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
        char *at = text;

        assert(address->family == ADDRESS_V4 || address->family == ADDRESS_V6);
        if (address->family == ADDRESS_V6) {
                inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_SIZE);
                return text;
        }
        /* inet_ntop goes by way of sprintf: a third of the time that a list of 10,000 took to be read and printed.
         */
        for (int i = 0; i < 4; i++)
                at = octet_write(at, address->bytes[i], i < 3 ? '.' : '\0');
        return text;
}

int address_compare(const struct address *a, const struct address *b)
{
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Whether the first `bits` bits of both are the same. */
static bool address_shares_prefix(const struct address *a, const struct address *b, unsigned bits)
{
        unsigned whole = bits / 8, rest = bits % 8;

        if (a->family != b->family || memcmp(a->bytes, b->bytes, whole) != 0)
                return false;
        return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

enum address_kind address_kind(const struct address *address)
{
        for (size_t i = 0; i < sizeof address_ranges / sizeof address_ranges[0]; i++)
                if (address_shares_prefix(address, &address_ranges[i].network, address_ranges[i].bits))
                        return address_ranges[i].kind;
        return ADDRESS_USABLE;
}

const char *address_kind_sentence(enum address_kind kind)
{
        return address_kinds[kind].sentence;
}

const char *address_kind_code(enum address_kind kind)
{
        return address_kinds[kind].code;
}
