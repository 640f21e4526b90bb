/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Environments and nodes as JSON: the bodies of the API, and (with created_at and the like) the stored form.
 */
#pragma once

#include "domain/environment.h"
#include "domain/violation.h"

struct json_t;
struct json_reader;

/* An environment of a PUT body {uid, account, state, platform_version?, layers}; NULL and violations when
 * anything is wrong. Caller owns one reference. */
struct environment *environment_from_json(const char *name, const struct json_t *body,
                                          struct violations *violations);

/* A node of a PUT body {layer, addresses, image?, os? {id, id_like?, version?}, client_types?}. Addresses that
 * no client can have are violations; whether a storage node has one is for the writer to check. */
struct node *node_from_json(const char *id, const struct json_t *body, struct violations *violations);

/* What the API shows: the body's members, name or id, revision, created_at; a node also its environment.
 * Caller owns the reference. */
struct json_t *environment_to_json(const struct environment *environment);
struct json_t *node_to_json(const struct node *node);

/* The body's members alone, read into and written out of an object: what API and stored form have in common. */
void environment_read(struct json_reader *reader, struct environment *environment);
void environment_write(const struct environment *environment, struct json_t *object);
void node_read(struct json_reader *reader, struct node *node);
void node_write(const struct node *node, struct json_t *object);

/* Who said so, {source, source_revision}: not in a body, where the header of the request tells. */
void origin_read(struct json_reader *reader, struct origin *origin);
void origin_write(const struct origin *origin, struct json_t *object);
