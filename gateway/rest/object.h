/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the operations on one object have in common: who may, names in paths, entity tags and If-Match.
 */
#pragma once

#include "domain/document.h"
#include "rest/request.h"

struct json_t;

/* Whether the principal may do `action` to the `what` ("environment") of `account`; NULL = there is none, which is
 * answered as if it were another account's. When a `what` is to be made and the principal may, that is 0 too:
 * whether it is there is for the caller to say. */
int access_check(const struct request *request, enum permit_action action, const char *account, const char *what,
                 struct fault *fault);

/* NOT_FOUND for a `what`, in the words of access_check. */
int access_not_found(const char *what, struct fault *fault);

/* PRECONDITION when If-Match or If-None-Match speak against `existing` (NULL = nothing there). */
int precondition_check(const struct request *request, const struct document *existing, struct fault *fault);

/* Adds a violation at "path/<parameter>" unless the path's `parameter` is a name. */
void parameter_check(const char *value, const char *parameter, struct violations *violations);

/* Answers with `body` (taken), the present form of `document`, and its entity tag; 304 when a GET said by
 * If-None-Match that it knows it. */
void object_reply(struct request *request, int status, const struct document *document, struct json_t *body);
/* The same with JSON that is written already; `body` is emptied. */
void object_reply_written(struct request *request, int status, const struct document *document, struct text *body);

/* An entity tag of a body that is status, not what was asked: a digest, quotes included. */
#define DIGEST_TAG_BYTES 16
#define DIGEST_TAG_SIZE (2 * DIGEST_TAG_BYTES + 3)
void digest_tag_make(const char *body, char tag[DIGEST_TAG_SIZE]);

/* Answers 200 with `body` (taken) and the digest of it as its entity tag; 304 when If-None-Match has that. */
void digest_reply(struct request *request, struct json_t *body);

/* Whether the principal may do `action` to the `what` of `account`, and it is there (account not NULL). False: the
 * reply is set, NOT_FOUND or FORBIDDEN. */
bool object_is_open(struct request *request, enum permit_action action, const char *account, const char *what);

/* Looks up what the path names and whether the principal may do `action` to it. NULL: the reply is set. */
const struct environment *environment_find(struct request *request, const struct snapshot *now,
                                           enum permit_action action);
const struct export *export_find(struct request *request, const struct snapshot *now, enum permit_action action);

/* The same for a node, to do PERMIT_READ_MOUNTS or PERMIT_REPORT_MOUNTS. */
const struct node *node_find_mounts(struct request *request, const struct snapshot *now,
                                    enum permit_action action);
