/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/server_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool server_version_take(const char *said, char version[SERVER_VERSION_SIZE])
{
        size_t length = strnlen(said, SERVER_VERSION_SIZE);

        version[0] = '\0';
        if (length == 0 || length == SERVER_VERSION_SIZE)
                return false;
        for (size_t i = 0; i < length; i++)
                if (said[i] < ' ' || said[i] > '~')
                        return false;
        memcpy(version, said, length + 1);
        return true;
}

void server_version_of_glusterd(uint32_t op_version, char version[SERVER_VERSION_SIZE])
{
        version[0] = '\0';
        if (op_version)
                snprintf(version, SERVER_VERSION_SIZE, "op-version %" PRIu32, op_version);
}
