/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/handlers.h"

void rest_grant_list(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}
