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
#include "domain/snapshot.h"
#include "world_for_test.h"

/* The naive model: what is there now, by slot. Ids grow with the slot, so that slot order is id order. Keys that
 * must be unique are made of slot and variant, all others of a few values that many objects share. */
enum { SLOTS = 24, VARIANTS = 3, UIDS = 4, LAYERS = 3, PATHS = 4, ADDRESSES = 6 };
struct model {
        struct document *now[DOCUMENT_KIND_COUNT][SLOTS];
};

static const char *const mount_paths[PATHS] = { "/srv", "/srv/a", "/srv/a/b", "/srv-a" };

/* "e-03" */
static char *name_into(char text[32], const char *before, unsigned number)
{
        snprintf(text, 32, "%s%02u", before, number);
        return text;
}

static struct address address_number(unsigned number)
{
        return (struct address){ number % 2 ? ADDRESS_V6 : ADDRESS_V4, { 10, 0, 0, (uint8_t)(number / 2) } };
}

static struct document *random_environment(const char *id, unsigned unique, uint64_t *state)
{
        struct environment *environment = environment_new(id);
        char text[32];

        (void)state;
        environment->uid = memory_text(name_into(text, "uid-", unique));
        environment->account = memory_text("acme");
        return &environment->document;
}

static struct document *random_node(const char *id, unsigned unique, uint64_t *state)
{
        struct node *node = node_new(id);
        char text[32];

        (void)unique;
        node->environment_uid = memory_text(name_into(text, "e-", world_random(state) % UIDS));
        node->layer = memory_text(name_into(text, "layer-", world_random(state) % LAYERS));
        for (unsigned i = 0; i < ADDRESSES; i++)
                if (world_random(state) % 4 == 0)
                        node->addresses[node->address_count++] = address_number(i);
        return &node->document;
}

static struct document *random_storage(const char *id, unsigned unique, uint64_t *state)
{
        struct storage *storage = storage_new(id);

        (void)unique;
        for (unsigned i = 0; i < ADDRESSES; i++)
                if (world_random(state) % 16 == 0)
                        storage->addresses[storage->address_count++] = address_number(i);
        return &storage->document;
}

static struct document *random_export(const char *id, unsigned unique, uint64_t *state)
{
        struct export *export = export_new(id);
        char text[32];

        export->number = (uint16_t)(unique * 251);
        export->environment_uid = memory_text(name_into(text, "e-", world_random(state) % UIDS));
        export->storage = memory_text(name_into(text, "storage-", world_random(state) % 3));
        export->account = memory_text(name_into(text, "account-", world_random(state) % 3));
        export->mount_path = memory_text(mount_paths[world_random(state) % PATHS]);
        export->target = (enum target_kind)(world_random(state) % 3);
        if (export->target != TARGET_ALL)
                export->target_name = memory_text(name_into(text, "layer-", world_random(state) % LAYERS));
        return &export->document;
}

static struct document *random_token(const char *id, unsigned unique, uint64_t *state)
{
        struct token *token = token_new(id);

        (void)state;
        token->hash[0] = (uint8_t)unique;
        token->hash[TOKEN_HASH_SIZE - 1] = 1;
        return &token->document;
}

static struct document *random_document(enum document_kind kind, unsigned slot, uint64_t *state)
{
        static struct document *(*const make[])(const char *id, unsigned unique, uint64_t *state) = {
                [DOCUMENT_ENVIRONMENT] = random_environment,
                [DOCUMENT_NODE] = random_node,
                [DOCUMENT_STORAGE] = random_storage,
                [DOCUMENT_EXPORT] = random_export,
                [DOCUMENT_TOKEN] = random_token,
        };
        char id[32];

        return make[kind](name_into(id, "id-", slot), slot * VARIANTS + world_random(state) % VARIANTS, state);
}

static const struct node *model_node(const struct model *model, unsigned slot)
{
        return (const struct node *)model->now[DOCUMENT_NODE][slot];
}

static const struct export *model_export(const struct model *model, unsigned slot)
{
        return (const struct export *)model->now[DOCUMENT_EXPORT][slot];
}

static void text_add_id(struct text *text, const struct document *document)
{
        text_add(text, document->id);
        text_add_char(text, ' ');
}

/* The rest of `walk` must give what `expected` (emptied) says. */
static void check_walk(struct snapshot_walk *walk, struct text *expected)
{
        AUTO_TEXT struct text found = { 0 };
        const struct document *document;

        while ((document = snapshot_walk_next(walk)) != NULL)
                text_add_id(&found, document);
        assert_string_equal(text_get(&found), text_get(expected));
        text_clear(expected);
}

