/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/export_check.h"

#include <string.h>

#include "base/memory.h"
#include "domain/cross_mount.h"
#include "domain/json_reader.h"
#include "domain/path_rules.h"

static const struct storage *storage_find(const struct snapshot *now, const struct principal *principal,
                                          const char *name, struct violations *violations)
{
        const struct storage *storage = snapshot_storage(now, name);

        if (storage && permit(principal, PERMIT_READ_STORAGE, storage->account, NULL) == 0)
                return storage;
        violation_add(violations, "/storage", "storage.unknown", "there is no storage %s", name);
        return NULL;
}

static const struct environment *environment_find(const struct snapshot *now, const struct principal *principal,
                                                  const char *name, struct violations *violations)
{
        const struct environment *environment = snapshot_environment(now, name);

        if (environment && permit(principal, PERMIT_READ_INVENTORY, environment->account, NULL) == 0)
                return environment;
        violation_add(violations, "/environment", "environment.unknown", "there is no environment %s", name);
        return NULL;
}

/* `environment` NULL: the one of `name` is gone, and its nodes with it. */
static void node_check(const struct snapshot *now, const struct environment *environment, const char *name,
                       const char *id, const char *pointer, struct violations *violations)
{
        const struct node *node = snapshot_node(now, id);

        if (!environment || !node || strcmp(node->environment_uid, environment->uid) != 0)
                violation_add(violations, pointer, "node.unknown", "environment %s has no node %s", name, id);
}

static void target_check(const struct snapshot *now, const struct environment *environment,
                         const struct export *wanted, struct violations *violations)
{
        if (wanted->target == TARGET_NODE)
                node_check(now, environment, wanted->environment, wanted->target_name, "/target/node", violations);
        if (wanted->target == TARGET_LAYER && !environment_has_layer(environment, wanted->target_name))
                violation_add(violations, "/target/layer", "layer.unknown", "environment %s has no layer %s",
                              environment->document.id, wanted->target_name);
        for (size_t i = 0; i < wanted->except_count; i++) {
                AUTO_FREE char *pointer = json_pointer_index("/target/except", i);

                node_check(now, environment, wanted->environment, wanted->except[i], pointer, violations);
        }
}

static void gluster_check(const struct export *wanted, const struct storage *storage,
                          const struct protocol_facts *facts, struct violations *violations)
{
        char sentence[PROTOCOL_SENTENCE_SIZE];
        enum protocol_rule rule;

        if (wanted->protocol == PROTOCOL_GLUSTER && protocol_refuses_gluster(wanted, storage, facts, &rule))
                violation_add(violations, "/protocol", protocol_rule_word(rule), "%s",
                              protocol_sentence(rule, facts->unenforced, sentence));
}

void export_check_names(const struct snapshot *now, const struct principal *principal, const struct export *wanted,
                        const struct protocol_facts *facts, const struct storage **storage,
                        const struct environment **environment, struct violations *violations)
{
        *storage = storage_find(now, principal, wanted->storage, violations);
        *environment = environment_find(now, principal, wanted->environment, violations);
        if (*environment)
                target_check(now, *environment, wanted, violations);
        if (*storage && *environment && strcmp((*storage)->account, (*environment)->account) != 0)
                violation_add(violations, "/environment", "environment.other_account",
                              "environment %s belongs to another account than storage %s; sharing is for the "
                              "environments of one account",
                              wanted->environment, wanted->storage);
        if (*storage)
                gluster_check(wanted, *storage, facts, violations);
}

void export_check_node(const struct snapshot *now, const struct export *export, const char *id,
                       const char *pointer, struct violations *violations)
{
        const struct environment *environment = snapshot_environment_by_uid(now, export->environment_uid);

        if (export_excepts(export, id))
                return;
        if (environment && strcmp(environment->account, export->account) != 0)
                environment = NULL; /* another owner's now, whose nodes are not this one's to know of */
        node_check(now, environment, export->environment, id, pointer, violations);
}

