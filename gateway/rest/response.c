/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/response.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/types.h>

#include <microhttpd.h>

#include "rest/cors.h"

#define STREAM_BLOCK 16384 /* bytes that a stream is asked for at a time */

_Static_assert(REPLY_READ_LATER == 0 && REPLY_READ_END == MHD_CONTENT_READER_END_OF_STREAM,
               "a reply reads as libmicrohttpd wants it");

static ssize_t stream_pull(void *context, uint64_t position, char *buffer, size_t most)
{
        struct request *request = context;

        (void)position;
        return request->reply.read(request, buffer, most);
}

static struct MHD_Response *body_make(struct request *request)
{
        struct reply *reply = &request->reply;

        if (reply->read)
                return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_pull, request,
                                                         NULL);
        return MHD_create_response_from_buffer(reply->length, reply->body ? reply->body : (char *)"",
                                               reply->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *response_make(struct request *request, bool shared)
{
        struct reply *reply = &request->reply;
        struct MHD_Response *response = body_make(request);

        if (!response)
                abort();
        if (reply->body || reply->read)
                MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                        reply->problem ? "application/problem+json"
                                        : reply->type  ? reply->type
                                                       : "application/json");
        reply->body = NULL; /* the response has it */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        if (!shared) /* one answer for many requests has the id of none: who wants one sends it */
                MHD_add_response_header(response, "X-Request-Id", request->id);
        if (request->revision > 0 && !reply->problem)
                reply_field(reply, "Gatehouse-Revision", "%" PRIu64, request->revision);
        cors_add(request);
        for (size_t i = 0; i < reply->field_count; i++)
                MHD_add_response_header(response, reply->fields[i].name, reply->fields[i].value);
        return response;
}
