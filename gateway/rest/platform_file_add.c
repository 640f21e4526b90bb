/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "rest/export_change.h"
#include "rest/export_create.h"
#include "rest/export_make.h"
#include "rest/export_show.h"
#include "rest/platform_file_source.h"
#include "rest/settlement.h"

static void read_only_set(const struct platform_call *call, json_t *body, struct violations *violations)
{
        static const char *const words[] = { "false", "0", "true", "1" };
        const char *text = call->values[PARAMETER_READ_ONLY];

        for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
                if (strcasecmp(text, words[i]) == 0) {
                        json_set_text(body, "access",
                                      export_access_word(i < 2 ? EXPORT_READ_WRITE : EXPORT_READ_ONLY));
                        return;
                }
        if (text)
                violation_add(violations, "readOnly", "read_only.malformed", "it is true or false");
}

/* The words that manifests use. NFSv4 is what Gatehouse serves, whichever NFS was said. */
static void protocol_set(const struct platform_call *call, json_t *body, struct violations *violations)
{
        static const char *const words[] = { "nfs", "nfs3", "nfs4", "gluster" };
        const char *text = call->values[PARAMETER_PROTOCOL];

        for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
                if (strcasecmp(text, words[i]) == 0) {
                        json_set_text(body, "protocol",
                                      protocol_wish_word(i < 3 ? PROTOCOL_NFS : PROTOCOL_GLUSTER));
                        return;
                }
        if (text)
                violation_add(violations, "protocol", "protocol.unknown",
                              "it is NFS, NFS3, NFS4 or GLUSTER; without it Gatehouse chooses");
}

/* The name stands with the export as a label where it is another than the platform would give. */
static void name_set(const struct platform_call *call, const char *mount_path, json_t *body)
{
        const char *name = call->values[PARAMETER_NAME], *slash = strrchr(mount_path, '/');

        if (name && (!slash || strcmp(slash + 1, name) != 0))
                json_object_set_new(body, "labels", json_pack("{s:s}", "name", name));
}

static void target_set(const struct platform_call *call, json_t *body)
{
        const char *group = call->values[PARAMETER_GROUP];

        json_object_set_new(body, "target",
                            group ? json_pack("{s:s}", "layer", group)
                                  : json_pack("{s:s}", "node", call->values[PARAMETER_NODE]));
}

/* The body that a caller of /v1 would have sent; members that cannot be told are left to what stands for them. */
static json_t *body_make(const struct platform_call *call, const struct storage *storage,
                         struct violations *violations)
{
        AUTO_FREE char *mount_path = platform_path(call->values[PARAMETER_PATH]);
        AUTO_FREE char *path =
                storage ? platform_source_path(storage, call->values[PARAMETER_SOURCE_PATH]) : memory_text("/");
        json_t *body = json_object();

        if (!path)
                violation_add(violations, "sourcePath", "path.outside_root",
                              "%s has only what lies at or below %s", storage->document.id, storage->mount_root);
        json_set_text(body, "storage", storage ? storage->document.id : "unresolved");
        json_set_text(body, "path", path ? path : "/");
        json_set_text(body, "environment", call->values[PARAMETER_ENVIRONMENT]);
        json_set_text(body, "mount_path", mount_path);
        json_set_text(body, "manager", "platform");
        target_set(call, body);
        name_set(call, mount_path, body);
        read_only_set(call, body, violations);
        protocol_set(call, body, violations);
        return body;
}

/* A wish for Gluster Native that a rule is against is no error here: without the wish the same rules choose NFS,
 * and say why with the grant. */
static void wish_soften(const struct request *request, const struct storage *storage, struct export *wanted)
{
        struct protocol_facts facts = status_facts(request->context->status);
        enum protocol_rule rule;

        if (wanted->protocol == PROTOCOL_GLUSTER && protocol_refuses_gluster(wanted, storage, &facts, &rule))
                wanted->protocol = PROTOCOL_AUTO;
}

static struct export *wanted_make(const struct request *request, const struct snapshot *now,
                                  const struct platform_call *call, struct violations *violations)
{
        const struct storage *storage = platform_source_storage(request, now, call, violations);
        json_t *body = body_make(call, storage, violations);
        struct export *wanted = export_from_json(body, violations);

        json_decref(body);
        if (!violations_any(violations)) {
                wish_soften(request, storage, wanted);
                return wanted;
        }
        shared_put(wanted);
        return NULL;
}