static bool node_has_address(const struct node *node, const struct address *address)
{
        for (size_t i = 0; i < node->address_count; i++)
                if (address_equal(&node->addresses[i], address))
                        return true;
        return false;
}

static void check_nodes(const struct model *model, const struct snapshot *snapshot)
{
        AUTO_TEXT struct text expected = { 0 };
        struct snapshot_walk walk;
        char uid[32], layer[32];

        for (unsigned u = 0; u < UIDS; u++) {
                name_into(uid, "e-", u);
                for (unsigned i = 0; i < SLOTS; i++)
                        if (model_node(model, i) && strcmp(model_node(model, i)->environment_uid, uid) == 0)
                                text_add_id(&expected, &model_node(model, i)->document);
                snapshot_walk_start(&walk, snapshot->nodes_by_environment, uid, NULL);
                check_walk(&walk, &expected);
                for (unsigned l = 0; l < LAYERS; l++) {
                        name_into(layer, "layer-", l);
                        for (unsigned i = 0; i < SLOTS; i++)
                                if (model_node(model, i) &&
                                    strcmp(model_node(model, i)->environment_uid, uid) == 0 &&
                                    strcmp(model_node(model, i)->layer, layer) == 0)
                                        text_add_id(&expected, &model_node(model, i)->document);
                        snapshot_walk_layer(&walk, snapshot, uid, layer);
                        check_walk(&walk, &expected);
                }
        }
}

static void check_addresses(const struct model *model, const struct snapshot *snapshot)
{
        for (unsigned a = 0; a < ADDRESSES; a++) {
                AUTO_TEXT struct text expected = { 0 };
                struct address address = address_number(a);
                struct snapshot_walk walk;
                unsigned claims = 0;
                bool is_storage = false;

                for (unsigned i = 0; i < SLOTS; i++) {
                        const struct storage *storage = (const struct storage *)model->now[DOCUMENT_STORAGE][i];

                        if (model_node(model, i) && node_has_address(model_node(model, i), &address)) {
                                text_add_id(&expected, &model_node(model, i)->document);
                                claims++;
                        }
                        is_storage |= storage && storage_has_address(storage, &address);
                }
                snapshot_walk_claimants(&walk, snapshot, &address);
                check_walk(&walk, &expected);
                assert_int_equal(snapshot_address_is_contested(snapshot, &address), claims > 1);
                assert_int_equal(snapshot_address_is_storage(snapshot, &address), is_storage);
        }
}

/* By environment, storage and account: `key_of` says whose an export is. */
static void check_owned(const struct model *model, struct pmap index, const char *before, unsigned count,
                        const char *(*key_of)(const struct export *export))
{
        for (unsigned k = 0; k < count; k++) {
                AUTO_TEXT struct text expected = { 0 };
                struct snapshot_walk walk;
                char key[32];

                name_into(key, before, k);
                for (unsigned i = 0; i < SLOTS; i++)
                        if (model_export(model, i) && strcmp(key_of(model_export(model, i)), key) == 0)
                                text_add_id(&expected, &model_export(model, i)->document);
                snapshot_walk_start(&walk, index, key, NULL);
                check_walk(&walk, &expected);
        }
}

static const char *environment_of(const struct export *export)
{
        return export->environment_uid;
}

static const char *storage_of(const struct export *export)
{
        return export->storage;
}

static const char *account_of(const struct export *export)
{
        return export->account;
}

static bool export_is_at(const struct export *export, const char *uid, const char *mount_path)
{
        return export && strcmp(export->environment_uid, uid) == 0 && strcmp(export->mount_path, mount_path) == 0;
}

/* How many a walk gives: for walks that are not in id order. */
static unsigned walk_count(struct snapshot_walk *walk)
{
        unsigned count = 0;

        while (snapshot_walk_next(walk))
                count++;
        return count;
}

static void check_mount_targets(const struct model *model, const struct snapshot *snapshot, const char *uid,
                                const char *mount_path)
{
        AUTO_TEXT struct text expected = { 0 };
        struct snapshot_walk walk;
        char layer[32];

        for (unsigned target = TARGET_ALL; target <= TARGET_NODE; target++)
                for (unsigned l = 0; l < (target == TARGET_ALL ? 1 : LAYERS); l++) {
                        const char *name = target == TARGET_ALL ? NULL : name_into(layer, "layer-", l);

                        for (unsigned i = 0; i < SLOTS; i++) {
                                const struct export *export = model_export(model, i);

                                if (export_is_at(export, uid, mount_path) && export->target == target &&
                                    (!name || strcmp(export->target_name, name) == 0))
                                        text_add_id(&expected, &export->document);
                        }
                        snapshot_walk_mount_target(&walk, snapshot, uid, mount_path, (enum target_kind)target,
                                                   name);
                        check_walk(&walk, &expected);
                }
}

