/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/canary.h"
#include "domain/grant.h"
#include "reconcile/changes.h"
#include "world_for_test.h"

enum { ENVIRONMENTS = 3, STORAGES = 2, NODES = 8, EXPORTS = 12, ADDRESSES = 10, MOUNTS = 4 };

static char *numbered(const char *word, uint32_t number)
{
        return memory_format("%s-%u", word, number);
}

static const char *const sources[] = { "platform", "panel", NULL, NULL };

/* Who says so; revision 0 would be by hand. */
static void origin_pick(struct origin *origin, uint64_t *random)
{
        origin_set(origin, sources[world_random(random) % ARRAY_SIZE(sources)], 1);
}

/* A source is heard, or has fallen silent; now and then it is put again as it is. */
static void source_put(struct snapshot *draft, uint64_t *random)
{
        const char *name = sources[world_random(random) % 2];
        const struct inventory *now = snapshot_inventory(draft, name);
        struct inventory *next = now ? inventory_renew(now) : inventory_new(name);

        if (world_random(random) % 3) {
                next->state = (enum inventory_state)(world_random(random) % INVENTORY_STATE_COUNT);
                next->suspends = next->state == INVENTORY_EXPIRED && world_random(random) % 2;
                if (next->state != INVENTORY_EXPIRED)
                        next->expired_revision = 0;
        }
        next->document.revision = draft->revision;
        snapshot_put(draft, &next->document);
        shared_put(next);
}

static void environment_put(struct snapshot *draft, uint64_t *random)
{
        struct environment *environment = world_environment();
        uint32_t number = world_random(random) % ENVIRONMENTS;
        AUTO_FREE char *name = numbered("env", number), *uid = numbered("uid", number);

        world_set(&environment->document.id, name);
        world_set(&environment->uid, uid);
        world_set(&environment->account, world_random(random) % 4 ? "acme" : "other");
        environment->state = (enum environment_state)(world_random(random) % ENVIRONMENT_STATE_COUNT);
        origin_pick(&environment->origin, random);
        environment->document.revision = draft->revision;
        snapshot_put(draft, &environment->document);
        shared_put(environment);
}

static void node_put(struct snapshot *draft, uint64_t *random)
{
        uint32_t number = world_random(random) % ENVIRONMENTS;
        AUTO_FREE char *id = numbered("node", world_random(random) % NODES);
        AUTO_FREE char *address = memory_format("10.77.1.%u", world_random(random) % ADDRESSES);
        AUTO_FREE char *name = numbered("env", number), *uid = numbered("uid", number);
        struct node *node = world_node(id, world_random(random) % 2 ? "cp" : "cache", address);

        world_set(&node->environment, name);
        world_set(&node->environment_uid, uid);
        world_set(&node->os_id, world_random(random) % 2 ? "debian" : "alpine");
        origin_pick(&node->origin, random);
        node->document.revision = draft->revision;
        snapshot_put(draft, &node->document);
        shared_put(node);
}

static void storage_put(struct snapshot *draft, uint64_t *random)
{
        struct storage *storage = world_storage();
        AUTO_FREE char *name = numbered("storage", world_random(random) % STORAGES);
        AUTO_FREE char *address = memory_format("10.77.1.%u", world_random(random) % (4 * ADDRESSES));

        world_set(&storage->document.id, name);
        storage->address_count = world_addresses(address, storage->addresses);
        storage->document.revision = draft->revision;
        snapshot_put(draft, &storage->document);
        shared_put(storage);
}

static void export_put(struct snapshot *draft, uint64_t *random)
{
        uint32_t number = world_random(random) % EXPORTS, environment = world_random(random) % ENVIRONMENTS;
        AUTO_FREE char *id = numbered("ex", number), *uid = numbered("uid", environment);
        AUTO_FREE char *storage = numbered("storage", world_random(random) % STORAGES);
        AUTO_FREE char *mount = memory_format("/mnt/%u", world_random(random) % MOUNTS);
        struct export *export = world_export(id, (uint16_t)(number + 1));

        world_set(&export->environment_uid, uid);
        world_set(&export->storage, storage);
        world_set(&export->mount_path, mount);
        export->enabled = world_random(random) % 4 != 0;
        export->target = world_random(random) % 2 ? TARGET_ALL : TARGET_LAYER;
        if (export->target == TARGET_LAYER)
                world_set(&export->target_name, "cp");
        export->document.revision = draft->revision;
        snapshot_put(draft, &export->document);
        shared_put(export);
}

static void something_remove(struct snapshot *draft, uint64_t *random)
{
        AUTO_FREE char *environment = numbered("env", world_random(random) % ENVIRONMENTS);
        AUTO_FREE char *node = numbered("node", world_random(random) % NODES);
        AUTO_FREE char *export = numbered("ex", world_random(random) % EXPORTS);

        switch (world_random(random) % 5) {
        case 4:
                snapshot_remove(draft, DOCUMENT_INVENTORY, sources[world_random(random) % 2]);
                break;
        case 0:
                snapshot_remove(draft, DOCUMENT_ENVIRONMENT, environment);
                break;
        case 1:
        case 2:
                snapshot_remove(draft, DOCUMENT_NODE, node);
                break;
        default:
                snapshot_remove(draft, DOCUMENT_EXPORT, export);
                break;
        }
}

