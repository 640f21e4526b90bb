/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/platform_file_source.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "domain/path_rules.h"

#define SOURCE_NOT_OURS "Gatehouse exports the directories of Shared Storage alone"

enum source_address_type { SOURCE_UNSAID, SOURCE_IP, SOURCE_DOMAIN, SOURCE_NODE_GROUP };

/* A storage as it is looked for. */
struct source {
        const struct snapshot *now;
        const char *account, *environment;
        const struct storage *found;
        bool ambiguous;
};

static void walk_storages(struct source *source, const void *key,
                          bool (*is_it)(const struct source *source, const struct storage *storage,
                                        const void *key))
{
        const struct storage *storage;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, source->now->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk))) {
                if (strcmp(storage->account, source->account) != 0 || !is_it(source, storage, key))
                        continue;
                source->ambiguous = source->found != NULL;
                source->found = storage;
        }
}

static bool has_node(const struct source *source, const struct storage *storage, const void *id)
{
        return storage_has_node(storage, id, snapshot_node(source->now, id));
}

static bool has_address(const struct source *source, const struct storage *storage, const void *address)
{
        (void)source;
        return storage_has_address(storage, address);
}

static bool has_name(const struct source *source, const struct storage *storage, const void *name)
{
        (void)source;
        return strcasecmp(storage->document.id, name) == 0 ||
               (storage->environment && strcasecmp(storage->environment, name) == 0);
}

static bool has_layer(const struct source *source, const struct storage *storage, const void *layer)
{
        (void)source;
        return storage->layer && strcmp(storage->layer, layer) == 0;
}

static bool has_layer_beside_client(const struct source *source, const struct storage *storage, const void *layer)
{
        return has_layer(source, storage, layer) && storage->environment &&
               strcmp(storage->environment, source->environment) == 0;
}

const struct storage *platform_storage_of_node(const struct snapshot *now, const char *account, const char *id)
{
        struct source source = { .now = now, .account = account };

        walk_storages(&source, id, has_node);
        return source.found;
}

/* The storage's environment is what it says itself, or what the inventory says of the node. */
const struct storage *platform_server(const struct request *request, const struct snapshot *now,
                                      const struct platform_call *call, struct violations *violations)
{
        const char *name = call->values[PARAMETER_ENVIRONMENT], *id = call->values[PARAMETER_NODE];
        const struct storage *storage = platform_storage_of_node(now, request->principal.account, id);
        const struct node *node = snapshot_node(now, id);
        const char *environment = storage && storage->environment ? storage->environment
                                  : node                          ? node->environment
                                                                  : NULL;

        if (storage && (!environment || strcmp(environment, name) == 0))
                return storage;
        violation_add(violations, "nodeId", "storage.unknown", "environment %s has no storage node %s", name, id);
        return NULL;
}

/* Whether the node is one of the account's, which then learns that it is there and no storage's. */
static bool node_is_own(const struct source *source, const struct node *node)
{
        const struct environment *environment =
                node ? snapshot_environment_by_uid(source->now, node->environment_uid) : NULL;

        return environment && strcmp(environment->account, source->account) == 0;
}

static void source_by_node(struct source *source, const char *id, struct violations *violations)
{
        walk_storages(source, id, has_node);
        if (source->found)
                return;
        if (node_is_own(source, snapshot_node(source->now, id)))
                violation_add(violations, "sourceNodeId", "source.not_storage",
                              "node %s is an ordinary or master container; " SOURCE_NOT_OURS, id);
        else
                violation_add(violations, "sourceNodeId", "source.unknown", "there is no storage node %s", id);
}

static void source_by_address(struct source *source, const struct address *address, const char *host,
                              struct violations *violations)
{
        struct snapshot_walk walk;
        const struct node *node;
        bool own = false;

        walk_storages(source, address, has_address);
        if (source->found)
                return;
        snapshot_walk_claimants(&walk, source->now, address);
        while ((node = (const struct node *)snapshot_walk_next(&walk)))
                own = own || node_is_own(source, node);
        if (own)
                violation_add(violations, "sourceHost", "source.not_storage",
                              "%s is the address of an ordinary or master container; " SOURCE_NOT_OURS, host);
        else
                violation_add(violations, "sourceHost", "source.external",
                              "%s is no address of a storage node; an external server is mounted by "
                              "hand, " SOURCE_NOT_OURS,
                              host);
}

