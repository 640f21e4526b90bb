/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Objects out of a file, put one by one: what `environment apply` and `storage apply` share.
 */
#pragma once

#include "cli/session.h"

#define APPLY_FILE_MAX (64u << 20) /* bytes */

/* Reads `path` ("-" = standard input): one JSON object or an array of them, into an array. EXIT_DONE, or
 * EXIT_USAGE and what is wrong is said. Caller drops the reference. */
int apply_read(struct session *session, const char *path, struct json_t **objects);

/* The same of a file with one object alone, which is the one item of the array. */
int apply_read_one(struct session *session, const char *path, struct json_t **objects);

/* Puts `object`, without the members `name_member` and "nodes", to `path`, and says "<subject>: created" or
 * "replaced", or what a dry run
 * tells; with JSON wanted the answer is added to `answers` instead. */
int apply_put(struct session *session, const char *path, const char *subject, const struct json_t *object,
              const char *name_member, struct json_t *answers);

/* The text under `member` of object number `index`, NULL (and what is wrong is said) when it has none. */
const char *apply_name(struct session *session, const struct json_t *object, const char *member,
                       const char *subject, size_t index);

/* The worse of two exit codes: what was tried first counts. */
static inline int exit_worse(int first, int second)
{
        return first != EXIT_DONE ? first : second;
}
