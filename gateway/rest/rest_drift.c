/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "domain/difference_json.h"
#include "domain/json_reader.h"
#include "reconcile/drift.h"
#include "rest/handlers.h"

static json_t *look_to_json(const struct drift_look *look)
{
        json_t *object = json_object();

        if (!look->looked)
                return object;
        json_set_time(object, "at", look->at_ms);
        json_object_set_new(object, "duration_ms", json_integer(look->duration_ms));
        json_object_set_new(object, "revision", json_integer((json_int_t)look->revision));
        json_object_set_new(object, "left_out", json_integer((json_int_t)look->left_out));
        if (look->fault.code != FAULT_NONE)
                json_object_set_new(object, "fault",
                                    json_pack("{s:s, s:s}", "code", fault_word(look->fault.code), "sentence",
                                              look->fault.text));
        return object;
}

static void view_to_json(void *context, const struct drift_view *view)
{
        json_t *looks = json_object(), *differences = json_array(), *unmanaged = json_array();
        json_t *body = context;

        for (enum difference_place place = 0; place < PLACE_COUNT; place++) {
                json_object_set_new(looks, difference_place_word(place), look_to_json(&view->looks[place]));
                for (size_t i = 0; i < view->counts[place]; i++)
                        json_array_append_new(differences, difference_to_json(&view->differences[place][i]));
        }
        for (size_t i = 0; i < view->unmanaged_count; i++)
                json_array_append_new(unmanaged, unmanaged_export_to_json(&view->unmanaged[i]));
        json_object_set_new(body, "looks", looks);
        json_object_set_new(body, "differences", differences);
        json_object_set_new(body, "unmanaged", unmanaged);
        json_object_set_new(body, "unmanaged_left_out", json_integer((json_int_t)view->unmanaged_left_out));
}

/* What is on the servers is the operator's to see: it names what is other accounts', and what is nobody's. */
void rest_drift_get(struct request *request)
{
        struct fault fault = { 0 };
        json_t *body;

        if (permit(&request->principal, PERMIT_READ_SERVERS, NULL, &fault)) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        body = json_object();
        json_set_text(body, "reconcile", status_observes(request->context->status) ? "observe" : "enforce");
        drift_show(request->context->drift, view_to_json, body);
        reply_json(&request->reply, 200, body);
}
