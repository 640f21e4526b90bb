/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "simulation.h"
#include "world_for_test.h"

static const char *const accounts[] = { "acme", "acme", "acme", "globex" };
static const char *const environments[] = { "shop", "blog", "shed" };
static const char *const layers[] = { "cp", "cache" };

static void draft_put(struct snapshot *draft, struct document *document)
{
        document->revision = draft->revision;
        snapshot_put(draft, document);
        shared_put(document);
}

static const char *account_pick(struct simulation *simulation)
{
        return accounts[random_below(simulation, ARRAY_SIZE(accounts))];
}

/* --- The inventory ------------------------------------------------------------------------------------------ */

/* A source speaks, or has been silent for too long: what inventory_watch commits. */
static void source_change(struct simulation *simulation, struct snapshot *draft)
{
        const struct inventory *now = snapshot_inventory(draft, "platform");
        struct inventory *next = now ? inventory_renew(now) : inventory_new("platform");
        bool silent = now && now->state == INVENTORY_FRESH && random_below(simulation, 2);

        next->beats = true;
        next->state = silent ? INVENTORY_EXPIRED : INVENTORY_FRESH;
        next->suspends = silent && random_below(simulation, 2);
        next->expired_revision = 0;
        next->revision += silent ? 0 : 1;
        simulation_tell(simulation, "the platform %s",
                        !silent          ? "is heard"
                        : next->suspends ? "has fallen silent: all are suspended"
                                         : "has fallen silent: nobody new");
        draft_put(draft, &next->document);
}

/* Some objects are the platform's; what it says comes late now and then, and is refused. False: that. */
static bool origin_pick(struct simulation *simulation, const struct snapshot *draft, struct origin *origin)
{
        const struct inventory *now = snapshot_inventory(draft, "platform");
        uint64_t revision = now ? now->revision : 1;

        if (random_below(simulation, 2))
                return true;
        revision -= revision > 1 && random_below(simulation, 4) == 0;
        if (inventory_is_outdated(now, revision)) {
                simulation_tell(simulation, "the platform speaks as of an older revision, and is refused");
                return false;
        }
        origin_set(origin, "platform", revision);
        return true;
}

/* --- Environments ------------------------------------------------------------------------------------------- */

static void nodes_remove(struct snapshot *draft, const char *uid)
{
        struct snapshot_walk walk;
        const struct document *node;

        snapshot_walk_start(&walk, draft->nodes_by_environment, uid, NULL);
        while ((node = snapshot_walk_next(&walk))) {
                AUTO_FREE char *id = memory_text(node->id);

                snapshot_remove(draft, DOCUMENT_NODE, id);
                snapshot_walk_start(&walk, draft->nodes_by_environment, uid, NULL);
        }
}

static void environment_change(struct simulation *simulation, struct snapshot *draft)
{
        const char *name = environments[random_below(simulation, ARRAY_SIZE(environments))];
        const struct environment *now = snapshot_environment(draft, name);
        struct environment *next;
        char *uid;

        if (now && random_below(simulation, 8) == 0) {
                simulation_tell(simulation, "environment %s: deleted", name);
                task_begin_environment(simulation, draft, now->uid);
                nodes_remove(draft, now->uid);
                snapshot_remove(draft, DOCUMENT_ENVIRONMENT, name);
                return;
        }
        uid = now ? memory_text(now->uid) : memory_format("e-%u", ++simulation->made);
        next = environment_new(name);
        next->uid = uid;
        next->account = memory_text(account_pick(simulation));
        next->state = random_below(simulation, 2)
                              ? ENVIRONMENT_RUNNING
                              : (enum environment_state)random_below(simulation, ENVIRONMENT_STATE_COUNT);
        next->platform_version = (struct platform_version){ true, random_below(simulation, 4) ? 8 : 5, 3, 0 };
        next->layers = memory_new(2, sizeof *next->layers);
        next->layer_count = 2;
        for (size_t i = 0; i < 2; i++)
                next->layers[i] = memory_text(layers[i]);
        environment_keep_state_revision(next, now);
        if (!origin_pick(simulation, draft, &next->origin)) {
                shared_put(next);
                return;
        }
        simulation_tell(simulation, "environment %s (%s): account %s, %s, platform %u", name, uid, next->account,
                        environment_state_word(next->state), next->platform_version.major);
        draft_put(draft, &next->document);
}

/* --- Nodes -------------------------------------------------------------------------------------------------- */