static void source_by_host(struct source *source, const char *host, enum source_address_type type,
                           struct violations *violations)
{
        struct address address;
        bool is_address = address_parse(host, &address) == 0;

        if (type == SOURCE_NODE_GROUP) {
                walk_storages(source, host, has_layer_beside_client);
                if (!source->found)
                        walk_storages(source, host, has_layer);
                if (!source->found)
                        violation_add(violations, "sourceHost", "source.unknown", "no storage has the layer %s",
                                      host);
        } else if (is_address && type != SOURCE_DOMAIN) {
                source_by_address(source, &address, host, violations);
        } else if (type == SOURCE_IP) {
                violation_add(violations, "sourceHost", "address.malformed",
                              "sourceAddressType says IP, and this is no address");
        } else {
                walk_storages(source, host, has_name);
                if (!source->found)
                        violation_add(violations, "sourceHost", "source.external",
                                      "%s is the name of no storage, nor of a storage's environment; an external "
                                      "server is mounted by hand, " SOURCE_NOT_OURS,
                                      host);
        }
        if (!source->ambiguous)
                return;
        source->found = NULL;
        violation_add(violations, "sourceHost", "source.ambiguous",
                      "more than one storage answers to %s; send sourceNodeId", host);
}

static enum source_address_type type_parse(const char *text, struct violations *violations)
{
        static const struct {
                const char *word, *number;
                enum source_address_type type;
        } types[] = { { "IP", "0", SOURCE_IP },
                      { "DOMAIN", "1", SOURCE_DOMAIN },
                      { "NODE_GROUP", "2", SOURCE_NODE_GROUP } };

        for (size_t i = 0; text && i < ARRAY_SIZE(types); i++)
                if (strcasecmp(text, types[i].word) == 0 || strcmp(text, types[i].number) == 0)
                        return types[i].type;
        if (text)
                violation_add(violations, "sourceAddressType", "source.type_unknown",
                              "it is IP or 0, DOMAIN or 1, NODE_GROUP or 2");
        return SOURCE_UNSAID;
}

const struct storage *platform_source_storage(const struct request *request, const struct snapshot *now,
                                              const struct platform_call *call, struct violations *violations)
{
        const char *id = call->values[PARAMETER_SOURCE_NODE], *host = call->values[PARAMETER_SOURCE_HOST];
        struct source by_node = { .now = now,
                                  .account = request->principal.account,
                                  .environment = call->values[PARAMETER_ENVIRONMENT] };
        struct source by_host = by_node;
        enum source_address_type type = type_parse(call->values[PARAMETER_SOURCE_ADDRESS_TYPE], violations);

        if (id)
                source_by_node(&by_node, id, violations);
        if (host)
                source_by_host(&by_host, host, type, violations);
        if (!id && !host)
                violation_add(violations, "sourceNodeId", "source.missing",
                              "say by sourceNodeId or sourceHost which storage is meant");
        if (by_node.found && by_host.found && by_node.found != by_host.found) {
                violation_add(violations, "sourceHost", "source.contradiction",
                              "sourceNodeId and sourceHost name different storages");
                return NULL;
        }
        return by_node.found ? by_node.found : by_host.found;
}

char *platform_source_path(const struct storage *storage, const char *path)
{
        AUTO_FREE char *plain = platform_path(path);
        AUTO_FREE char *root = platform_path(storage->mount_root);

        if (!path_is_within(plain, root))
                return NULL;
        if (strcmp(root, "/") == 0)
                return memory_text(plain);
        return memory_text(strcmp(plain, root) == 0 ? "/" : plain + strlen(root));
}

char *platform_shown_path(const struct storage *storage, const char *path)
{
        AUTO_FREE char *root = platform_path(storage->mount_root);

        if (strcmp(root, "/") == 0)
                return memory_text(path);
        return memory_format("%s%s", root, strcmp(path, "/") == 0 ? "" : path);
}
