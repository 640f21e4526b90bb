/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/verification_json.h"

#include <jansson.h>

#include "domain/json_reader.h"

static json_t *check_to_json(enum verification_check check, const struct check_seen *seen)
{
        json_t *object = json_object();

        json_set_text(object, "check", verification_check_word(check));
        json_set_text(object, "result", verification_result_word(seen->result));
        json_set_text(object, "client", probe_verdict_word(seen->verdict));
        json_object_set_new(object, "latency_us", json_integer((json_int_t)seen->latency_us));
        return object;
}

void verification_put_reason(struct json_t *object, const struct verification *row)
{
        json_set_text(object, "code", row->code);
        json_set_text(object, "sentence", row->sentence);
        if (row->at_ms)
                json_set_time(object, "at", row->at_ms);
}

struct json_t *verification_to_json(const struct verification *row)
{
        char node[ADDRESS_TEXT_SIZE];
        json_t *object = json_object();
        json_t *checks = json_array();

        json_set_text(object, "storage", row->storage);
        json_set_text(object, "node", address_format(&row->node, node));
        json_set_text(object, "protocol", protocol_word(row->protocol));
        if (row->version[0])
                json_set_text(object, "version", row->version);
        json_set_text(object, "result", verification_result_word(row->result));
        verification_put_reason(object, row);
        for (int check = 0; check < CHECK_COUNT; check++)
                if (row->checks[check].tried)
                        json_array_append_new(checks,
                                              check_to_json((enum verification_check)check, &row->checks[check]));
        json_object_set_new(object, "checks", checks);
        return object;
}

char *verification_render(const struct verification *row)
{
        json_t *object = verification_to_json(row);
        char *text = json_dumps(object, JSON_COMPACT);

        json_decref(object);
        return text;
}
