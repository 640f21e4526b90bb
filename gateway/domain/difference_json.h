/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Differences as JSON: for the API and for the audit trail.
 */
#pragma once

#include "domain/difference.h"

struct json_t;

/* As the API shows it. */
struct json_t *difference_to_json(const struct difference *difference);
struct json_t *unmanaged_export_to_json(const struct unmanaged_export *export);

/* The two sides of the audit line: {"observed": ...} and {"desired", "code", "action", "count", "detail"}. Caller
 * frees each. */
char *difference_event_before(const struct difference *difference);
char *difference_event_after(const struct difference *difference);
