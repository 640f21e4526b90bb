/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/handlers.h"

void rest_environment_list(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_environment_get(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_environment_put(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_environment_delete(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}
