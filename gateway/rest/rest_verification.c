/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "domain/verification_json.h"

/* False: the reply says that verification is off. */
static bool verification_is_on(struct request *request)
{
        if (request->context->verify)
                return true;
        reply_fault(&request->reply, FAULT_CONFLICT, "%s",
                    status_observes(request->context->status)
                            ? "verify: nothing is tried while reconcile = observe"
                            : "verify: it is switched off in the configuration of this gateway");
        return false;
}

/* Whether the request may know of the storage that a row is about. */
static bool row_is_open(const struct request *request, const struct snapshot *now, const struct verification *row)
{
        const struct storage *storage = snapshot_storage(now, row->storage);

        return storage && permit(&request->principal, PERMIT_READ_STORAGE, storage->account, NULL) == 0;
}

void rest_verification_get(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        json_t *items = json_array();
        const char *word = status_observes(request->context->status) ? "observe" : "off";
        size_t count = 0;
        uint64_t run = 0;

        if (request->context->verify) {
                AUTO_FREE struct verification *rows = verify_results(request->context->verify, &count, &run);

                for (size_t i = 0; i < count; i++)
                        if (row_is_open(request, now, &rows[i]))
                                json_array_append_new(items, verification_to_json(&rows[i]));
        }
        reply_json(&request->reply, 200,
                   json_pack("{s:s, s:I, s:o}", "verify", request->context->verify ? "on" : word, "run",
                             (json_int_t)run, "items", items));
}

void rest_verification_run(struct request *request)
{
        struct fault fault = { 0 };

        if (permit(&request->principal, PERMIT_WRITE_STORAGE, NULL, &fault) < 0)
                reply_problem(&request->reply, &fault, NULL, NULL);
        else if (verification_is_on(request))
                reply_json(&request->reply, 202,
                           json_pack("{s:I}", "run", (json_int_t)verify_request(request->context->verify)));
}
