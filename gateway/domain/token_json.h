/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tokens as JSON; never the secret.
 */
#pragma once

#include "domain/token.h"
#include "domain/violation.h"

struct json_t;
struct json_reader;

/* A token of a POST body {name, scope, right?, account?, node?, expires_at?}. The hash is left for auth/; account
 * and environment of a node for who knows the inventory. */
struct token *token_from_json(const struct json_t *body, struct violations *violations);
struct json_t *token_to_json(const struct token *token);

/* The stored form but for the hash. */
void token_read_stored(struct json_reader *reader, struct token *token);
void token_write_stored(const struct token *token, struct json_t *object);
