/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/cross_mount.h"
#include "domain/json_reader.h"
#include "rest/export_show.h"
#include "rest/platform_file_source.h"

/* An id as the platform writes it, a number, where it is one: its clients compare numbers. */
static json_t *id_show(const char *id)
{
        size_t length = strlen(id);

        if (length > 0 && length < 16 && strspn(id, "0123456789") == length && (id[0] != '0' || length == 1))
                return json_integer(strtoll(id, NULL, 10));
        return json_string(id);
}

static const char *export_label(const struct export *export, const char *key)
{
        for (size_t i = 0; i < export->label_count; i++)
                if (strcmp(export->labels[i].key, key) == 0)
                        return export->labels[i].value;
        return NULL;
}

/* Which of an export's grants stands for all of them: the node's, else the first that needs a look, else the
 * first. NULL when there is none. */
static const struct grant *grant_choose(const struct request *request, const struct grant_list *grants,
                                        const struct node *node)
{
        char cause[FAULT_TEXT_SIZE];
        const char *code;

        for (size_t i = 0; i < grants->count; i++) {
                const struct grant *grant = &grants->items[i];

                if (node ? strcmp(grant->node->document.id, node->document.id) == 0
                         : status_grant_state(request->context->status, grant, &code, cause) != GRANT_ACTIVE)
                        return grant;
        }
        return node || grants->count == 0 ? NULL : &grants->items[0];
}

/* Protocol, why it is that, and how the grant stands. */
static void grant_show(const struct request *request, const struct grant *grant, json_t *item)
{
        char cause[FAULT_TEXT_SIZE], sentence[PROTOCOL_SENTENCE_SIZE];
        const char *code;
        enum grant_state state = status_grant_state(request->context->status, grant, &code, cause);

        json_set_text(item, "state", grant_state_word(state));
        if (cause[0] != '\0')
                json_set_text(item, "stateReason", cause);
        if (!grant->storage || !grant->environment)
                return;
        json_set_text(item, "protocol", grant->choice.protocol == PROTOCOL_IS_NFS ? "NFS4" : "GLUSTER");
        json_object_set_new(item, "protocolReason",
                            json_pack("{s:s, s:s}", "code", protocol_rule_word(grant->choice.rule), "sentence",
                                      protocol_sentence(grant->choice.rule, grant->choice.member, sentence)));
}

static void grants_show(const struct request *request, const struct snapshot *now, const struct export *export,
                        const struct node *node, json_t *item)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        const struct grant *grant;

        export_grants(request, now, export, &grants);
        grant = grant_choose(request, &grants, node);
        if (grant)
                grant_show(request, grant, item);
}

static void source_show(const struct snapshot *now, const struct export *export, json_t *item)
{
        const struct storage *storage = snapshot_storage(now, export->storage);
        AUTO_FREE char *path = storage ? platform_shown_path(storage, export->path) : memory_text(export->path);
        char address[ADDRESS_TEXT_SIZE];

        json_set_text(item, "sourcePath", path);
        if (storage && storage->node_count > 0)
                json_object_set_new(item, "sourceNodeId", id_show(storage->node_ids[0]));
        if (storage && storage->address_count > 0) {
                address_format(&storage->addresses[0], address);
                json_set_text(item, "sourceHost", address);
        }
}

/* What both lists tell of a mount. */
static json_t *mount_item(const struct request *request, const struct snapshot *now, const struct export *export,
                          const struct node *node)
{
        const char *name = export_label(export, "name"), *slash = strrchr(export->mount_path, '/');
        json_t *item = json_object();

        json_set_text(item, "name", name ? name : slash ? slash + 1 : export->mount_path);
        json_set_text(item, "path", export->mount_path);
        json_object_set_new(item, "readOnly", json_boolean(export->access == EXPORT_READ_ONLY));
        json_set_text(item, "type", "INTERNAL");
        json_set_text(item, "exportId", export->document.id);
        grants_show(request, now, export, node, item);
        return item;
}

json_t *platform_mount_show(const struct request *request, const struct snapshot *now, const struct export *export,
                            const struct node *node)
{
        json_t *item = mount_item(request, now, export, node);

        source_show(now, export, item);
        if (export->target == TARGET_LAYER)
                json_set_text(item, "nodeGroup", export->target_name);
        if (export->target == TARGET_NODE)
                json_object_set_new(item, "nodeId", id_show(export->target_name));
        return item;
}

static void array_reply(struct request *request, json_t *array)
{
        reply_json(&request->reply, 200, json_pack("{s:i, s:o}", "result", 0, "array", array));
}

/* The node of the environment that nodeId names, NULL when none was named. False: it names none of its. */
static bool list_node(const struct snapshot *now, const struct environment *environment,
                      const struct platform_call *call, const struct node **node, struct violations *violations)
{
        const char *id = call->values[PARAMETER_NODE];

        *node = id ? snapshot_node(now, id) : NULL;
        if (!id || (*node && strcmp((*node)->environment_uid, environment->uid) == 0))
                return true;
        violation_add(violations, "nodeId", "node.unknown", "environment %s has no node %s",
                      environment->document.id, id);
        return false;
}

