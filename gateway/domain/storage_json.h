/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Storages as JSON.
 */
#pragma once

#include "domain/storage.h"
#include "domain/violation.h"

struct json_t;
struct json_reader;

/* A storage of a PUT body {kind, account, environment?, layer?, node_ids?, addresses, volume?, mount_root?,
 * default_protocol?}; NULL and violations when anything is wrong. Caller owns one reference. */
struct storage *storage_from_json(const char *name, const struct json_t *body, struct violations *violations);
struct json_t *storage_to_json(const struct storage *storage);

/* The body's members alone: what API and stored form have in common. */
void storage_read(struct json_reader *reader, struct storage *storage);
void storage_write(const struct storage *storage, struct json_t *object);
