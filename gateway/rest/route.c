/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/route.h"

#include <string.h>

#include "base/memory.h"
#include "rest/handlers.h"

/* One line each: tests/lint/openapi.test reads them. */
/* clang-format off */
static const char *const write_query[] = { "dry_run", NULL };
static const char *const page_query[] = { "limit", "cursor", NULL };
static const char *const environment_query[] = { "account", "state", "limit", "cursor", NULL };
static const char *const node_query[] = { "layer", "limit", "cursor", NULL };
static const char *const storage_query[] = { "account", "limit", "cursor", NULL };
static const char *const export_query[] = { "environment", "account", "storage", "manager", "sort", "limit", "cursor", NULL };
static const char *const grant_query[] = { "state", "limit", "cursor", NULL };

static const char *const task_query[] = { "state", "export", "kind", "limit", "cursor", NULL };
static const char *const event_query[] = { "account", "object", "action", "actor", "outcome", "since", "until", "limit", "cursor", NULL };

static const struct route routes[] = {
        { "GET", "/1.0/environment/file/rest/{method}", BODY_NONE, NULL, rest_platform_file },
        { "POST", "/1.0/environment/file/rest/{method}", BODY_SMALL, NULL, rest_platform_file },
        { "GET", "/healthz", BODY_NONE, NULL, rest_health_get },
        { "POST", "/v1/apply", BODY_INVENTORY, write_query, rest_apply },
        { "GET", "/metrics", BODY_NONE, NULL, rest_metrics_get },
        { "GET", "/openapi.json", BODY_NONE, NULL, rest_openapi_get },
        { "GET", "/v1/drift", BODY_NONE, NULL, rest_drift_get },
        { "GET", "/v1/environments", BODY_NONE, environment_query, rest_environment_list },
        { "GET", "/v1/environments/{name}", BODY_NONE, NULL, rest_environment_get },
        { "PUT", "/v1/environments/{name}", BODY_INVENTORY, write_query, rest_environment_put },
        { "DELETE", "/v1/environments/{name}", BODY_NONE, write_query, rest_environment_delete },
        { "GET", "/v1/environments/{name}/nodes", BODY_NONE, node_query, rest_node_list },
        { "GET", "/v1/environments/{name}/nodes/{id}", BODY_NONE, NULL, rest_node_get },
        { "PUT", "/v1/environments/{name}/nodes/{id}", BODY_INVENTORY, write_query, rest_node_put },
        { "DELETE", "/v1/environments/{name}/nodes/{id}", BODY_NONE, write_query, rest_node_delete },
        { "GET", "/v1/inventory", BODY_NONE, page_query, rest_inventory_list },
        { "PUT", "/v1/inventory", BODY_INVENTORY, write_query, rest_inventory_put },
        { "POST", "/v1/inventory/heartbeat", BODY_SMALL, write_query, rest_inventory_heartbeat },
        { "GET", "/v1/inventory/{source}", BODY_NONE, NULL, rest_inventory_get },
        { "DELETE", "/v1/inventory/{source}", BODY_NONE, write_query, rest_inventory_delete },
        { "GET", "/v1/nodes/{id}/mounted", BODY_NONE, NULL, rest_mounted_get },
        { "PUT", "/v1/nodes/{id}/mounted", BODY_SMALL, NULL, rest_mounted_put },
        { "GET", "/v1/nodes/{id}/mounts", BODY_NONE, NULL, rest_mount_list },
        { "GET", "/v1/storages", BODY_NONE, storage_query, rest_storage_list },
        { "GET", "/v1/storages/{name}", BODY_NONE, NULL, rest_storage_get },
        { "PUT", "/v1/storages/{name}", BODY_SMALL, write_query, rest_storage_put },
        { "DELETE", "/v1/storages/{name}", BODY_NONE, write_query, rest_storage_delete },
        { "GET", "/v1/events", BODY_NONE, event_query, rest_event_list },
        { "GET", "/v1/exports", BODY_NONE, export_query, rest_export_list },
        { "POST", "/v1/exports", BODY_SMALL, write_query, rest_export_create },
        { "GET", "/v1/exports/{id}", BODY_NONE, NULL, rest_export_get },
        { "PATCH", "/v1/exports/{id}", BODY_SMALL, write_query, rest_export_patch },
        { "DELETE", "/v1/exports/{id}", BODY_NONE, write_query, rest_export_delete },
        { "GET", "/v1/exports/{id}/grants", BODY_NONE, grant_query, rest_grant_list },
        { "POST", "/v1/exports/{id}/revoke", BODY_SMALL, write_query, rest_export_revoke },
        { "GET", "/v1/tasks", BODY_NONE, task_query, rest_task_list },
        { "GET", "/v1/tasks/{id}", BODY_NONE, NULL, rest_task_get },
        { "GET", "/v1/tokens", BODY_NONE, page_query, rest_token_list },
        { "POST", "/v1/tokens", BODY_SMALL, write_query, rest_token_create },
        { "GET", "/v1/tokens/{name}", BODY_NONE, NULL, rest_token_get },
        { "DELETE", "/v1/tokens/{name}", BODY_NONE, write_query, rest_token_delete },
        { "GET", "/v1/verification", BODY_NONE, NULL, rest_verification_get },
        { "POST", "/v1/verify", BODY_NONE, NULL, rest_verification_run },
};
/* clang-format on */

