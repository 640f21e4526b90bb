/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the API offers: one table of method, path, how large a body may be, query parameters and handler.
 * tests/lint/openapi.test holds openapi.yaml to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct request;

#define BODY_NONE 0
#define BODY_SMALL (64u * 1024)
#define BODY_INVENTORY (8u * 1024 * 1024)

struct route {
        const char *method;
        const char *pattern;      /* "/v1/environments/{name}": {x} stands for one component, not empty */
        size_t body_most;         /* BODY_NONE = takes no body */
        const char *const *query; /* names of its query parameters, NULL-terminated; NULL = none */
        void (*handle)(struct request *request);
};

/* Whether anybody may ask for `path` (/healthz, /openapi.json). */
bool route_is_public(const char *path);

/* Whether tokens of scope node come to it: what /v1/nodes/{id}/mounts is for, and nothing else. */
bool route_is_for_nodes(const struct route *route);

/* Finds the route of the request's method and path and sets route and parameters. Otherwise the reply is set:
 * 404, 405 with Allow, or the answer to OPTIONS. HEAD finds GET. */
void route_find(struct request *request);

/* The table, for tests. */
const struct route *route_table(size_t *count);
