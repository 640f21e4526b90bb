/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/question.h"
#include "rest/route.h"

struct request *request_new(const struct rest_context *context, const char *target)
{
        struct request *request = NEW(struct request);

        request->context = context;
        request->target = memory_text(target);
        request->started_ms = clock_monotonic_ms(context->clock);
        return request;
}

void request_free(struct request *request)
{
        if (!request)
                return;
        if (request->work_free)
                request->work_free(request->work);
        for (size_t i = 0; i < REQUEST_HEADER_COUNT; i++)
                free(request->headers[i]);
        for (size_t i = 0; i < REQUEST_PARAMETERS_MAX; i++)
                free(request->parameters[i]);
        answer_stamp_fini(&request->stamp);
        reply_fini(&request->reply);
        text_fini(&request->body);
        free(request->query_text);
        free(request->path);
        free(request->target);
        free(request);
}

static int hex_value(char digit)
{
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        digit = (char)tolower((unsigned char)digit);
        return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Decodes %XX in place (and "+" as a blank in a query); false for a bad sequence, a NUL or what is not UTF-8. */
static bool percent_decode(char *text, bool plus_is_blank)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                char character = *from;

                if (character == '%') {
                        int high = hex_value(from[1]), low = high < 0 ? -1 : hex_value(from[2]);

                        if (low < 0 || (high == 0 && low == 0))
                                return false;
                        character = (char)(high * 16 + low);
                        from += 2;
                } else if (character == '+' && plus_is_blank) {
                        character = ' ';
                }
                *to++ = character;
        }
        *to = '\0';
        return text_is_utf8(text, strlen(text));
}

/* An encoded slash would change which components a path has: no name of ours holds one. */
static bool path_has_encoded_slash(const char *path)
{
        return strstr(path, "%2f") || strstr(path, "%2F");
}

static int query_parse(struct request *request, struct fault *fault)
{
        char *rest = NULL;

        for (char *field = strtok_r(request->query_text, "&", &rest); field; field = strtok_r(NULL, "&", &rest)) {
                char *value = strchr(field, '=');

                if (value)
                        *value++ = '\0';
                else
                        value = field + strlen(field);
                if (request->query_count == REQUEST_QUERY_MAX)
                        return fault_set(fault, FAULT_MALFORMED, "the query has more than %d parameters",
                                         REQUEST_QUERY_MAX);
                if (!percent_decode(field, true) || !percent_decode(value, true))
                        return fault_set(fault, FAULT_MALFORMED,
                                         "the query is not well-formed: percent-encoded UTF-8 is wanted");
                request->query[request->query_count++] = (struct query_field){ field, value };
        }
        return 0;
}

int request_parse_target(struct request *request, struct fault *fault)
{
        size_t path_length = strcspn(request->target, "?");
        bool has_query = request->target[path_length] == '?';

        request->path = memory_text(request->target);
        request->path[path_length] = '\0';
        request->query_text = memory_text(has_query ? request->target + path_length + 1 : "");
        if (path_has_encoded_slash(request->path) || !percent_decode(request->path, false))
                return fault_set(fault, FAULT_MALFORMED,
                                 "the path is not well-formed: percent-encoded UTF-8 without NUL and "
                                 "encoded slashes is wanted");
        return query_parse(request, fault);
}

void request_choose_id(struct request *request)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        const char *given = request->headers[HEADER_REQUEST_ID];
        uint8_t random[8] = { 0 };

        if (given && *given && strlen(given) < sizeof request->id && strspn(given, allowed) == strlen(given)) {
                memcpy(request->id, given, strlen(given) + 1);
                return;
        }
        if (getrandom(random, sizeof random, 0) != sizeof random)
                abort();
        for (size_t i = 0; i < sizeof random; i++)
                snprintf(request->id + 2 * i, 3, "%02x", random[i]);
}

const char *request_query(const struct request *request, const char *name)
{
        for (size_t i = 0; i < request->query_count; i++)
                if (strcmp(request->query[i].name, name) == 0)
                        return request->query[i].value;
        return NULL;
}

static bool name_is_allowed(const char *name, const char *const *allowed)
{
        for (; allowed && *allowed; allowed++)
                if (strcmp(name, *allowed) == 0)
                        return true;
        return false;
}

/* "the parameters are limit, cursor", for a caller who has guessed. */
static char *allowed_sentence(const char *const *allowed)
{
        struct text text = { 0 };

        if (!allowed || !*allowed)
                return memory_text("it takes none");
        text_add(&text, "it takes");
        for (const char *const *name = allowed; *name; name++)
                text_addf(&text, "%s %s", name == allowed ? "" : ",", *name);
        return text_take(&text);
}

