/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reply to one request: status, a few header fields and a JSON body; failures as problem details
 * (RFC 9457). Knows no HTTP library.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "domain/violation.h"

struct json_t;

struct reply_field {
        const char *name; /* static */
        char *value;
};
#define REPLY_FIELDS_MAX 16

/* Zeroed = none yet. */
struct reply {
        int status; /* 0 = not decided */
        struct reply_field fields[REPLY_FIELDS_MAX];
        size_t field_count;
        bool problem;                                              /* the body is application/problem+json */
        const char *type;                                          /* static; another content type; NULL = JSON */
        ssize_t (*read)(void *request, char *buffer, size_t most); /* reply_stream's; NULL = `body` */
        /* Answers a failure in other words than problem+json; NULL = in those. */
        void (*render)(struct reply *reply, const struct fault *fault, const struct violations *violations);
        int meant;                   /* the status of a failure that `render` answered with another; else 0 */
        char cause[FAULT_TEXT_SIZE]; /* of a status from 500 on, for the log; else "" */
        bool of_memory;              /* made of the snapshot and the status alone: the server may keep it */
        char *body;                  /* NULL = none */
        size_t length;
};

void reply_fini(struct reply *reply);

/* Adds a header field; `format` must not bring control characters in. */
void reply_field(struct reply *reply, const char *name, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Answers `status` with `body` (taken; NULL = none). */
void reply_json(struct reply *reply, int status, struct json_t *body);

/* Answers `status` with `body`, JSON as text, copied. */
void reply_text(struct reply *reply, int status, const char *body);
/* Answers `status` with `body` (taken) of `type`, "text/plain; charset=utf-8" and the like (static). */
void reply_body(struct reply *reply, int status, const char *type, char *body);

/* Answers 200 with what `read` gives, of any length, when it is asked: bytes, at most `most`; REPLY_READ_LATER
 * when it has suspended the request, which is asked again when it is resumed; REPLY_READ_END. `type` is static. */
#define REPLY_READ_LATER 0
#define REPLY_READ_END (-1)
void reply_stream(struct reply *reply, const char *type,
                  ssize_t (*read)(void *request, char *buffer, size_t most));

/* Answers with `fault`'s status, the violations (may be NULL) as errors[] and the members of `extra` (taken; may
 * be NULL) besides. */
void reply_problem(struct reply *reply, const struct fault *fault, const struct violations *violations,
                   struct json_t *extra);

/* reply_problem with a sentence of one's own and no violations. */
void reply_fault(struct reply *reply, enum fault_code code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Sets how many seconds to wait, in place of what reply_problem has said. */
void reply_retry_after(struct reply *reply, unsigned seconds);

/* Answers with violations of `code` (INVALID for a body, MALFORMED for a query or header) and a count of them. */
void reply_violations(struct reply *reply, enum fault_code code, const struct violations *violations);

/* Fills `fault` with `code` and one sentence for the violations, of which there is at least one; returns -code. */
int violations_fault(const struct violations *violations, enum fault_code code, struct fault *fault);

/* The entity tag of a revision: "\"42\"". */
#define REPLY_ETAG_SIZE 24
char *reply_etag(uint64_t revision, char text[REPLY_ETAG_SIZE]);

/* Whether an If-Match or If-None-Match value ("*" or a list of tags, weak or not) names `revision`. */
bool reply_etag_matches(const char *field, uint64_t revision);

/* The same for a whole tag, quotes included. */
bool reply_tag_matches(const char *field, const char *tag);
