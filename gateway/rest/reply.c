/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/reply.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"

void reply_fini(struct reply *reply)
{
        for (size_t i = 0; i < reply->field_count; i++)
                free(reply->fields[i].value);
        free(reply->body);
        *reply = (struct reply){ 0 };
}

void reply_field(struct reply *reply, const char *name, const char *format, ...)
{
        struct reply_field *field;
        va_list arguments;

        assert(reply->field_count < REPLY_FIELDS_MAX);
        field = &reply->fields[reply->field_count++];
        field->name = name;
        va_start(arguments, format);
        if (vasprintf(&field->value, format, arguments) < 0)
                abort();
        va_end(arguments);
}

/* Begins anew, without a body. */
static void reply_begin(struct reply *reply, int status)
{
        free(reply->body);
        reply->status = status;
        reply->problem = false;
        reply->type = NULL;
        reply->read = NULL;
        reply->body = NULL;
        reply->length = 0;
}

void reply_text(struct reply *reply, int status, const char *body)
{
        reply_begin(reply, status);
        reply->body = memory_text(body);
        reply->length = strlen(body);
}

void reply_json(struct reply *reply, int status, json_t *body)
{
        reply_begin(reply, status);
        if (!body)
                return;
        reply->body = json_dumps(body, JSON_COMPACT);
        json_decref(body);
        if (!reply->body)
                abort();
        reply->length = strlen(reply->body);
}

void reply_stream(struct reply *reply, const char *type, ssize_t (*read)(void *request, char *buffer, size_t most))
{
        reply_json(reply, 200, NULL);
        reply->type = type;
        reply->read = read;
}

void reply_body(struct reply *reply, int status, const char *type, char *body)
{
        reply_begin(reply, status);
        reply->type = type;
        reply->body = body;
        reply->length = strlen(body);
}

/* One phrase for each kind of failure: `title` of RFC 9457 does not change from case to case. */
static const char *fault_title(enum fault_code code)
{
        static const char *const titles[FAULT_CODE_COUNT] = {
                [FAULT_MALFORMED] = "The request cannot be read",
                [FAULT_UNAUTHENTICATED] = "It is not known who asks",
                [FAULT_FORBIDDEN] = "Not allowed",
                [FAULT_NOT_FOUND] = "Not found",
                [FAULT_METHOD] = "Method not allowed",
                [FAULT_CONFLICT] = "In conflict with what is there",
                [FAULT_OBSERVING] = "Nothing is changed on any server",
                [FAULT_PRECONDITION] = "The object has changed",
                [FAULT_TOO_LARGE] = "The body is too large",
                [FAULT_MEDIA_TYPE] = "The content type is not taken",
                [FAULT_INVALID] = "The input is not valid",
                [FAULT_UNCONDITIONAL] = "If-Match is needed",
                [FAULT_THROTTLED] = "Too many requests",
                [FAULT_INTERNAL] = "Something is wrong inside Gatehouse",
                [FAULT_UNAVAILABLE] = "Not available now",
                [FAULT_TIMEOUT] = "It took too long",
                [FAULT_EXHAUSTED] = "Nothing left to give",
                [FAULT_TARGET_TOO_LONG] = "The target is too long",
                [FAULT_HEADER_TOO_LARGE] = "The header is too large",
                [FAULT_EXPIRING] = "Not valid for much longer",
        };

        return titles[code];
}

static json_t *violations_to_json(const struct violations *violations)
{
        json_t *errors = json_array();

        for (size_t i = 0; i < violations->count; i++) {
                const struct violation *violation = &violations->items[i];

                json_array_append_new(errors, json_pack("{s:s, s:s, s:s}", "pointer", violation->pointer, "code",
                                                        violation->code, "detail", violation->detail));
        }
        return errors;
}

static void problem_render(struct reply *reply, const struct fault *fault, const struct violations *violations,
                           const json_t *extra)
{
        AUTO_FREE char *type = memory_format("urn:gatehouse:problem:%s", fault_word(fault->code));
        int status = fault_status(fault->code);
        json_t *problem = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", fault_title(fault->code),
                                    "status", status, "detail", fault->text);

        if (!problem)
                abort();
        if (violations && violations_any(violations)) {
                json_object_set_new(problem, "errors", violations_to_json(violations));
                if (violations->dropped > 0)
                        json_object_set_new(problem, "errors_left_out",
                                            json_integer((json_int_t)violations->dropped));
        }
        if (extra)
                json_object_update(problem, (json_t *)(uintptr_t)extra);
        reply_json(reply, status, problem);
        reply->problem = true;
        if (fault->code == FAULT_UNAUTHENTICATED)
                reply_field(reply, "WWW-Authenticate", "Bearer realm=\"gatehouse\"");
}

void reply_problem(struct reply *reply, const struct fault *fault, const struct violations *violations,
                   json_t *extra)
{
        int status = fault_status(fault->code);

        if (reply->render) {
                reply->render(reply, fault, violations);
                reply->meant = status;
        } else {
                problem_render(reply, fault, violations, extra);
        }
        json_decref(extra);
        if (status >= 500)
                memcpy(reply->cause, fault->text, sizeof reply->cause);
        if (fault_is_retryable(fault->code))
                reply_field(reply, "Retry-After", "1");
}

void reply_retry_after(struct reply *reply, unsigned seconds)
{
        for (size_t i = 0; i < reply->field_count; i++) {
                if (strcmp(reply->fields[i].name, "Retry-After") != 0)
                        continue;
                free(reply->fields[i].value);
                reply->fields[i].value = memory_format("%u", seconds);
                return;
        }
        reply_field(reply, "Retry-After", "%u", seconds);
}

void reply_fault(struct reply *reply, enum fault_code code, const char *format, ...)
{
        struct fault fault = { 0 };
        char text[FAULT_TEXT_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        fault_set(&fault, code, "%s", text);
        reply_problem(reply, &fault, NULL, NULL);
}

int violations_fault(const struct violations *violations, enum fault_code code, struct fault *fault)
{
        size_t count = violations->count + violations->dropped;

        assert(count > 0);
        if (count == 1)
                return fault_set(fault, code, "%s", violations->items[0].detail);
        return fault_set(fault, code, "%zu things are wrong; each is in errors", count);
}

void reply_violations(struct reply *reply, enum fault_code code, const struct violations *violations)
{
        struct fault fault = { 0 };

        violations_fault(violations, code, &fault);
        reply_problem(reply, &fault, violations, NULL);
}

char *reply_etag(uint64_t revision, char text[REPLY_ETAG_SIZE])
{
        snprintf(text, REPLY_ETAG_SIZE, "\"%" PRIu64 "\"", revision);
        return text;
}

bool reply_tag_matches(const char *field, const char *tag)
{
        size_t length = strlen(tag);

        field += strspn(field, " \t");
        if (strcmp(field, "*") == 0)
                return true;
        while (*field) {
                const char *end;

                field += strspn(field, " \t,");
                if (strncmp(field, "W/", 2) == 0)
                        field += 2;
                end = field + strcspn(field, ",");
                if ((size_t)(end - field) >= length && strncmp(field, tag, length) == 0 &&
                    strspn(field + length, " \t") == (size_t)(end - field) - length)
                        return true;
                field = end;
        }
        return false;
}

bool reply_etag_matches(const char *field, uint64_t revision)
{
        char tag[REPLY_ETAG_SIZE];

        return reply_tag_matches(field, reply_etag(revision, tag));
}