void request_check_query(const struct request *request, const char *const *allowed, struct violations *violations)
{
        for (size_t i = 0; i < request->query_count; i++) {
                AUTO_FREE char *place = json_pointer_key("query", request->query[i].name);

                if (!name_is_allowed(request->query[i].name, allowed)) {
                        AUTO_FREE char *sentence = allowed_sentence(allowed);

                        violation_add(violations, place, "query.unknown",
                                      "this operation has no such query parameter; %s", sentence);
                        continue;
                }
                for (size_t j = 0; j < i; j++)
                        if (strcmp(request->query[i].name, request->query[j].name) == 0) {
                                violation_add(violations, place, "query.repeated",
                                              "the parameter stands there more than once");
                                break;
                        }
        }
}

const char *request_type(const struct request *request)
{
        return strcmp(request->method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json";
}

bool request_has_type(const struct request *request)
{
        const char *type = request_type(request);
        const char *given = request->headers[HEADER_CONTENT_TYPE];

        if (!given || strncasecmp(given, type, strlen(type)) != 0)
                return false;
        given += strlen(type);
        given += strspn(given, " \t");
        return *given == '\0' || *given == ';';
}

json_t *request_json(struct request *request)
{
        struct fault fault = { 0 };
        json_t *body = json_document_parse(text_get(&request->body), request->body.length, &fault);

        if (!body)
                reply_problem(&request->reply, &fault, NULL, NULL);
        return body;
}

static void dry_run_check(struct request *request, struct violations *violations)
{
        const char *value = request_query(request, "dry_run");

        request->dry_run = value && strcmp(value, "true") == 0;
        if (value && !request->dry_run && strcmp(value, "false") != 0)
                violation_add(violations, "query/dry_run", "dry_run.malformed", "dry_run is true or false");
}

/* A revision as a dry run's answer writes it: digits alone. */
static void if_revision_check(struct request *request, struct violations *violations)
{
        const char *value = request->headers[HEADER_IF_REVISION];
        char *end;

        if (!value)
                return;
        errno = 0;
        request->if_revision = strtoull(value, &end, 10);
        request->is_conditional = true;
        if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0)
                violation_add(violations, "header/Gatehouse-If-Revision", "revision.malformed",
                              "Gatehouse-If-Revision is the revision of a dry run, as in 42");
}

static void type_refuse(struct request *request)
{
        reply_fault(&request->reply, FAULT_MEDIA_TYPE, "the body must be %s", request_type(request));
        if (strcmp(request->method, "PATCH") == 0)
                reply_field(&request->reply, "Accept-Patch", "%s", request_type(request)); /* RFC 5789, 2.2 */
}

/* What the header says of the body, before a byte of it is read. */
static void body_check(struct request *request)
{
        const char *length_text = request->headers[HEADER_CONTENT_LENGTH];
        unsigned long long length = length_text ? strtoull(length_text, NULL, 10) : 0;
        bool comes = length > 0 || request->headers[HEADER_TRANSFER_ENCODING];

        request->body_most = request->route->body_most;
        if (request->body_most == BODY_NONE && comes)
                reply_fault(&request->reply, FAULT_MALFORMED, "this operation takes no body");
        else if (request->body_most != BODY_NONE && !request_has_type(request))
                type_refuse(request);
        else if (length > request->body_most)
                reply_fault(&request->reply, FAULT_TOO_LARGE, "the body may have %zu bytes at most",
                            request->body_most);
}

void request_check(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        route_find(request);
        if (!request->route)
                return;
        if (request->principal.kind == PRINCIPAL_NODE && !route_is_for_nodes(request->route) &&
            !route_is_public(request->path)) {
                reply_fault(&request->reply, FAULT_FORBIDDEN,
                            "a token of scope node opens /v1/nodes/%s/mounts, and nothing else",
                            request->principal.node);
                return;
        }
        request_check_query(request, request->route->query, &violations);
        dry_run_check(request, &violations);
        if_revision_check(request, &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        else
                body_check(request);
}

bool request_yield(struct request *request, void (*next)(struct request *request))
{
        bool suspended = request_suspend(request, next);

        if (suspended)
                request_resume(request);
        return suspended;
}

static void question_answered(struct question *question)
{
        request_resume(question->context);
}

void request_ask(struct request *request, struct question *question, void (*next)(struct request *request))
{
        question->answered = question_answered;
        question->context = request;
        if (!request_suspend(request, next)) {
                fault_set(&question->fault, FAULT_UNAVAILABLE, "gatehoused is stopping");
                next(request);
                return;
        }
        if (questions_ask(request->questions, question, &question->fault) < 0)
                request_resume(request);
}