const struct route *route_table(size_t *count)
{
        *count = ARRAY_SIZE(routes);
        return routes;
}

bool route_is_public(const char *path)
{
        return strcmp(path, "/healthz") == 0 || strcmp(path, "/openapi.json") == 0;
}

bool route_is_for_nodes(const struct route *route)
{
        return strcmp(route->pattern, "/v1/nodes/{id}/mounts") == 0 ||
               strcmp(route->pattern, "/v1/nodes/{id}/mounted") == 0;
}

/* Whether `path` has the form of `pattern`; `captures` (may be NULL) then gets copies of what {x} stood for. */
static bool pattern_matches(const char *pattern, const char *path, char **captures)
{
        size_t capture = 0;

        while (*pattern == '/' && *path == '/') {
                size_t wanted = strcspn(++pattern, "/");
                size_t given = strcspn(++path, "/");

                if (*pattern == '{') {
                        if (given == 0)
                                return false;
                        if (captures)
                                captures[capture++] = memory_format("%.*s", (int)given, path);
                } else if (wanted != given || memcmp(pattern, path, wanted) != 0) {
                        return false;
                }
                pattern += wanted;
                path += given;
        }
        return *pattern == '\0' && *path == '\0';
}

/* The methods of a path, as for Allow: "GET, HEAD, OPTIONS, PUT"; empty when there is no such path. */
static void allow_collect(const char *path, struct text *allow)
{
        for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
                if (!pattern_matches(routes[i].pattern, path, NULL))
                        continue;
                text_addf(allow, "%s%s", allow->length > 0 ? ", " : "", routes[i].method);
                if (strcmp(routes[i].method, "GET") == 0)
                        text_add(allow, ", HEAD");
        }
        if (allow->length > 0)
                text_add(allow, ", OPTIONS");
}

static void route_not_found(struct request *request)
{
        AUTO_TEXT struct text allow = { 0 };

        allow_collect(request->path, &allow);
        if (allow.length == 0) {
                reply_fault(&request->reply, FAULT_NOT_FOUND, "there is nothing at this path; see docs/api.md");
                return;
        }
        if (strcmp(request->method, "OPTIONS") == 0 && !request->is_platform)
                reply_json(&request->reply, 204, NULL);
        else
                reply_fault(&request->reply, FAULT_METHOD, "this path takes %s", text_get(&allow));
        reply_field(&request->reply, "Allow", "%s", text_get(&allow));
}

void route_find(struct request *request)
{
        const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;

        for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
                if (strcmp(routes[i].method, method) != 0 ||
                    !pattern_matches(routes[i].pattern, request->path, NULL))
                        continue;
                pattern_matches(routes[i].pattern, request->path, request->parameters);
                request->route = &routes[i];
                return;
        }
        route_not_found(request);
}
