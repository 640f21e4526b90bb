/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/object.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "auth/secret.h"
#include "base/memory.h"
#include "rest/route.h"

int access_not_found(const char *what, struct fault *fault)
{
        return fault_set(fault, FAULT_NOT_FOUND, "there is no such %s", what);
}

int access_check(const struct request *request, enum permit_action action, const char *account, const char *what,
                 struct fault *fault)
{
        int result = permit(&request->principal, action, account ? account : "", fault);

        return result == -FAULT_NOT_FOUND ? access_not_found(what, fault) : result;
}

int precondition_check(const struct request *request, const struct document *existing, struct fault *fault)
{
        const char *match = request->headers[HEADER_IF_MATCH];
        const char *none_match = request->headers[HEADER_IF_NONE_MATCH];

        if (match && (!existing || !reply_etag_matches(match, existing->revision)))
                return fault_set(fault, FAULT_PRECONDITION,
                                 "If-Match names another revision than the present one");
        if (none_match && existing && reply_etag_matches(none_match, existing->revision))
                return fault_set(fault, FAULT_PRECONDITION,
                                 "If-None-Match speaks against it: the object is there");
        return 0;
}

void parameter_check(const char *value, const char *parameter, struct violations *violations)
{
        AUTO_FREE char *place = memory_format("path/%s", parameter);

        if (!name_is_valid(value))
                violation_add(violations, place, "name.malformed",
                              "a name begins with a letter or digit and has at most %d of A-Z a-z 0-9 . _ -",
                              NAME_MAX_BYTES);
}

/* The entity tag; and nothing else for a GET of what the client has. */
static void tag_add(struct request *request, const struct document *document)
{
        const char *known = request->headers[HEADER_IF_NONE_MATCH];
        char tag[REPLY_ETAG_SIZE];

        if (request->route->body_most == BODY_NONE && known && reply_etag_matches(known, document->revision))
                reply_json(&request->reply, 304, NULL);
        reply_field(&request->reply, "ETag", "%s", reply_etag(document->revision, tag));
}

void object_reply(struct request *request, int status, const struct document *document, json_t *body)
{
        reply_json(&request->reply, status, body);
        tag_add(request, document);
}

void object_reply_written(struct request *request, int status, const struct document *document, struct text *body)
{
        reply_body(&request->reply, status, NULL, text_take(body));
        tag_add(request, document);
}

void digest_tag_make(const char *body, char tag[DIGEST_TAG_SIZE])
{
        uint8_t digest[TOKEN_HASH_SIZE];

        digest_bytes(body, strlen(body), digest);
        tag[0] = '"';
        for (size_t i = 0; i < DIGEST_TAG_BYTES; i++)
                snprintf(tag + 1 + 2 * i, 3, "%02x", digest[i]);
        strcpy(tag + DIGEST_TAG_SIZE - 2, "\"");
}

void digest_reply(struct request *request, json_t *body)
{
        const char *known = request->headers[HEADER_IF_NONE_MATCH];
        char tag[DIGEST_TAG_SIZE];

        reply_json(&request->reply, 200, body);
        digest_tag_make(request->reply.body, tag);
        if (known && reply_tag_matches(known, tag))
                reply_json(&request->reply, 304, NULL);
        reply_field(&request->reply, "ETag", "%s", tag);
}

bool object_is_open(struct request *request, enum permit_action action, const char *account, const char *what)
{
        struct fault fault = { 0 };
        int result = access_check(request, action, account, what, &fault);

        if (result == 0 && !account)
                result = access_not_found(what, &fault);
        if (result < 0)
                reply_problem(&request->reply, &fault, NULL, NULL);
        return result == 0;
}

const struct environment *environment_find(struct request *request, const struct snapshot *now,
                                           enum permit_action action)
{
        const struct environment *environment = snapshot_environment(now, request->parameters[0]);

        return object_is_open(request, action, environment ? environment->account : NULL, "environment")
                       ? environment
                       : NULL;
}

const struct node *node_find_mounts(struct request *request, const struct snapshot *now, enum permit_action action)
{
        const struct node *node = snapshot_node(now, request->parameters[0]);
        const struct environment *environment =
                node ? snapshot_environment_by_uid(now, node->environment_uid) : NULL;

        struct fault fault = { 0 };
        int result = permit_mounts(&request->principal, action, environment ? environment->account : "",
                                   request->parameters[0], &fault);

        if (result == -FAULT_NOT_FOUND || (result == 0 && !environment))
                result = access_not_found("node", &fault);
        if (result < 0)
                reply_problem(&request->reply, &fault, NULL, NULL);
        return result == 0 ? node : NULL;
}

const struct export *export_find(struct request *request, const struct snapshot *now, enum permit_action action)
{
        const struct export *export = snapshot_export(now, request->parameters[0]);

        return object_is_open(request, action, export ? export->account : NULL, "export") ? export : NULL;
}
