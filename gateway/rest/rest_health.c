/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "rest/handlers.h"

/* One backend; what exactly is wrong is told to those who have said who they are, and not to client nodes. */
static json_t *backend_to_json(const struct request *request, enum backend backend, const struct fault *fault)
{
        char at[CLOCK_TEXT_SIZE];
        json_t *health =
                json_pack("{s:s, s:s}", "status", fault->code == FAULT_NONE ? "ok" : fault_word(fault->code), "at",
                          clock_format(status_backend_at_ms(request->context->status, backend), at));

        if (fault->code != FAULT_NONE && request->principal.kind != PRINCIPAL_NONE &&
            request->principal.kind != PRINCIPAL_NODE)
                json_object_set_new(health, "detail", json_string(fault->text));
        return health;
}

/* Whether that is no more than a word of warning, or as the configuration has it. */
static bool backend_serves(enum fault_code code)
{
        return code == FAULT_NONE || code == FAULT_OBSERVING || code == FAULT_EXPIRING;
}

void rest_health_get(struct request *request)
{
        json_t *backends = json_object();
        bool well = true, observes = status_observes(request->context->status);

        for (int backend = 0; backend < BACKEND_COUNT; backend++) {
                struct fault fault = { 0 };

                if (!status_backend(request->context->status, (enum backend)backend, &fault))
                        continue;
                well = well && backend_serves(fault.code);
                json_object_set_new(backends, backend_word((enum backend)backend),
                                    backend_to_json(request, (enum backend)backend, &fault));
        }
        json_t *body = json_pack("{s:s, s:o}", "status", well ? (observes ? "observing" : "ok") : "degraded",
                                 "backends", backends);
        if (observes)
                json_object_set_new(
                        body, "reconcile",
                        json_string("observe: NOTHING IS ENFORCED, no server is changed; see gatehouse drift"));
        reply_json(&request->reply, well ? 200 : 503, body);
        if (!well)
                reply_field(&request->reply, "Retry-After", "5");
}
