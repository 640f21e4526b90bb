/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tokens as JSON; never the secret.
 */
#pragma once

#include "domain/token.h"
#include "domain/violation.h"

struct json_t;

/* A token of a POST body {name, scope, account?}; hash is left for auth/. */
struct token *token_from_json(const struct json_t *body, struct violations *violations);
struct json_t *token_to_json(const struct token *token);
