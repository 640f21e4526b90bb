/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/probe_network.h"

#include <stdio.h>
#include <string.h>

#define NETWORK_PREFIX 29
#define LINK_ADDRESSES 4 /* network, storage node, client, broadcast */

int probe_network_parse(const char *text, struct probe_network *network)
{
        char literal[ADDRESS_TEXT_SIZE] = "";
        const char *slash = strchr(text, '/');

        if (!slash || strcmp(slash, "/29") != 0 || (size_t)(slash - text) >= sizeof literal)
                return -1;
        memcpy(literal, text, (size_t)(slash - text));
        if (address_parse(literal, &network->base) != 0 || network->base.family != ADDRESS_V4 ||
            network->base.bytes[3] % 8 != 0 || address_kind(&network->base) != ADDRESS_USABLE)
                return -1;
        return 0;
}

static struct address address_at(const struct probe_network *network, unsigned place)
{
        struct address address = network->base;

        address.bytes[3] = (uint8_t)(address.bytes[3] + place);
        return address;
}

struct address probe_network_gateway(const struct probe_network *network, enum probe_client client)
{
        return address_at(network, (unsigned)client * LINK_ADDRESSES + 1);
}

struct address probe_network_client(const struct probe_network *network, enum probe_client client)
{
        return address_at(network, (unsigned)client * LINK_ADDRESSES + 2);
}

char *probe_network_format(const struct probe_network *network, char text[PROBE_NETWORK_TEXT_SIZE])
{
        char literal[ADDRESS_TEXT_SIZE];

        snprintf(text, PROBE_NETWORK_TEXT_SIZE, "%s/29", address_format(&network->base, literal));
        return text;
}

static uint32_t number_of(const struct address *address)
{
        return (uint32_t)address->bytes[0] << 24 | (uint32_t)address->bytes[1] << 16 |
               (uint32_t)address->bytes[2] << 8 | address->bytes[3];
}

bool probe_network_meets(const struct probe_network *network, const struct address *address, unsigned prefix)
{
        unsigned shared = prefix < NETWORK_PREFIX ? prefix : NETWORK_PREFIX;

        return shared > 0 && (number_of(&network->base) ^ number_of(address)) >> (32 - shared) == 0;
}

bool probe_network_has(const struct probe_network *network, const struct address *address)
{
        return network->base.family != ADDRESS_NONE && address->family == ADDRESS_V4 &&
               probe_network_meets(network, address, 32);
}