/* The next snapshot: one to three random edits of `now`. */
static const struct snapshot *world_edit(const struct snapshot *now, uint64_t *random)
{
        static void (*const edits[])(struct snapshot * draft, uint64_t * random) = {
                environment_put, node_put,    node_put,         export_put,
                export_put,      storage_put, something_remove, source_put,
        };
        struct snapshot *draft = snapshot_draft(now);

        draft->revision = now->revision + 1;
        for (uint32_t left = 1 + world_random(random) % 3; left > 0; left--)
                edits[world_random(random) % ARRAY_SIZE(edits)](draft, random);
        return draft;
}

/* All that is granted by one export, as text. */
static char *grants_text(const struct snapshot *snapshot, const char *id)
{
        const struct export *export = snapshot_export(snapshot, id);
        const struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        AUTO_GRANTS struct grant_list grants = { 0 };
        AUTO_TEXT struct text text = { 0 };

        if (!export)
                return memory_text("none");
        grant_derive(snapshot, export, &facts, 1000, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                struct address addresses[NODE_ADDRESSES_MAX];
                size_t count = grant_addresses(&grants.items[i], addresses);

                text_addf(&text, "%s %d %d %d:", grants.items[i].node->document.id, (int)grants.items[i].verdict,
                          (int)grants.items[i].choice.protocol, (int)grants.items[i].choice.rule);
                for (size_t j = 0; j < count; j++) {
                        char address[ADDRESS_TEXT_SIZE];

                        text_addf(&text, " %s", address_format(&addresses[j], address));
                }
                text_add(&text, "\n");
        }
        return text_take(&text);
}

struct told {
        size_t times;
        bool ids[EXPORTS];
        bool canaries[CANARY_NUMBER_LAST + 1]; /* by number */
};

static void told_note(void *context, const struct export *old_export, const struct export *new_export)
{
        struct told *told = context;
        unsigned number;

        assert_true(old_export || new_export);
        told->times++;
        if (export_is_canary(new_export ? new_export : old_export)) {
                told->canaries[(new_export ? new_export : old_export)->number] = true;
                return;
        }
        assert_int_equal(sscanf((new_export ? new_export : old_export)->document.id, "ex-%u", &number), 1);
        told->ids[number] = true;
}

/* What pmap_diff finds different was told. */
static void canary_expect(void *context, const void *key, size_t key_length, void *older, void *newer)
{
        const struct export *canary = newer ? newer : older;

        (void)key;
        (void)key_length;
        assert_true(((const struct told *)context)->canaries[canary->number]);
}

static void changes_tell_every_export_whose_grants_differ(void **test)
{
        uint64_t random = 20261122;
        const struct snapshot *now = snapshot_new();
        int differences = 0, told_for_nothing = 0;

        (void)test;
        for (int round = 0; round < 3000; round++) {
                const struct snapshot *next = world_edit(now, &random);
                struct told told = { 0 };

                changes_walk(now, next, told_note, &told);
                for (uint32_t i = 0; i < EXPORTS; i++) {
                        AUTO_FREE char *id = numbered("ex", i);
                        AUTO_FREE char *before = grants_text(now, id), *after = grants_text(next, id);
                        bool differs = strcmp(before, after) != 0;

                        if (differs && !told.ids[i])
                                fail_msg("round %d, %s was not told:\n%s->\n%s", round, id, before, after);
                        differences += differs;
                        told_for_nothing += told.ids[i] && !differs;
                }
                pmap_diff(now->canaries, next->canaries, canary_expect, &told);
                shared_put(now);
                now = next;
        }
        shared_put(now);
        assert_true(differences > 1000); /* the rounds did exercise something */
        assert_true(told_for_nothing < 3000 * EXPORTS / 2);
}

/* Each time costs the grants of all its nodes. */
static void one_export_is_told_once(void **test)
{
        uint64_t random = 7;
        struct snapshot *older = snapshot_new(), *newer;
        struct told told = { 0 };

        (void)test;
        newer = snapshot_draft(older);
        export_put(newer, &random);
        changes_walk(older, newer, told_note, &told);
        assert_int_equal(told.times, 1);
        changes_walk(newer, older, told_note, &told);
        assert_int_equal(told.times, 2);
        shared_put(older);
        shared_put(newer);
}

static void changes_from_nothing_tell_all(void **test)
{
        uint64_t random = 1;
        struct snapshot *draft = snapshot_new();
        struct told told = { 0 };
        size_t count = 0;

        (void)test;
        for (int i = 0; i < 200; i++)
                export_put(draft, &random);
        changes_walk(NULL, draft, told_note, &told);
        for (int i = 0; i < EXPORTS; i++)
                count += told.ids[i];
        assert_int_equal(count, EXPORTS);
        shared_put(draft);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(changes_tell_every_export_whose_grants_differ),
                cmocka_unit_test(one_export_is_told_once),
                cmocka_unit_test(changes_from_nothing_tell_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