static void node_change(struct simulation *simulation, struct snapshot *draft)
{
        const struct environment *environment =
                snapshot_environment(draft, environments[random_below(simulation, ARRAY_SIZE(environments))]);
        unsigned number = random_below(simulation, 8);
        AUTO_FREE char *id = memory_format("n%u", number);
        /* Seldom another node's address, or a storage's. */
        unsigned last = random_below(simulation, 6) ? 21 + number + 8 * random_below(simulation, 3)
                                                    : 11 + random_below(simulation, 12);
        AUTO_FREE char *addresses = random_below(simulation, 4) ? memory_format("10.77.0.%u", last)
                                    : random_below(simulation, 2)
                                            ? memory_format("10.77.0.%u fd77::%u", last, last)
                                            : memory_format("fd77::%u", last);
        struct node *node;

        if (!environment || random_below(simulation, 6) == 0) {
                const struct node *now = snapshot_node(draft, id);

                simulation_tell(simulation, "node %s: deleted", id);
                if (now)
                        task_begin_environment(simulation, draft, now->environment_uid);
                snapshot_remove(draft, DOCUMENT_NODE, id);
                return;
        }
        node = world_node(id, layers[random_below(simulation, 2)], addresses);
        world_set(&node->environment, environment->document.id);
        world_set(&node->environment_uid, environment->uid);
        world_set(&node->os_id, random_below(simulation, 3) ? "debian" : "alpine");
        if (!origin_pick(simulation, draft, &node->origin)) {
                shared_put(node);
                return;
        }
        simulation_tell(simulation, "node %s: %s/%s, %s, %s", id, environment->document.id, node->layer, addresses,
                        node->os_id);
        draft_put(draft, &node->document);
}

/* --- Storages ----------------------------------------------------------------------------------------------- */

static const struct {
        const char *name, *volume;
} storages[] = { { "files", "data" }, { "archive", "old" }, { "solo", NULL } };

static void storage_put(struct simulation *simulation, struct snapshot *draft, unsigned number,
                        const char *account)
{
        struct storage *storage = storage_new(storages[number].name);

        storage->kind = storages[number].volume ? STORAGE_CLUSTER : STORAGE_SINGLE;
        storage->account = memory_text(account);
        storage->volume = storages[number].volume ? memory_text(storages[number].volume) : NULL;
        storage->mount_root = memory_text("/data");
        storage->address_count = world_addresses(
                random_below(simulation, 3) ? "10.77.0.11 10.77.0.12" : "10.77.0.11", storage->addresses);
        storage->default_protocol = random_below(simulation, 4) ? PROTOCOL_AUTO : PROTOCOL_NFS;
        simulation_tell(simulation, "storage %s: account %s, %zu nodes, %s", storage->document.id, account,
                        storage->address_count, protocol_wish_word(storage->default_protocol));
        draft_put(draft, &storage->document);
}

static void storage_change(struct simulation *simulation, struct snapshot *draft)
{
        unsigned number = random_below(simulation, ARRAY_SIZE(storages));

        if (number > 0 && random_below(simulation, 4) == 0) { /* one stays: the packet filter needs its nodes */
                if (!simulation->reconcile || simulation->restarted)
                        return;
                simulation->storage_gone = true;
                simulation_tell(simulation, "storage %s: deleted", storages[number].name);
                snapshot_remove(draft, DOCUMENT_STORAGE, storages[number].name);
                return;
        }
        storage_put(simulation, draft, number, account_pick(simulation));
}

/* --- Exports ------------------------------------------------------------------------------------------------ */

static struct export *export_make(struct simulation *simulation, const char *id, uint16_t number,
                                  const struct environment *environment)
{
        struct export *export = world_export(id, number);
        AUTO_FREE char *path = memory_format("/d%u%s", random_below(simulation, 6),
                                             random_below(simulation, 8) ? "" : " with a blank");
        AUTO_FREE char *mount = memory_format("/mnt/%u", random_below(simulation, 6));
        AUTO_FREE char *node = memory_format("n%u", random_below(simulation, 8));

        world_set(&export->storage, storages[random_below(simulation, ARRAY_SIZE(storages))].name);
        world_set(&export->path, path);
        world_set(&export->mount_path, mount);
        world_set(&export->environment, environment->document.id);
        world_set(&export->environment_uid, environment->uid);
        export->target = (enum target_kind)random_below(simulation, 3);
        if (export->target != TARGET_ALL)
                export->target_name = memory_text(export->target == TARGET_NODE
                                                          ? node
                                                          : layers[random_below(simulation, ARRAY_SIZE(layers))]);
        return export;
}

/* What may be changed about an export that is there, and starts at random. */
static void export_vary(struct simulation *simulation, struct export *export)
{
        export->protocol = random_below(simulation, 3) ? PROTOCOL_AUTO : PROTOCOL_NFS;
        export->access = random_below(simulation, 4) ? EXPORT_READ_WRITE : EXPORT_READ_ONLY;
        export->squash = random_below(simulation, 6) ? SQUASH_NONE : SQUASH_ROOT;
        export->enabled = random_below(simulation, 6) != 0;
        if (random_below(simulation, 6) == 0)
                export->expires_at_ms = clock_wall_ms(&simulation->clock) + random_below(simulation, 20000);
        if (random_below(simulation, 4) == 0) {
                export->except = memory_new(1, sizeof *export->except);
                export->except[0] = memory_format("n%u", random_below(simulation, 8));
                export->except_count = 1;
        }
}

