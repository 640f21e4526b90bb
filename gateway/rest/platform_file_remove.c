/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/task_json.h"
#include "rest/export_change.h"
#include "rest/export_make.h"
#include "rest/platform_file_source.h"

/* What is to be unmounted where. */
struct unmount {
        struct revocation revocation; /* first */
        char *environment;            /* of the client; NULL: the one that `node` is in */
        char *group, *node;           /* a whole layer, or one node */
        char *path;                   /* on the client */
        char *storage, *source_path;  /* NULL = from wherever */
};

static void unmount_free(void *work)
{
        struct unmount *unmount = work;

        revocation_fini(&unmount->revocation);
        free(unmount->environment);
        free(unmount->group);
        free(unmount->node);
        free(unmount->path);
        free(unmount->storage);
        free(unmount->source_path);
        free(unmount);
}

static char *value_copy(const struct platform_call *call, enum platform_parameter parameter)
{
        const char *value = call->values[parameter];

        return value ? memory_text(value) : NULL;
}

/* The client's environment, if it is the caller's. */
static const struct environment *client_environment(const struct request *request, const struct unmount *unmount,
                                                    const struct snapshot *now)
{
        const struct node *node = unmount->node ? snapshot_node(now, unmount->node) : NULL;
        const struct environment *environment = unmount->environment
                                                        ? snapshot_environment(now, unmount->environment)
                                                : node ? snapshot_environment_by_uid(now, node->environment_uid)
                                                       : NULL;

        return environment && strcmp(environment->account, request->principal.account) == 0 ? environment : NULL;
}

enum unmount_how { UNMOUNT_NOT, UNMOUNT_WHOLE, UNMOUNT_EXCEPT, UNMOUNT_TOO_WIDE };

static bool node_is_in_layer(const struct snapshot *now, const char *id, const char *layer)
{
        const struct node *node = snapshot_node(now, id);

        return node && strcmp(node->layer, layer) == 0;
}

/* By group the whole layer loses the mount, however it was given to its nodes. By id the node does: its own export
 * goes, one of more nodes stays for the others. */
static enum unmount_how unmount_how(const struct unmount *unmount, const struct snapshot *now,
                                    const struct export *export)
{
        const struct node *node = unmount->node ? snapshot_node(now, unmount->node) : NULL;

        if (unmount->group && export->target == TARGET_ALL)
                return UNMOUNT_TOO_WIDE;
        if (unmount->group && export->target == TARGET_LAYER)
                return strcmp(export->target_name, unmount->group) == 0 ? UNMOUNT_WHOLE : UNMOUNT_NOT;
        if (unmount->group)
                return node_is_in_layer(now, export->target_name, unmount->group) ? UNMOUNT_WHOLE : UNMOUNT_NOT;
        if (export->target == TARGET_NODE)
                return strcmp(export->target_name, unmount->node) == 0 ? UNMOUNT_WHOLE : UNMOUNT_NOT;
        return node && export_reaches(export, node) ? UNMOUNT_EXCEPT : UNMOUNT_NOT;
}

static bool export_is_meant(const struct request *request, const struct unmount *unmount,
                            const struct export *export)
{
        return strcmp(export->account, request->principal.account) == 0 &&
               (!unmount->storage || strcmp(export->storage, unmount->storage) == 0) &&
               (!unmount->source_path || strcmp(export->path, unmount->source_path) == 0);
}

/* Takes one export away, whole or from the node, with the task begun. */
static int export_unmount(struct unmount *unmount, struct write *write, const struct export *export,
                          enum unmount_how how, struct fault *fault)
{
        struct revocation *revocation = &unmount->revocation;
        AUTO_SHARED const struct snapshot *before = snapshot_draft(write->now);
        AUTO_SHARED struct export *without = NULL;

        if (how == UNMOUNT_TOO_WIDE)
                return fault_set(
                        fault, FAULT_CONFLICT,
                        "export %s is for all nodes of the environment, of which a layer cannot be taken out; "
                        "change it at /v1/exports/%s",
                        export->document.id, export->document.id);
        if (how == UNMOUNT_WHOLE) {
                export_remove(revocation, write, export);
                return 0;
        }
        without = export_without(export, unmount->node, &revocation->commit.violations);
        if (!without)
                return commit_violations(&revocation->commit, FAULT_INVALID, fault);
        task_add_export(revocation->task, export);
        export_replace(&revocation->commit, write, "export.revoke", export, without);
        revocation_add_losses(revocation, before, write->now, export->document.id);
        return 0;
}

