/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/request.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <jansson.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/platform_file_problem.h"
#include "rest/question.h"
#include "rest/route.h"

/* The tree of the platform's own API. */
#define PLATFORM_TREE "/1.0/"

static void request_answer_as_platform(struct request *request)
{
        request->is_platform = true;
        request->reply.render = platform_problem_render;
}

struct request *request_new(const struct rest_context *context, const char *target)
{
        struct request *request = NEW(struct request);

        request->context = context;
        request->target = memory_text(target);
        request->started_ms = clock_monotonic_ms(context->clock);
        if (strncmp(target, PLATFORM_TREE, strlen(PLATFORM_TREE)) == 0)
                request_answer_as_platform(request);
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

/* An encoded slash would change which components a path has: no name of ours holds one. */
static bool path_has_encoded_slash(const char *path)
{
        return strstr(path, "%2f") || strstr(path, "%2F");
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
        if (strncmp(request->path, PLATFORM_TREE, strlen(PLATFORM_TREE)) == 0)
                request_answer_as_platform(request);
        return form_parse(&request->query, request->query_text, strlen(request->query_text), "the query", fault);
}

/* The target as the log may have it: without the rest of a query that carries a session. Caller frees. */
static char *shown_target(const struct request *request)
{
        const char *query = strchr(request->target, '?');
        const char *secret = query ? strcasestr(query, "session=") : NULL;

        if (query && request->is_platform)
                secret = query + 1;
        return secret ? memory_format("%.*s...", (int)(secret - request->target), request->target)
                      : memory_text(request->target);
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
        for (size_t i = 0; i < request->query.count; i++)
                if (strcmp(request->query.fields[i].name, name) == 0)
                        return request->query.fields[i].value;
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
        for (size_t i = 0; i < request->query.count; i++) {
                AUTO_FREE char *place = json_pointer_key("query", request->query.fields[i].name);

                if (!name_is_allowed(request->query.fields[i].name, allowed)) {
                        AUTO_FREE char *sentence = allowed_sentence(allowed);

                        violation_add(violations, place, "query.unknown",
                                      "this operation has no such query parameter; %s", sentence);
                        continue;
                }
                for (size_t j = 0; j < i; j++)
                        if (strcmp(request->query.fields[i].name, request->query.fields[j].name) == 0) {
                                violation_add(violations, place, "query.repeated",
                                              "the parameter stands there more than once");
                                break;
                        }
        }
}

const char *request_type(const struct request *request)
{
        if (request->is_platform)
                return "application/x-www-form-urlencoded";
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
        else if (request->body_most != BODY_NONE && (comes || !request->is_platform) && !request_has_type(request))
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
        if (request->is_platform) { /* its parameters, in query or body, are read when all of them are there */
                body_check(request);
                return;
        }
        if (request->principal.kind == PRINCIPAL_NODE && !route_is_for_nodes(request->route) &&
            !route_is_public(request->path)) {
                reply_fault(&request->reply, FAULT_FORBIDDEN,
                            "a token of scope node opens /v1/nodes/%s/mounts and mounted, and nothing else",
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

void request_log(const struct request *request, bool cut_off)
{
        AUTO_FREE char *target = shown_target(request);
        int status = request->reply.meant ? request->reply.meant : request->reply.status;
        const char *actor = request->principal.name;
        enum log_level level = status == 500 ? LOG_LEVEL_ERROR : status > 500 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
        int64_t spent_ms = clock_monotonic_ms(request->context->clock) - request->started_ms;

        /* What is public, and what is slowed down, may come as often as somebody likes. */
        if ((request->path && route_is_public(request->path)) || status == 429 ||
            (status < 300 && strcmp(request->method, "GET") == 0 && request->revision == 0))
                level = LOG_LEVEL_DEBUG;
        log_line(level,
                 (const char *[]){ "request", request->id, "actor", actor[0] ? actor : NULL, "source",
                                   request->source, NULL },
                 "%s %s: %d%s in %" PRId64 " ms%s%s", request->method, target, status, cut_off ? " (cut off)" : "",
                 spent_ms, request->reply.cause[0] ? ": " : "", request->reply.cause);
}
