/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tokens as JSON; never the secret.
 */
#pragma once

#include "domain/token.h"
#include "domain/violation.h"

struct json_t;
struct json_reader;

/* A token of a POST body {name, scope, account?}; hash is left for auth/. */
struct token *token_from_json(const struct json_t *body, struct violations *violations);
struct json_t *token_to_json(const struct token *token);

/* scope and account alone: what API and stored form have in common. */
void token_read(struct json_reader *reader, struct token *token);
void token_write(const struct token *token, struct json_t *object);
