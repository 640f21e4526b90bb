/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/verification_show.h"

#include <jansson.h>

#include "domain/json_reader.h"
#include "domain/verification_json.h"

struct json_t *grant_verified_to_json(const struct request *request, const struct grant *grant)
{
        struct verification row = { 0 };
        struct fault fault = { 0 };
        json_t *object = json_object();
        bool seen;

        if (request->context->verify) {
                int64_t since_ms = status_held_since(request->context->status, grant->export->document.id,
                                                     grant->choice.protocol, &seen, &fault);

                verify_grant(request->context->verify, grant->export->storage, grant->choice.protocol, since_ms,
                             &row);
        } else {
                bool observes = status_observes(request->context->status);

                verification_skip(&row, observes ? "observe" : "off",
                                  observes ? "nothing is tried while reconcile = observe"
                                           : "verification is switched off");
        }
        json_set_text(object, "state",
                      row.result == VERIFICATION_PASSED ? "verified" : verification_result_word(row.result));
        verification_put_reason(object, &row);
        return object;
}
