/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "rest/request.h"
#include "rest/route.h"

#define HEADER_NAME(header, name) name,
static const char *const header_names[] = { REQUEST_HEADER_TABLE(HEADER_NAME) };

/* A line "Name: value" as server.c has it of the HTTP library; others are dropped as there. */
static void header_take(struct request *request, const char *line)
{
        for (size_t i = 0; i < REQUEST_HEADER_COUNT; i++) {
                size_t length = strlen(header_names[i]);

                if (strncmp(line, header_names[i], length) != 0 || strncmp(line + length, ": ", 2) != 0)
                        continue;
                free(request->headers[i]);
                request->headers[i] = memory_text(line + length + 2);
        }
}

/* Either a problem that tells what is wrong, or the answer to OPTIONS. */
static void check_refusal(const struct reply *reply)
{
        FUZZ_HOLDS(reply->status == 204 || (reply->status >= 400 && reply->status < 500) || reply->meant != 0);
        if (reply->status == 204)
                return;
        FUZZ_HOLDS(reply->body != NULL);
        json_t *body = json_loads(reply->body, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_HOLDS(json_is_object(body));
        FUZZ_HOLDS(reply->meant != 0 || json_integer_value(json_object_get(body, "status")) == reply->status);
        json_decref(body);
}

static void check_fields(const struct reply *reply)
{
        for (size_t i = 0; i < reply->field_count; i++)
                for (const char *at = reply->fields[i].value; *at; at++)
                        FUZZ_HOLDS((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void check_taken(const struct request *request)
{
        FUZZ_HOLDS(request->route->handle != NULL);
        FUZZ_HOLDS(request->body_most == request->route->body_most);
        for (size_t i = 0; i < REQUEST_PARAMETERS_MAX; i++)
                FUZZ_HOLDS(!request->parameters[i] ||
                           (request->parameters[i][0] && !strchr(request->parameters[i], '/') &&
                            text_is_utf8(request->parameters[i], strlen(request->parameters[i]))));
}

static void request_run(struct request *request)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        struct fault fault = { 0 };

        request_choose_id(request);
        FUZZ_HOLDS(request->id[0] && strspn(request->id, allowed) == strlen(request->id));
        if (request_parse_target(request, &fault) < 0) {
                FUZZ_HOLDS(fault.code == FAULT_MALFORMED && fault.text[0] != '\0');
                return;
        }
        FUZZ_HOLDS(request->path != NULL && request->query.count <= FORM_FIELDS_MAX);
        request_check(request);
        if (request->reply.status != 0)
                check_refusal(&request->reply);
        else
                check_taken(request);
        check_fields(&request->reply);
}

/* The first line is "METHOD TARGET", each further one a header field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct rest_context context = { .clock = NULL };
        struct rest_context with_clock = context;
        AUTO_FREE char *text = memory_format("%.*s", (int)size, (const char *)data);
        char *rest = NULL, *line = strtok_r(text, "\n", &rest);
        char *target = line ? strchr(line, ' ') : NULL;
        struct request *request;

        if (!target)
                return 0;
        *target++ = '\0';
        with_clock.clock = clock_system();
        request = request_new(&with_clock, target);
        snprintf(request->method, sizeof request->method, "%s", line);
        request->principal.kind = size % 2 ? PRINCIPAL_OPERATOR : PRINCIPAL_NODE;
        while ((line = strtok_r(NULL, "\n", &rest)))
                header_take(request, line);
        request_run(request);
        request_free(request);
        return 0;
}
