/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events as JSON, and what is kept of two states of an object in an event: the members that differ.
 */
#pragma once

#include "domain/event.h"

struct document;
struct json_t;

/* Bytes of one side of an event; a longer one is left out, and its length is told: {"left_out_bytes": n}. */
#define EVENT_SIDE_MOST (64u * 1024)

/* The stored forms of `before` and `after` (either may be NULL), without what is the same in both and without what
 * nobody may learn (the hash of a token). Caller frees *old and *new, which are NULL for a NULL document. */
void event_sides(const struct document *before, const struct document *after, char **old, char **new);

/* `text`, or what stands for it when it is longer than EVENT_SIDE_MOST. NULL gives NULL. Caller frees. */
char *event_side(const char *text);

/* {id, revision, at, outcome, actor, source, request, action, object: {kind, id}, account, before, after}; source
 * only if `with_source`. Caller owns the reference. */
struct json_t *event_to_json(const struct event *event, bool with_source);
