/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One line of the audit trail, as everybody reads it: immutable and shared once it is kept. Written with the
 * commit that it tells of (store/writer.h), shown by the API, as a list and as a stream.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct event {
        struct shared shared;
        uint64_t number;   /* its id: grows, and is never given twice */
        uint64_t revision; /* of the commit that it came with */
        int64_t at_ms;
        bool refused;        /* an attempt that nothing has come of; else it is done */
        const char *actor;   /* "token:ci", "uid:0", "gatehoused" */
        const char *source;  /* "unix", "10.0.0.9", or which part of gatehoused */
        const char *request; /* the request's id; NULL = of no request */
        const char *action;  /* "export.create": the kind of its object stands before the dot */
        const char *object;  /* id or name; may be NULL */
        const char *account; /* whose the object is; NULL = nobody's */
        const char *before;  /* JSON or NULL */
        const char *after;   /* JSON or NULL */
        size_t bytes;        /* that it takes in memory */
};

/* A copy of `from` with texts of its own (shared and bytes are not looked at). Caller owns one reference. */
struct event *event_new(const struct event *from);

/* What is wanted of the trail; zeroed and until_ms INT64_MAX = all. */
struct event_filter {
        const char *account, *object, *actor; /* exactly; NULL = any */
        const char *action;                   /* exactly, or the part before a dot: "export" */
        int64_t since_ms, until_ms;           /* at_ms from the first on, and before the second */
        int refused;                          /* 0 = either, 1 = refused alone, -1 = done alone */
};

bool event_matches(const struct event *event, const struct event_filter *filter);