/* Collects references to the exports that are mounted there: the index changes while they are taken away. */
static const struct export **unmount_collect(const struct unmount *unmount, const struct request *request,
                                             const struct snapshot *now, const struct environment *environment,
                                             size_t *count)
{
        const struct export **exports = NULL;
        const struct export *export;
        struct snapshot_walk walk;

        snapshot_walk_mount(&walk, now, environment->uid, unmount->path);
        while ((export = (const struct export *)snapshot_walk_next(&walk)))
                if (export_is_meant(request, unmount, export) &&
                    unmount_how(unmount, now, export) != UNMOUNT_NOT) {
                        exports = memory_grow(exports, *count, sizeof *exports);
                        exports[(*count)++] = shared_get(export);
                }
        return exports;
}

static int exports_unmount(struct unmount *unmount, struct write *write, const struct export *const *exports,
                           size_t count, struct fault *fault)
{
        struct revocation *revocation = &unmount->revocation;
        int result = count > 0
                             ? permit(&revocation->commit.request->principal, PERMIT_WRITE_EXPORT,
                                      exports[0]->account, fault)
                             : fault_set(fault, FAULT_NOT_FOUND, "nothing is mounted at %s there", unmount->path);

        if (result == 0)
                revocation_begin(revocation, write, unmount->group ? TASK_EXPORT_DELETE : TASK_EXPORT_REVOKE,
                                 exports[0]->document.id, exports[0]->account);
        for (size_t i = 0; result == 0 && i < count; i++)
                result = export_unmount(unmount, write, exports[i], unmount_how(unmount, write->now, exports[i]),
                                        fault);
        if (result == 0)
                revocation_put(revocation, write);
        return result;
}

static int unmount_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct unmount *unmount = (struct unmount *)commit;
        const struct environment *environment = client_environment(commit->request, unmount, write->now);
        AUTO_FREE const struct export **exports = NULL;
        size_t count = 0;
        int result;

        if (!environment)
                return fault_set(fault, FAULT_NOT_FOUND, "there is no environment %s",
                                 unmount->environment ? unmount->environment : "with this node");
        exports = unmount_collect(unmount, commit->request, write->now, environment, &count);
        result = exports_unmount(unmount, write, exports, count, fault);
        for (size_t i = 0; i < count; i++)
                shared_put(exports[i]);
        return result;
}

/* The platform's callers look at result alone; the task is for who wants to know what the servers have confirmed.
 */
static void unmount_reply(struct request *request, int status, json_t *task)
{
        json_t *answer = json_pack("{s:i}", "result", 0);

        (void)status;
        if (task)
                json_object_set_new(answer, "task", task);
        reply_json(&request->reply, 200, answer);
}

static void unmount_start(struct request *request, const struct platform_call *call, struct unmount *unmount)
{
        request->work = unmount;
        request->work_free = unmount_free;
        unmount->revocation.reply = unmount_reply;
        unmount->revocation.wait_s = call->wait_s;
        commit_start(request, &unmount->revocation.commit, unmount_prepare, revocation_done);
}

void platform_mount_remove(struct request *request, const struct platform_call *call)
{
        struct unmount *unmount = NEW(struct unmount);

        unmount->environment = value_copy(call, PARAMETER_ENVIRONMENT);
        unmount->group = value_copy(call, PARAMETER_GROUP);
        unmount->node = value_copy(call, PARAMETER_NODE);
        unmount->path = platform_path(call->values[PARAMETER_PATH]);
        unmount_start(request, call, unmount);
}

void platform_export_remove(struct request *request, const struct platform_call *call)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const struct storage *storage = platform_server(request, now, call, &violations);
        struct unmount *unmount;
        char *path;

        if (!storage) {
                reply_violations(&request->reply, FAULT_INVALID, &violations);
                return;
        }
        path = platform_source_path(storage, call->values[PARAMETER_PATH]);
        if (!path) {
                reply_fault(&request->reply, FAULT_NOT_FOUND, "nothing is exported from there");
                return;
        }
        unmount = NEW(struct unmount);
        unmount->node = value_copy(call, PARAMETER_CLIENT_NODE);
        unmount->path = platform_path(call->values[PARAMETER_CLIENT_PATH]);
        unmount->storage = memory_text(storage->document.id);
        unmount->source_path = path;
        unmount_start(request, call, unmount);
}
