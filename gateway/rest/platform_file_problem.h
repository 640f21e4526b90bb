/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures in the words of the platform's own API: HTTP 200 and {"result": N, "error": sentence, "source":
 * "gatehouse", "reason": the status that /v1 would answer, "errors": [{parameter, code, detail}]}.
 */
#pragma once

#include "domain/violation.h"
#include "rest/reply.h"

/* result, name, where the number comes from: seen in answers of the platform or in its callers, or chosen here.
 * docs/api.md has this table; a test holds it to this one. */
#define PLATFORM_RESULT_TABLE(X)                   \
        X(0, PLATFORM_OK, "observed")              \
        X(5, PLATFORM_NOT_FOUND, "observed")       \
        X(8, PLATFORM_FORBIDDEN, "observed")       \
        X(99, PLATFORM_INTERNAL, "observed")       \
        X(2030, PLATFORM_MOUNT_EXISTS, "observed") \
        X(90000, PLATFORM_OURS, "ours: and the status of /v1 on top")

#define PLATFORM_RESULT_ENUM(number, name, origin) name = number,
enum platform_result { PLATFORM_RESULT_TABLE(PLATFORM_RESULT_ENUM) };
#undef PLATFORM_RESULT_ENUM

/* A reply's `render`. */
void platform_problem_render(struct reply *reply, const struct fault *fault, const struct violations *violations);