static void check_mounts(const struct model *model, const struct snapshot *snapshot)
{
        struct snapshot_walk walk;
        char uid[32];

        for (unsigned u = 0; u < UIDS; u++)
                for (unsigned p = 0; p < PATHS; p++) {
                        size_t length = strlen(mount_paths[p]);
                        unsigned at = 0, below = 0;

                        name_into(uid, "e-", u);
                        for (unsigned i = 0; i < SLOTS; i++) {
                                const struct export *export = model_export(model, i);

                                at += export_is_at(export, uid, mount_paths[p]);
                                below += export && strcmp(export->environment_uid, uid) == 0 &&
                                         strncmp(export->mount_path, mount_paths[p], length) == 0 &&
                                         export->mount_path[length] == '/';
                        }
                        snapshot_walk_mount(&walk, snapshot, uid, mount_paths[p]);
                        assert_int_equal(walk_count(&walk), at);
                        snapshot_walk_below(&walk, snapshot, uid, mount_paths[p]);
                        assert_int_equal(walk_count(&walk), below);
                        check_mount_targets(model, snapshot, uid, mount_paths[p]);
                }
}

/* The maps with unique keys: each object is found by its own key, and there are no others. */
static void check_unique(const struct model *model, const struct snapshot *snapshot)
{
        size_t environments = 0, exports = 0, tokens = 0;

        for (unsigned i = 0; i < SLOTS; i++) {
                const struct environment *environment =
                        (const struct environment *)model->now[DOCUMENT_ENVIRONMENT][i];
                const struct token *token = (const struct token *)model->now[DOCUMENT_TOKEN][i];
                const struct export *export = model_export(model, i);

                environments += environment != NULL;
                exports += export != NULL;
                tokens += token != NULL;
                if (environment)
                        assert_ptr_equal(snapshot_environment_by_uid(snapshot, environment->uid), environment);
                if (export)
                        assert_ptr_equal(snapshot_export_by_number(snapshot, export->number), export);
                if (token)
                        assert_ptr_equal(snapshot_token_by_hash(snapshot, token->hash), token);
        }
        assert_int_equal(pmap_count(snapshot->environments_by_uid), environments);
        assert_int_equal(pmap_count(snapshot->exports_by_number), exports);
        assert_int_equal(pmap_count(snapshot->tokens_by_hash), tokens);
        assert_int_equal(pmap_count(snapshot->exports_by_mount), exports);
}

static void check_kinds(const struct model *model, const struct snapshot *snapshot)
{
        char id[32];

        for (unsigned kind = DOCUMENT_ENVIRONMENT; kind <= DOCUMENT_TOKEN; kind++)
                for (unsigned i = 0; i < SLOTS; i++)
                        assert_ptr_equal(
                                snapshot_find(snapshot, (enum document_kind)kind, name_into(id, "id-", i)),
                                model->now[kind][i]);
}

static void check_all(const struct model *model, const struct snapshot *snapshot)
{
        check_kinds(model, snapshot);
        check_nodes(model, snapshot);
        check_addresses(model, snapshot);
        check_owned(model, snapshot->exports_by_environment, "e-", UIDS, environment_of);
        check_owned(model, snapshot->exports_by_storage, "storage-", 3, storage_of);
        check_owned(model, snapshot->exports_by_account, "account-", 3, account_of);
        check_mounts(model, snapshot);
        check_unique(model, snapshot);
}

/* One random put or remove, done to both. */
static void change_one(struct model *model, struct snapshot *draft, uint64_t *state)
{
        enum document_kind kind = (enum document_kind)(world_random(state) % (DOCUMENT_TOKEN + 1));
        unsigned slot = world_random(state) % SLOTS;
        struct document **now = &model->now[kind][slot];
        char id[32];

        if (world_random(state) % 4 == 0) {
                assert_int_equal(snapshot_remove(draft, kind, name_into(id, "id-", slot)), *now != NULL);
                shared_put(*now);
                *now = NULL;
        } else {
                shared_put(*now);
                *now = random_document(kind, slot, state);
                snapshot_put(draft, *now);
        }
}

static void model_copy(struct model *to, const struct model *from)
{
        for (unsigned kind = 0; kind < DOCUMENT_KIND_COUNT; kind++)
                for (unsigned i = 0; i < SLOTS; i++)
                        to->now[kind][i] = shared_get(from->now[kind][i]);
}

