/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was seen of storages, as the API and /metrics tell it: room, heal, and from where native clients are
 * connected.
 */
#pragma once

#include "base/text.h"
#include "domain/grant.h"
#include "rest/request.h"

struct json_t;

/* The storage as JSON, with what was seen of it under `status`. */
struct json_t *storage_show(const struct request *request, const struct storage *storage);

/* Whether the node of an admitted grant had a connection to the server that it is to use, at the last look: to the
 * NFS server of this storage node, or to a brick of the volume. For which of its exports nobody can tell. UNKNOWN
 * when nobody has looked, and of other grants. */
enum known grant_connected(const struct request *request, const struct grant *grant);

/* Adds the gauges of all storages. */
void storages_render(const struct request *request, const struct snapshot *now, struct text *text);
