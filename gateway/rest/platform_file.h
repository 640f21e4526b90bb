/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The methods of `environment.file` in the platform's own API that are about exports: its dashboard and clients
 * speak these. Each maps onto the same exports as /v1 and is decided by the same rules; what is here knows
 * parameters and answers. Called by route.c through rest_platform_file.
 */
#pragma once

#include "domain/environment.h"
#include "domain/snapshot.h"
#include "rest/request.h"

struct json_t;

#define PLATFORM_PARAMETER_TABLE(X)                           \
        X(PARAMETER_SESSION, "session")                       \
        X(PARAMETER_ENVIRONMENT, "envName")                   \
        X(PARAMETER_GROUP, "nodeGroup")                       \
        X(PARAMETER_NODE, "nodeId")                           \
        X(PARAMETER_PATH, "path")                             \
        X(PARAMETER_SOURCE_PATH, "sourcePath")                \
        X(PARAMETER_PROTOCOL, "protocol")                     \
        X(PARAMETER_SOURCE_HOST, "sourceHost")                \
        X(PARAMETER_SOURCE_NODE, "sourceNodeId")              \
        X(PARAMETER_NAME, "name")                             \
        X(PARAMETER_READ_ONLY, "readOnly")                    \
        X(PARAMETER_SOURCE_ADDRESS_TYPE, "sourceAddressType") \
        X(PARAMETER_CLIENT_NODE, "clientNodeId")              \
        X(PARAMETER_CLIENT_PATH, "clientPath")

#define PLATFORM_PARAMETER_ENUM(parameter, word) parameter,
enum platform_parameter { PLATFORM_PARAMETER_TABLE(PLATFORM_PARAMETER_ENUM) PLATFORM_PARAMETER_COUNT };
#undef PLATFORM_PARAMETER_ENUM

/* A call whose session is good. `values` are NULL where a parameter was not sent, is empty or is none of the
 * method's; borrowed from the request. */
struct platform_call {
        const char *values[PLATFORM_PARAMETER_COUNT];
        unsigned wait_s; /* how long the answer may wait for the servers */
};

/* How long an answer waits when `Prefer` does not say: callers mount as soon as they have it. */
#define PLATFORM_WAIT_S 10

void platform_mount_add(struct request *request, const struct platform_call *call);
void platform_mount_remove(struct request *request, const struct platform_call *call);
void platform_export_remove(struct request *request, const struct platform_call *call);
void platform_mount_list(struct request *request, const struct platform_call *call);
void platform_export_list(struct request *request, const struct platform_call *call);
void platform_cross_check(struct request *request, const struct platform_call *call);

/* The caller's environment that envName names; NULL and a violation for any other. */
const struct environment *platform_environment(const struct request *request, const struct snapshot *now,
                                               const struct platform_call *call, struct violations *violations);

/* The mount point as an object {name, path, sourcePath, sourceNodeId, protocol, readOnly, type, ...}, as `node`
 * (NULL = any of those it is for) has it. Caller owns the reference. */
struct json_t *platform_mount_show(const struct request *request, const struct snapshot *now,
                                   const struct export *export, const struct node *node);

/* `path` without slashes at its end, but for "/". Caller frees. */
char *platform_path(const char *path);
