/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/grant.h"

#include <string.h>

#include "base/memory.h"
#include "domain/canary.h"

static const char *const grant_state_words[] = {
        [GRANT_PENDING] = "pending", [GRANT_ACTIVE] = "active", [GRANT_SUSPENDED] = "suspended",
        [GRANT_REFUSED] = "refused", [GRANT_FAILED] = "failed",
};

const char *grant_state_word(enum grant_state state)
{
        return grant_state_words[state];
}

void grant_list_fini(struct grant_list *list)
{
        free(list->items);
        shared_put(list->probe);
        shared_put(list->snapshot);
        *list = (struct grant_list){ 0 };
}

void grant_list_sides(const struct grant_list *list, bool sides[2])
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].verdict == ACCESS_ADMITTED)
                        sides[list->items[i].choice.protocol] = true;
}

void grant_list_walk_both(const struct grant_list *was, const struct grant_list *is,
                          void (*each)(void *context, const struct grant *was, const struct grant *is),
                          void *context)
{
        size_t i = 0, j = 0;

        while (i < was->count || j < is->count) {
                int order = i == was->count ? 1
                            : j == is->count
                                    ? -1
                                    : strcmp(was->items[i].node->document.id, is->items[j].node->document.id);

                each(context, order <= 0 ? &was->items[i] : NULL, order >= 0 ? &is->items[j] : NULL);
                i += order <= 0;
                j += order >= 0;
        }
}

/* What all grants of one export have in common. */
struct derivation {
        const struct snapshot *snapshot;
        const struct export *export;
        const struct storage *storage;
        const struct environment *environment;
        const struct protocol_facts *protocol_facts;
        struct access_facts access_facts;
        bool mount_is_lone;
};

static bool address_is_contested(void *context, const struct address *address)
{
        return snapshot_address_is_contested(context, address);
}

static bool address_is_storage(void *context, const struct address *address)
{
        return snapshot_address_is_storage(context, address);
}

static const struct inventory *inventory_find(void *context, const char *source)
{
        return snapshot_inventory(context, source);
}

/* Whether one of the older exports at the same mount path with this target lets `node` in. That one may itself
 * give way to a still older one: then that one is the one that takes the path, and the answer is the same. */
static bool mount_is_taken_by(const struct derivation *derivation, const struct node *node,
                              enum target_kind target, const char *target_name)
{
        const struct export *export = derivation->export;
        const struct export *older;
        struct snapshot_walk walk;

        snapshot_walk_mount_target(&walk, derivation->snapshot, export->environment_uid, export->mount_path,
                                   target, target_name);
        while ((older = (const struct export *)snapshot_walk_next(&walk)) != NULL &&
               strcmp(older->document.id, export->document.id) < 0) {
                const struct storage *storage = snapshot_storage(derivation->snapshot, older->storage);

                if (!export_excepts(older, node->document.id) &&
                    access_judge(older, storage, derivation->environment, node, &derivation->access_facts) ==
                            ACCESS_ADMITTED)
                        return true;
        }
        return false;
}

/* Whether no other export of the environment has the mount path, which is the rule: asked once for all nodes. */
static bool mount_is_lone(const struct snapshot *snapshot, const struct export *export)
{
        struct snapshot_walk walk;

        snapshot_walk_mount(&walk, snapshot, export->environment_uid, export->mount_path);
        return snapshot_walk_next(&walk) == &export->document && !snapshot_walk_next(&walk);
}

static bool mount_is_taken(const struct derivation *derivation, const struct node *node)
{
        return !derivation->mount_is_lone && (mount_is_taken_by(derivation, node, TARGET_ALL, NULL) ||
                                              mount_is_taken_by(derivation, node, TARGET_LAYER, node->layer) ||
                                              mount_is_taken_by(derivation, node, TARGET_NODE, node->document.id));
}

static void grant_add(const struct derivation *derivation, const struct node *node, struct grant_list *list)
{
        struct grant grant = {
                .export = derivation->export,
                .storage = derivation->storage,
                .environment = derivation->environment,
                .node = node,
                .members = derivation->protocol_facts->members,
                .member_count = derivation->protocol_facts->member_count,
        };

        if (export_excepts(grant.export, node->document.id))
                return;
        grant.verdict =
                access_judge(grant.export, grant.storage, grant.environment, node, &derivation->access_facts);
        if (grant.verdict == ACCESS_ADMITTED && mount_is_taken(derivation, node))
                grant.verdict = ACCESS_MOUNT_CONFLICT;
        if (grant.storage && grant.environment)
                grant.choice = protocol_choose(grant.export, grant.storage, grant.environment, node,
                                               derivation->protocol_facts);
        list->items = memory_grow(list->items, list->count, sizeof *list->items);
        list->items[list->count++] = grant;
}