void export_check_change(const struct snapshot *now, const struct export *existing, const struct export *wanted,
                         const struct protocol_facts *facts, struct violations *violations)
{
        const struct storage *storage = snapshot_storage(now, wanted->storage);
        bool same = existing->protocol == wanted->protocol && existing->access == wanted->access &&
                    existing->squash == wanted->squash && existing->privileged_ports == wanted->privileged_ports;

        for (size_t i = 0; i < wanted->except_count; i++) {
                AUTO_FREE char *pointer = json_pointer_index("/target/except", i);

                export_check_node(now, existing, wanted->except[i], pointer, violations);
        }
        if (storage && !same)
                gluster_check(wanted, storage, facts, violations);
}

static const char *layer_of_node(void *context, const char *id)
{
        const struct node *node = snapshot_node(context, id);

        return node ? node->layer : NULL;
}

/* The first of a walk's exports that shares a node with `wanted`. One that lost its account (the environment has
 * changed owner) serves nobody, and is not named to the new owner. */
static const struct export *walk_conflict(struct snapshot_walk *walk, const struct snapshot *now,
                                          const struct export *wanted)
{
        const struct document *document;

        while ((document = snapshot_walk_next(walk))) {
                const struct export *other = (const struct export *)document;

                if (strcmp(other->account, wanted->account) == 0 &&
                    export_targets_meet(other, wanted, layer_of_node, (void *)(uintptr_t)now))
                        return other;
        }
        return NULL;
}

/* Looks at each directory above the mount path. */
static const struct export *conflict_above(const struct snapshot *now, const struct export *wanted)
{
        AUTO_FREE char *path = memory_text(wanted->mount_path);
        const struct export *found = NULL;

        for (char *slash = strrchr(path, '/'); !found && slash && slash > path; slash = strrchr(path, '/')) {
                struct snapshot_walk walk;

                *slash = '\0';
                snapshot_walk_mount(&walk, now, wanted->environment_uid, path);
                found = walk_conflict(&walk, now, wanted);
        }
        return found;
}

/* Whether both ask for the same: the same directory at the same place for the same nodes. */
static bool export_is_equal(const struct export *a, const struct export *b)
{
        for (size_t i = 0; i < a->except_count; i++)
                if (!export_excepts(b, a->except[i]))
                        return false;
        return a->except_count == b->except_count && strcmp(a->storage, b->storage) == 0 &&
               strcmp(a->path, b->path) == 0 && a->target == b->target &&
               (a->target == TARGET_ALL || strcmp(a->target_name, b->target_name) == 0) && a->access == b->access;
}

const struct export *export_find_conflict(const struct snapshot *now, const struct export *wanted,
                                          struct violations *violations)
{
        const struct export *found;
        struct snapshot_walk walk;

        snapshot_walk_mount(&walk, now, wanted->environment_uid, wanted->mount_path);
        found = walk_conflict(&walk, now, wanted);
        if (found) {
                if (export_is_equal(found, wanted))
                        violation_add(violations, "", "export.exists", "export %s is the same",
                                      found->document.id);
                else
                        violation_add(violations, "/mount_path", "mount_path.taken",
                                      "export %s is mounted at %s on the same nodes", found->document.id,
                                      found->mount_path);
                return found;
        }
        found = conflict_above(now, wanted);
        if (!found) {
                snapshot_walk_below(&walk, now, wanted->environment_uid, wanted->mount_path);
                found = walk_conflict(&walk, now, wanted);
        }
        if (found) {
                violation_add(violations, "/mount_path", "mount_path.nested",
                              "export %s is mounted at %s on the same nodes, and no mount may lie inside another",
                              found->document.id, found->mount_path);
                return found;
        }
        found = cross_mount_find(now, wanted);
        if (found)
                violation_add(
                        violations, "/storage", "mount.cross",
                        "by export %s nodes of storage %s mount from storage %s, and two storages may not mount "
                        "from each other",
                        found->document.id, wanted->storage, found->storage);
        return found;
}

/* To look further costs more than to ask. */
enum { KNOWN_PATHS_LOOKED_AT = 256 };

bool export_path_is_known(const struct snapshot *now, const char *storage, const char *path)
{
        const struct document *document;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->exports_by_storage, storage, NULL);
        for (int looked = 0; looked < KNOWN_PATHS_LOOKED_AT && (document = snapshot_walk_next(&walk)); looked++)
                if (strcmp(((const struct export *)document)->path, path) == 0)
                        return true;
        return false;
}
