/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How anything in Gatehouse says that it did not work: one code out of a closed table and one
 * sentence. Every fallible function returns 0 or a negative fault code and fills a `struct fault`
 * that its caller owns. Knows nothing of HTTP beyond the status that each code maps to.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* code, word (shown to programs; never changes), HTTP status (RFC 9110, 6585, 4918), worth trying again unchanged
 */
#define FAULT_TABLE(X)                                              \
        X(FAULT_MALFORMED, "malformed", 400, false)                 \
        X(FAULT_UNAUTHENTICATED, "unauthenticated", 401, false)     \
        X(FAULT_FORBIDDEN, "forbidden", 403, false)                 \
        X(FAULT_NOT_FOUND, "not_found", 404, false)                 \
        X(FAULT_METHOD, "method_not_allowed", 405, false)           \
        X(FAULT_CONFLICT, "conflict", 409, false)                   \
        X(FAULT_OBSERVING, "reconcile.observe", 409, false)         \
        X(FAULT_PRECONDITION, "precondition_failed", 412, false)    \
        X(FAULT_TOO_LARGE, "too_large", 413, false)                 \
        X(FAULT_MEDIA_TYPE, "unsupported_media_type", 415, false)   \
        X(FAULT_INVALID, "invalid", 422, false)                     \
        X(FAULT_UNCONDITIONAL, "precondition_required", 428, false) \
        X(FAULT_THROTTLED, "throttled", 429, true)                  \
        X(FAULT_INTERNAL, "internal", 500, false)                   \
        X(FAULT_UNAVAILABLE, "unavailable", 503, true)              \
        X(FAULT_TIMEOUT, "timeout", 504, true)                      \
        X(FAULT_EXHAUSTED, "exhausted", 507, false)                 \
        X(FAULT_TARGET_TOO_LONG, "target_too_long", 414, false)     \
        X(FAULT_HEADER_TOO_LARGE, "header_too_large", 431, false)   \
        X(FAULT_EXPIRING, "expiring", 503, false)

#define FAULT_ENUM(code, word, status, retryable) code,
enum fault_code { FAULT_NONE = 0, FAULT_TABLE(FAULT_ENUM) FAULT_CODE_COUNT };
#undef FAULT_ENUM

#define FAULT_TEXT_SIZE 512

/* One failure. Zeroed = none. Copying it is an assignment; it owns nothing. */
struct fault {
        enum fault_code code;
        char text[FAULT_TEXT_SIZE]; /* UTF-8, no newline, no final full stop; cut at a character when too long */
};

/* Fills `fault` (may be NULL) with `code` and "verb object: cause"; returns -code, so that an error site is
 * one line: `return fault_set(fault, FAULT_CONFLICT, "create export: %s is taken", path);`
 * Control characters in the text are replaced by '?'. */
int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* As fault_set, with ": <strerror>" appended; ENOENT, EACCES, ETIMEDOUT and the like keep FAULT_INTERNAL:
 * what an errno means is for the call site to say. */
int fault_set_errno(struct fault *fault, enum fault_code code, int error_number, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Puts "text: " in front of what `fault` says; keeps the code; returns -fault->code. */
int fault_prefix(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The stable word of a code, "none" for FAULT_NONE; static storage. */
const char *fault_word(enum fault_code code);

/* The HTTP status of a code; 200 for FAULT_NONE. */
int fault_status(enum fault_code code);

/* Whether the same call may succeed later without change. */
bool fault_is_retryable(enum fault_code code);
