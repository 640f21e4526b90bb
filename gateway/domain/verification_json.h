/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What verification has found out, as JSON: for the API and the audit trail.
 */
#pragma once

#include "domain/verification.h"

struct json_t;

/* One storage node by one protocol. Caller owns the reference. */
struct json_t *verification_to_json(const struct verification *row);

/* The same as text. Caller frees. */
char *verification_render(const struct verification *row);

/* Sets "code", "sentence", and "at" if it was tried. */
void verification_put_reason(struct json_t *object, const struct verification *row);