static void mount_reply(struct request *request, const struct snapshot *now, const struct export *export)
{
        const struct node *node = export->target == TARGET_NODE ? snapshot_node(now, export->target_name) : NULL;

        reply_json(&request->reply, 200,
                   json_pack("{s:i, s:o}", "result", 0, "mountPoint",
                             platform_mount_show(request, now, export, node)));
}

/* A mount of a whole layer from which nodes were taken out, and into which they are put back. */
struct mount_again {
        struct commit commit;  /* first */
        struct export *wanted; /* what was asked for */
        unsigned wait_s;
        bool in_time;
};

static void mount_again_free(void *work)
{
        struct mount_again *again = work;

        commit_fini(&again->commit);
        shared_put(again->wanted);
        free(again);
}

/* The export that does what `wanted` asks for, but for nodes that were taken out of it. */
static const struct export *export_to_restore(const struct request *request, const struct snapshot *now,
                                              const struct export *wanted)
{
        const struct environment *environment = snapshot_environment(now, wanted->environment);
        const char *account = request->principal.account;
        const struct export *export;
        struct snapshot_walk walk;

        if (!environment || strcmp(environment->account, account) != 0)
                return NULL;
        snapshot_walk_mount(&walk, now, environment->uid, wanted->mount_path);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                bool same = strcmp(export->account, account) == 0 && export->except_count > 0 &&
                            strcmp(export->storage, wanted->storage) == 0 &&
                            strcmp(export->path, wanted->path) == 0 && export->access == wanted->access;

                if (same && wanted->target == TARGET_NODE && export_excepts(export, wanted->target_name))
                        return export;
                if (same && wanted->target == TARGET_LAYER && export->target == TARGET_LAYER &&
                    strcmp(export->target_name, wanted->target_name) == 0)
                        return export;
        }
        return NULL;
}

/* `existing` without the node among those taken out; without any of them for a layer. */
static struct export *export_restored(const struct export *existing, const struct export *wanted,
                                      struct violations *violations)
{
        json_t *except = json_array();
        json_t *patch = json_pack("{s:{s:o}}", "target", "except", except);
        struct export *restored;

        for (size_t i = 0; wanted->target == TARGET_NODE && i < existing->except_count; i++)
                if (strcmp(existing->except[i], wanted->target_name) != 0)
                        json_array_append_new(except, json_string(existing->except[i]));
        restored = export_patched(existing, patch, violations);
        json_decref(patch);
        return restored;
}

static int mount_again_prepare(struct commit *commit, struct write *write, struct fault *fault)
{
        struct mount_again *again = (struct mount_again *)commit;
        const struct export *existing = export_to_restore(commit->request, write->now, again->wanted);
        AUTO_SHARED struct export *restored = NULL;
        int result;

        if (!existing)
                return fault_set(fault, FAULT_CONFLICT, "the mount has changed meanwhile; ask again");
        result = permit(&commit->request->principal, PERMIT_WRITE_EXPORT, existing->account, fault);
        if (result < 0)
                return result;
        restored = export_restored(existing, again->wanted, &commit->violations);
        if (!restored)
                return commit_violations(commit, FAULT_INVALID, fault);
        export_replace(commit, write, "export.change", existing, restored);
        return 0;
}

static void mount_again_reply(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct mount_again *again = request->work;

        mount_reply(request, now, (const struct export *)again->commit.document);
}

static void mount_again_done(struct request *request)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        struct mount_again *again = request->work;
        struct status_wait wait = { 0 };

        if (commit_failed(request, &again->commit))
                return;
        export_wait_for(request, now, (const struct export *)again->commit.document, &wait);
        if (again->wait_s == 0)
                mount_again_reply(request);
        else
                settlement_wait(request, &wait, again->wait_s, &again->in_time, mount_again_reply);
}

static void mount_again_begin(struct request *request, struct export *wanted, unsigned wait_s)
{
        struct mount_again *again = NEW(struct mount_again);

        request->work = again;
        request->work_free = mount_again_free;
        again->wanted = wanted;
        again->wait_s = wait_s;
        commit_start(request, &again->commit, mount_again_prepare, mount_again_done);
}

void platform_mount_add(struct request *request, const struct platform_call *call)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct fault fault = { 0 };
        struct export *wanted;

        if (permit(&request->principal, PERMIT_WRITE_EXPORT, request->principal.account, &fault) < 0) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        wanted = wanted_make(request, now, call, &violations);
        if (!wanted)
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else if (export_to_restore(request, now, wanted))
                mount_again_begin(request, wanted, call->wait_s);
        else
                export_create_begin(request, wanted, call->wait_s, mount_reply);
}