/* By group are the mounts of the whole layer, by id all that the node has, by neither all of the environment. */
static bool mount_is_listed(const struct export *export, const char *group, const struct node *node)
{
        bool of_group = export->target == TARGET_ALL ||
                        (export->target == TARGET_LAYER && group && strcmp(export->target_name, group) == 0);

        return node ? export_reaches(export, node) : !group || of_group;
}

static json_t *mounts_collect(const struct request *request, const struct snapshot *now,
                              const struct environment *environment, const char *group, const struct node *node)
{
        json_t *array = json_array();
        const struct export *export;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->exports_by_environment, environment->uid, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk)))
                if (strcmp(export->account, request->principal.account) == 0 &&
                    mount_is_listed(export, group, node))
                        json_array_append_new(array, platform_mount_show(request, now, export, node));
        return array;
}

void platform_mount_list(struct request *request, const struct platform_call *call)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const struct environment *environment = platform_environment(request, now, call, &violations);
        const char *group = call->values[PARAMETER_GROUP];
        const struct node *node = NULL;

        if (environment && group && !environment_has_layer(environment, group))
                violation_add(&violations, "nodeGroup", "layer.unknown", "environment %s has no layer %s",
                              environment->document.id, group);
        if (environment)
                list_node(now, environment, call, &node, &violations);
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else
                array_reply(request, mounts_collect(request, now, environment, group, node));
}

/* The client nodes of one export, as members of the directory that it serves. */
static void clients_add(const struct request *request, const struct snapshot *now, const struct export *export,
                        json_t *clients)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        export_grants(request, now, export, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                const struct node *node = grants.items[i].node;
                json_t *client = mount_item(request, now, export, node);

                json_object_set_new(client, "nodeId", id_show(node->document.id));
                json_set_text(client, "nodeGroup", node->layer);
                json_set_text(client, "envName", node->environment);
                json_array_append_new(clients, client);
        }
}

static int compare_paths(const void *a, const void *b)
{
        const struct export *one = *(const struct export *const *)a, *other = *(const struct export *const *)b;
        int order = strcmp(one->path, other->path);

        return order ? order : strcmp(one->document.id, other->document.id);
}

/* One item for each exported directory, with its clients. */
static json_t *directories_show(const struct request *request, const struct snapshot *now,
                                const struct storage *storage, const struct export *const *exports, size_t count)
{
        json_t *array = json_array(), *clients = NULL;

        for (size_t i = 0; i < count; i++) {
                if (i == 0 || strcmp(exports[i - 1]->path, exports[i]->path) != 0) {
                        AUTO_FREE char *path = platform_shown_path(storage, exports[i]->path);

                        clients = json_array();
                        json_array_append_new(array, json_pack("{s:s, s:o}", "path", path, "clients", clients));
                }
                clients_add(request, now, exports[i], clients);
        }
        return array;
}

static json_t *exports_collect(const struct request *request, const struct snapshot *now,
                               const struct storage *storage, const char *path)
{
        AUTO_FREE const struct export **exports = NULL;
        const struct export *export;
        struct snapshot_walk walk;
        size_t count = 0;

        snapshot_walk_start(&walk, now->exports_by_storage, storage->document.id, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                if (strcmp(export->account, request->principal.account) != 0 ||
                    (path && strcmp(export->path, path) != 0))
                        continue;
                exports = memory_grow(exports, count, sizeof *exports);
                exports[count++] = export;
        }
        if (count > 0)
                qsort(exports, count, sizeof *exports, compare_paths);
        return directories_show(request, now, storage, exports, count);
}

void platform_export_list(struct request *request, const struct platform_call *call)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const struct storage *storage = platform_server(request, now, call, &violations);
        const char *shown = call->values[PARAMETER_PATH];
        AUTO_FREE char *path = storage && shown ? platform_source_path(storage, shown) : NULL;

        if (!storage)
                reply_violations(&request->reply, FAULT_INVALID, &violations);
        else if (shown && !path)
                array_reply(request, json_array());
        else
                array_reply(request, exports_collect(request, now, storage, path));
}

/* nodeId would mount from sourceNodeId: whether sourceNodeId mounts from nodeId already. */
void platform_cross_check(struct request *request, const struct platform_call *call)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        AUTO_VIOLATIONS struct violations violations = { 0 };
        const struct environment *environment = platform_environment(request, now, call, &violations);
        const struct node *node;
        bool crosses;

        if (!environment || !list_node(now, environment, call, &node, &violations)) {
                reply_violations(&request->reply, FAULT_INVALID, &violations);
                return;
        }
        crosses = cross_mount_between(now, request->principal.account, call->values[PARAMETER_SOURCE_NODE],
                                      call->values[PARAMETER_NODE]) != NULL;
        reply_json(&request->reply, 200, json_pack("{s:i, s:b}", "result", 0, "object", crosses));
}