static void model_fini(struct model *model)
{
        for (unsigned kind = 0; kind < DOCUMENT_KIND_COUNT; kind++)
                for (unsigned i = 0; i < SLOTS; i++)
                        shared_put(model->now[kind][i]);
}

static void snapshot_random_changes_agree_with_a_naive_model(void **test)
{
        enum { COMMITS = 400, KEPT = 8 };
        struct model model = { 0 }, kept_models[KEPT] = { 0 };
        struct snapshot *current = snapshot_new(), *kept[KEPT] = { NULL };
        uint64_t state = 11;

        (void)test;
        for (unsigned commit = 0; commit < COMMITS; commit++) {
                struct snapshot *draft = snapshot_draft(current);
                unsigned slot = commit % KEPT;

                for (unsigned i = 0; i <= world_random(&state) % 8; i++)
                        change_one(&model, draft, &state);
                draft->revision = current->revision + 1;
                shared_put(current);
                current = draft;
                check_all(&model, current);
                if (kept[slot]) { /* eight commits later it must be as it was */
                        assert_int_equal(kept[slot]->revision, current->revision - KEPT);
                        check_all(&kept_models[slot], kept[slot]);
                        shared_put(kept[slot]);
                        model_fini(&kept_models[slot]);
                }
                kept[slot] = shared_get(current);
                model_copy(&kept_models[slot], &model);
        }
        for (unsigned i = 0; i < KEPT; i++) {
                shared_put(kept[i]);
                model_fini(&kept_models[i]);
        }
        shared_put(current);
        model_fini(&model);
}

static void put(struct snapshot *snapshot, void *document)
{
        snapshot_put(snapshot, document);
        shared_put(document);
}

static void snapshot_unique_key_taken_over_stays_with_the_last(void **test)
{
        struct snapshot *snapshot = snapshot_new();
        struct environment *first = environment_new("a"), *second = environment_new("b");

        (void)test;
        first->uid = memory_text("uid");
        second->uid = memory_text("uid");
        put(snapshot, first);
        put(snapshot, second);
        assert_ptr_equal(snapshot_environment_by_uid(snapshot, "uid"), second);
        assert_true(snapshot_remove(snapshot, DOCUMENT_ENVIRONMENT, "a"));
        assert_ptr_equal(snapshot_environment_by_uid(snapshot, "uid"), second);
        shared_put(snapshot);
}

static void snapshot_walk_starts_behind_an_id(void **test)
{
        static const struct {
                const char *after, *expected;
        } rows[] = {
                { NULL, "10 100 11 2 " }, { "", "10 100 11 2 " }, { "10", "100 11 2 " }, { "100", "11 2 " },
                { "1000", "11 2 " },      { "105", "11 2 " },     { "2", "" },           { "3", "" },
        };
        struct snapshot *snapshot = snapshot_new();
        AUTO_FREE char *endless = memory_new(100000, 1);

        (void)test;
        memset(endless, '1', 99999);
        put(snapshot, world_node("2", "cp", "10.0.0.2"));
        put(snapshot, world_node("10", "cp", "10.0.0.10"));
        put(snapshot, world_node("100", "cp", "10.0.0.100"));
        put(snapshot, world_node("11", "cp", "10.0.0.11"));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text expected = { 0 };
                struct snapshot_walk walk;

                text_add(&expected, rows[i].expected);
                snapshot_walk_start(&walk, snapshot->nodes_by_environment, "e-1", rows[i].after);
                check_walk(&walk, &expected);
                text_add(&expected, rows[i].expected);
                snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_NODE], NULL, rows[i].after);
                check_walk(&walk, &expected);
                snapshot_walk_start(&walk, snapshot->nodes_by_environment, "e-", rows[i].after);
                check_walk(&walk, &expected);
                snapshot_walk_start(&walk, snapshot->nodes_by_environment, endless, rows[i].after);
                check_walk(&walk, &expected);
        }
        struct snapshot_walk walk;
        AUTO_TEXT struct text expected = { 0 };
        text_add(&expected, "2 ");
        snapshot_walk_start(&walk, snapshot->nodes_by_environment, "e-1", endless);
        check_walk(&walk, &expected);
        shared_put(snapshot);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(snapshot_random_changes_agree_with_a_naive_model),
                cmocka_unit_test(snapshot_unique_key_taken_over_stays_with_the_last),
                cmocka_unit_test(snapshot_walk_starts_behind_an_id),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
