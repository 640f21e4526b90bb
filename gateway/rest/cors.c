/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/cors.h"

#include <string.h>

/* How long a browser need not ask again. */
#define MAX_AGE "600"

#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE"
#define REQUEST_FIELDS                                                                                           \
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, Gatehouse-If-Revision, " \
        "Inventory-Source, Inventory-Revision, X-Request-Id, Last-Event-ID"
#define REPLY_FIELDS                                                                                        \
        "ETag, Link, Location, Retry-After, Preference-Applied, Idempotency-Replayed, Gatehouse-Revision, " \
        "X-Request-Id, Allow"

static bool origin_is_allowed(const struct request *request)
{
        const char *origin = request->headers[HEADER_ORIGIN];

        for (char *const *allowed = request->context->cors_origins; origin && allowed && *allowed; allowed++)
                if (strcmp(*allowed, origin) == 0)
                        return true;
        return false;
}

bool cors_preflight(struct request *request)
{
        if (strcmp(request->method, "OPTIONS") != 0 || !request->headers[HEADER_CORS_METHOD] ||
            !origin_is_allowed(request))
                return false;
        reply_json(&request->reply, 204, NULL);
        reply_field(&request->reply, "Access-Control-Allow-Methods", METHODS);
        reply_field(&request->reply, "Access-Control-Allow-Headers", REQUEST_FIELDS);
        reply_field(&request->reply, "Access-Control-Max-Age", MAX_AGE);
        return true;
}

void cors_add(struct request *request)
{
        if (!request->context->cors_origins || !request->context->cors_origins[0])
                return;
        reply_field(&request->reply, "Vary", "Origin");
        if (!origin_is_allowed(request))
                return;
        reply_field(&request->reply, "Access-Control-Allow-Origin", "%s", request->headers[HEADER_ORIGIN]);
        reply_field(&request->reply, "Access-Control-Expose-Headers", REPLY_FIELDS);
}
