/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <microhttpd.h>

#include "rest/admission.h"

void peer_source(struct request *request, bool is_unix)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const struct sockaddr *peer = info ? info->client_addr : NULL;
        struct address address;
        char text[ADDRESS_TEXT_SIZE] = "";

        snprintf(request->source, sizeof request->source, "%s", is_unix ? "unix" : "unknown");
        if (is_unix || !peer)
                return;
        if (peer->sa_family == AF_INET)
                inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, sizeof text);
        else if (peer->sa_family == AF_INET6)
                inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, text, sizeof text);
        if (address_parse(text, &address) == 0) /* an IPv4-mapped one is shown as IPv4 */
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