/* The same export with other things asked of it. */
static struct export *export_again(const struct export *now)
{
        struct export *next = world_export(now->document.id, now->number);

        world_set(&next->account, now->account);
        world_set(&next->storage, now->storage);
        world_set(&next->path, now->path);
        world_set(&next->mount_path, now->mount_path);
        world_set(&next->environment, now->environment);
        world_set(&next->environment_uid, now->environment_uid);
        next->target = now->target;
        world_set(&next->target_name, now->target_name);
        return next;
}

static void export_change(struct simulation *simulation, struct snapshot *draft)
{
        uint16_t number = (uint16_t)(1 + random_below(simulation, SIMULATED_NUMBERS));
        const struct export *now = snapshot_export_by_number(draft, number);
        const struct environment *environment =
                snapshot_environment(draft, environments[random_below(simulation, ARRAY_SIZE(environments))]);
        struct export *next;

        if (now)
                task_begin(simulation, draft, &now, 1);
        if (now && random_below(simulation, 3) == 0) {
                AUTO_FREE char *id = memory_text(now->document.id);

                simulation_tell(simulation, "export %s (%u): deleted", id, number);
                snapshot_remove(draft, DOCUMENT_EXPORT, id);
                if (random_below(simulation, 2))
                        return;
                now = NULL; /* its number goes to another in the same commit */
        }
        if (now) {
                next = export_again(now);
        } else {
                AUTO_FREE char *id = memory_format("ex-%06u", ++simulation->made);

                if (!environment)
                        return;
                next = export_make(simulation, id, number, environment);
                world_set(&next->account, account_pick(simulation));
        }
        export_vary(simulation, next);
        if (now)
                export_keep_widened_revision(next, now, clock_wall_ms(&simulation->clock));
        simulation_tell(simulation, "export %s (%u): %s of %s:%s to %s %s%s at %s, %s, %s, %s%s, %zu excepted%s",
                        next->document.id, number, next->account, next->storage, next->path, next->environment_uid,
                        target_kind_word(next->target), next->target_name ? next->target_name : "",
                        next->mount_path, protocol_wish_word(next->protocol), export_access_word(next->access),
                        export_squash_word(next->squash), next->enabled ? "" : ", off", next->except_count,
                        next->expires_at_ms ? ", expires" : "");
        draft_put(draft, &next->document);
}

/* --- Commits ------------------------------------------------------------------------------------------------ */

/* Whoever the draft gives a right to has it from now on. */
void world_publish(struct simulation *simulation, struct snapshot *draft)
{
        pthread_mutex_lock(&simulation->lock);
        rights_of(simulation, draft, NULL, &simulation->rights);
        shared_put(simulation->snapshot);
        simulation->snapshot = draft;
        tasks_allow(simulation);
        pthread_mutex_unlock(&simulation->lock);
        reconcile_wake(simulation->reconcile);
}

static struct snapshot *draft_begin(struct simulation *simulation)
{
        struct snapshot *draft = simulation->snapshot ? snapshot_draft(simulation->snapshot) : snapshot_new();

        draft->revision = ++simulation->revision;
        if (simulation->snapshot)
                tasks_forget(simulation, draft);
        return draft;
}

void world_mark(struct simulation *simulation)
{
        struct snapshot *draft = draft_begin(simulation);

        task_begin(simulation, draft, NULL, 0);
        world_publish(simulation, draft);
}

void world_begin(struct simulation *simulation)
{
        struct snapshot *draft = draft_begin(simulation);

        for (unsigned i = 0; i < ARRAY_SIZE(storages); i++)
                storage_put(simulation, draft, i, "acme");
        for (unsigned i = 0; i < 12; i++)
                environment_change(simulation, draft);
        for (unsigned i = 0; i < 16; i++)
                node_change(simulation, draft);
        world_publish(simulation, draft);
}

struct snapshot *world_draft(struct simulation *simulation)
{
        struct snapshot *draft = draft_begin(simulation);

        for (unsigned changes = 1 + random_below(simulation, 3); changes > 0; changes--) {
                unsigned which = random_below(simulation, 22);

                if (which < 9)
                        export_change(simulation, draft);
                else if (which < 16)
                        node_change(simulation, draft);
                else if (which < 19)
                        environment_change(simulation, draft);
                else if (which < 21)
                        source_change(simulation, draft);
                else
                        storage_change(simulation, draft);
        }
        task_begin_losses(simulation, draft);
        return draft;
}

void world_change(struct simulation *simulation)
{
        world_publish(simulation, world_draft(simulation));
}
