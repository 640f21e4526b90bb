/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What verification says of a grant.
 */
#pragma once

#include "domain/grant.h"
#include "rest/request.h"

struct json_t;

/* {"state": "verified", "unverified" or "failed", "code", "sentence", "at"} of an active grant: whether a probe
 * has passed on its storage nodes since it became active. Caller owns the reference. */
struct json_t *grant_verified_to_json(const struct request *request, const struct grant *grant);
