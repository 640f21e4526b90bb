/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/peer.h"

#include <stdio.h>

#include <microhttpd.h>

#include "rest/admission.h"

void peer_source(struct request *request, bool is_unix)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        struct address address;

        snprintf(request->source, sizeof request->source, "%s", is_unix ? "unix" : "unknown");
        if (!is_unix && info && info->client_addr && address_from_socket(info->client_addr, &address) == 0)
                address_format(&address, request->source);
}

int peer_principal(struct request *request, bool is_unix, bool is_public, struct fault *fault)
{
        const struct rest_context *context = request->context;

        if (is_unix) {
                const union MHD_ConnectionInfo *info =
                        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

                return principal_from_peer(info->connect_fd, context->operator_gid, &request->principal, fault);
        }
        if (is_public && !request->headers[HEADER_AUTHORIZATION])
                return 0;
        return admission_by_secret(request, principal_bearer(request->headers[HEADER_AUTHORIZATION]), fault);
}
