/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/handlers.h"

void rest_node_list(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_node_get(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_node_put(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}

void rest_node_delete(struct request *request)
{
        reply_fault(&request->reply, FAULT_UNAVAILABLE, "this operation is not there yet");
}
