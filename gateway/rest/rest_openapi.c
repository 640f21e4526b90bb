/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/handlers.h"
#include "rest/openapi.h"

void rest_openapi_get(struct request *request)
{
        reply_text(&request->reply, 200, openapi_json);
}
