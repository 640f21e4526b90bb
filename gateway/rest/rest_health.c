/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/handlers.h"

void rest_health_get(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}