static void grant_add_walk(const struct derivation *derivation, struct snapshot_walk *walk,
                           struct grant_list *list)
{
        const struct document *node;

        while ((node = snapshot_walk_next(walk)) != NULL)
                grant_add(derivation, (const struct node *)node, list);
}

static struct derivation derivation_of(const struct snapshot *snapshot, const struct export *export,
                                       const struct protocol_facts *facts, int64_t now_ms)
{
        return (struct derivation){
                .snapshot = snapshot,
                .export = export,
                .storage = snapshot_storage(snapshot, export->storage),
                .environment = snapshot_environment_by_uid(snapshot, export->environment_uid),
                .protocol_facts = facts,
                .access_facts = { now_ms, address_is_contested, address_is_storage, inventory_find,
                                  (void *)(uintptr_t)snapshot },
                .mount_is_lone = mount_is_lone(snapshot, export),
        };
}

void grant_derive(const struct snapshot *snapshot, const struct export *export, const struct protocol_facts *facts,
                  int64_t now_ms, struct grant_list *list)
{
        const struct derivation derivation = derivation_of(snapshot, export, facts, now_ms);
        struct snapshot_walk walk;
        const struct node *node;

        if (export_is_canary(export)) {
                canary_grants(snapshot, export, facts, list);
                return;
        }
        *list = (struct grant_list){ .snapshot = shared_get(snapshot) };
        switch (export->target) {
        case TARGET_ALL:
                snapshot_walk_start(&walk, snapshot->nodes_by_environment, export->environment_uid, NULL);
                grant_add_walk(&derivation, &walk, list);
                break;
        case TARGET_LAYER:
                snapshot_walk_layer(&walk, snapshot, export->environment_uid, export->target_name);
                grant_add_walk(&derivation, &walk, list);
                break;
        case TARGET_NODE:
                node = snapshot_node(snapshot, export->target_name);
                if (node && strcmp(node->environment_uid, export->environment_uid) == 0)
                        grant_add(&derivation, node, list);
                break;
        }
}

/* Whether the target of an export to the node's environment names it. */
static bool target_names(const struct export *export, const struct node *node)
{
        const char *name = export->target == TARGET_LAYER ? node->layer : node->document.id;

        return export->target == TARGET_ALL || strcmp(export->target_name, name) == 0;
}

void grant_derive_node(const struct snapshot *snapshot, const struct node *node,
                       const struct protocol_facts *facts, int64_t now_ms, struct grant_list *list)
{
        const struct export *export;
        struct snapshot_walk walk;

        *list = (struct grant_list){ .snapshot = shared_get(snapshot) };
        snapshot_walk_start(&walk, snapshot->exports_by_environment, node->environment_uid, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                const struct derivation derivation = derivation_of(snapshot, export, facts, now_ms);

                if (target_names(export, node))
                        grant_add(&derivation, node, list);
        }
}

void grant_derive_writes(const struct snapshot *snapshot, const struct grant *grant,
                         const struct protocol_facts *facts, int64_t now_ms, struct grant_list *list)
{
        const struct export *export;
        struct snapshot_walk walk;

        *list = (struct grant_list){ .snapshot = shared_get(snapshot) };
        if (grant->verdict != ACCESS_ADMITTED || grant->export->access != EXPORT_READ_ONLY)
                return;
        snapshot_walk_start(&walk, snapshot->exports_by_environment, grant->node->environment_uid, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                if (export->access != EXPORT_READ_WRITE || strcmp(export->storage, grant->export->storage) != 0 ||
                    !target_names(export, grant->node))
                        continue;
                const struct derivation derivation = derivation_of(snapshot, export, facts, now_ms);
                size_t before = list->count;

                grant_add(&derivation, grant->node, list);
                if (list->count > before && list->items[before].verdict != ACCESS_ADMITTED)
                        list->count = before;
        }
}

size_t grant_addresses(const struct grant *grant, struct address addresses[NODE_ADDRESSES_MAX])
{
        size_t count = 0;

        if (grant->verdict != ACCESS_ADMITTED)
                return 0;
        for (size_t i = 0; i < grant->node->address_count; i++)
                if (grant->choice.protocol == PROTOCOL_IS_NFS || grant->node->addresses[i].family == ADDRESS_V4)
                        addresses[count++] = grant->node->addresses[i];
        return count;
}
