/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "reconcile/address_bag.h"
#include "reconcile/changes.h"
#include "reconcile/volume_share.h"

/* Ids that are gone through in order; some of them stand there twice. */
struct ids {
        char **items;
        size_t count, next;
};

struct outlook_work {
        struct ids exports; /* whose grants may differ */
        struct ids nodes;   /* that get in some other way than before */
        bool exports_done;
};

static void ids_add(struct ids *ids, const char *id)
{
        ids->items = memory_grow(ids->items, ids->count, sizeof *ids->items);
        ids->items[ids->count++] = memory_text(id);
}

static int id_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void ids_sort(struct ids *ids)
{
        if (ids->count > 0)
                qsort(ids->items, ids->count, sizeof *ids->items, id_compare);
}

/* The next one that has not been given; NULL at the end. */
static const char *ids_next(struct ids *ids)
{
        while (ids->next < ids->count) {
                size_t at = ids->next++;

                if (at == 0 || strcmp(ids->items[at], ids->items[at - 1]) != 0)
                        return ids->items[at];
        }
        return NULL;
}

static void ids_fini(struct ids *ids)
{
        for (size_t i = 0; i < ids->count; i++)
                free(ids->items[i]);
        free(ids->items);
}

/* --- The storage nodes --------------------------------------------------------------------------------------- */

static struct outlook_volume *volume_get(struct outlook *outlook, const char *name)
{
        struct outlook_volume *volume;

        for (size_t i = 0; i < outlook->volume_count; i++)
                if (strcmp(outlook->volumes[i].name, name) == 0)
                        return &outlook->volumes[i];
        outlook->volumes = memory_grow(outlook->volumes, outlook->volume_count, sizeof *outlook->volumes);
        volume = &outlook->volumes[outlook->volume_count++];
        *volume = (struct outlook_volume){ .name = memory_text(name) };
        return volume;
}

/* Who is let in everywhere by what `snapshot` says of storages. Bricks keep the list of a storage that is taken
 * out.
 */
static void peers_collect(struct outlook *outlook, const struct snapshot *snapshot, bool is)
{
        AUTO_ADDRESS_BAG struct address_bag peers = { 0 };
        const struct storage *storage;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk))) {
                struct outlook_volume *volume;

                address_bag_add(&peers, storage->addresses, storage->address_count);
                if (storage->kind != STORAGE_CLUSTER ||
                    !snapshot_storage(outlook->terms.draft, storage->document.id))
                        continue;
                volume = volume_get(outlook, storage->volume);
                access_list_init(is ? &volume->is : &volume->was, storage->addresses, storage->address_count);
        }
        firewall_set_peers(is ? &outlook->is : &outlook->was, peers.items, peers.count);
}

/* --- Exports: their grants and blocks ------------------------------------------------------------------------ */

static void export_note(void *context, const struct export *old_export, const struct export *new_export)
{
        struct outlook *outlook = context;
        const struct export *export = new_export ? new_export : old_export;

        if (export && (!outlook->terms.is_shown || outlook->terms.is_shown(outlook->terms.context, export)))
                ids_add(&outlook->work->exports, export->document.id);
}

static bool texts_equal(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether two grants of one export to one node open the same doors to the same addresses. */
static bool grants_open_the_same(const struct grant *was, const struct grant *is)
{
        struct address before[NODE_ADDRESSES_MAX], after[NODE_ADDRESSES_MAX];
        size_t count = grant_addresses(was, before);

        if (count != grant_addresses(is, after))
                return false;
        for (size_t i = 0; i < count; i++)
                if (!address_equal(&before[i], &after[i]))
                        return false;
        return count == 0 ||
               (was->choice.protocol == is->choice.protocol && strcmp(was->export->path, is->export->path) == 0 &&
                texts_equal(was->storage->volume, is->storage->volume));
}

static void node_note(void *context, const struct grant *was, const struct grant *is)
{
        struct ids *nodes = context;

        if (!was || !is || !grants_open_the_same(was, is))
                ids_add(nodes, (was ?: is)->node->document.id);
}

static void block_note(struct outlook *outlook, const char *id, const struct grant_list *was,
                       const struct grant_list *is)
{
        struct outlook_block block = { .was = nfs_export_wanted(was), .is = nfs_export_wanted(is) };

        if (block.was && block.is ? nfs_export_equal(block.was, block.is) : block.was == block.is) {
                nfs_export_free(block.was);
                nfs_export_free(block.is);
                return;
        }
        snprintf(block.id, sizeof block.id, "%s", id);
        outlook->blocks = memory_grow(outlook->blocks, outlook->block_count, sizeof *outlook->blocks);
        outlook->blocks[outlook->block_count++] = block;
}

static const struct export *canary_find(const struct snapshot *snapshot, const char *id)
{
        struct snapshot_walk walk;
        const struct document *canary;

        snapshot_walk_start(&walk, snapshot->canaries, NULL, NULL);
        while ((canary = snapshot_walk_next(&walk)))
                if (strcmp(canary->id, id) == 0)
                        return (const struct export *)canary;
        return NULL;
}

static void export_grants(const struct outlook_terms *terms, const struct snapshot *snapshot, const char *id,
                          struct grant_list *grants)
{
        const struct export *export = snapshot_export(snapshot, id) ?: canary_find(snapshot, id);

        if (export)
                grant_derive(snapshot, export, &terms->facts, terms->now_ms, grants);
}

static void export_compare(struct outlook *outlook, const char *id)
{
        const struct outlook_terms *terms = &outlook->terms;
        AUTO_GRANTS struct grant_list was = { 0 };
        AUTO_GRANTS struct grant_list is = { 0 };

        export_grants(terms, terms->base, id, &was);
        export_grants(terms, terms->draft, id, &is);
        block_note(outlook, id, &was, &is);
        if (was.canary || is.canary) /* nobody asked for its grants, and its node is in no inventory */
                return;
        if (terms->tell_grants)
                terms->tell_grants(terms->context, &was, &is);
        grant_list_walk_both(&was, &is, node_note, &outlook->work->nodes);
}

/* --- Nodes: what they are let in by, all their grants together ------------------------------------------------
 */

static void nfs_collect(struct firewall_set *set, const struct grant_list *grant)
{
        AUTO_NFS_EXPORT struct nfs_export *block = nfs_export_wanted(grant);

        for (size_t i = 0; block && i < block->client_count; i++)
                firewall_set_open(set, &(struct firewall_pair){ block->clients[i].address, SERVICE_NFS });
}

static void gluster_collect(struct outlook *outlook, bool is, const struct grant_list *grant)
{
        AUTO_SHARED struct share *share = share_new(grant, 0);
        struct outlook_volume *volume = share ? volume_get(outlook, share->storage->volume) : NULL;

        for (size_t i = 0; share && i < share->address_count; i++) {
                const struct firewall_pair pair = { share->addresses[i], SERVICE_GLUSTER };

                firewall_set_open(is ? &outlook->is : &outlook->was, &pair);
                access_list_add(is ? &volume->is : &volume->was, share->export->path, &share->addresses[i]);
        }
}

/* All that `snapshot` lets the node in by: an address that one export lets in no more may be let in by another. */
static void node_collect(struct outlook *outlook, const struct snapshot *snapshot, const char *id, bool is)
{
        const struct outlook_terms *terms = &outlook->terms;
        const struct node *node = snapshot_node(snapshot, id);
        AUTO_GRANTS struct grant_list grants = { 0 };

        if (!node)
                return;
        grant_derive_node(snapshot, node, &terms->facts, terms->now_ms, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                const struct grant_list one = { .items = &grants.items[i], .count = 1 };

                nfs_collect(is ? &outlook->is : &outlook->was, &one);
                gluster_collect(outlook, is, &one);
        }
}

/* --- In slices ------------------------------------------------------------------------------------------------
 */

/* Takes one step; false when there is none left. */
static bool outlook_step(struct outlook *outlook)
{
        struct outlook_work *work = outlook->work;
        const char *id;

        if (!work->exports_done) {
                if ((id = ids_next(&work->exports))) {
                        export_compare(outlook, id);
                        return true;
                }
                work->exports_done = true;
                ids_sort(&work->nodes);
        }
        if (!(id = ids_next(&work->nodes)))
                return false;
        node_collect(outlook, outlook->terms.base, id, false);
        node_collect(outlook, outlook->terms.draft, id, true);
        return true;
}

bool outlook_work(struct outlook *outlook, const struct clock *clock, int64_t until_ms)
{
        while (outlook_step(outlook))
                if (clock_monotonic_ms(clock) >= until_ms)
                        return false;
        return true;
}

struct outlook *outlook_new(const struct outlook_terms *terms)
{
        struct outlook *outlook = NEW(struct outlook);

        outlook->terms = *terms;
        outlook->work = NEW(struct outlook_work);
        changes_walk(terms->base, terms->draft, export_note, outlook);
        ids_sort(&outlook->work->exports);
        peers_collect(outlook, terms->base, false);
        peers_collect(outlook, terms->draft, true);
        return outlook;
}

void outlook_free(struct outlook *outlook)
{
        if (!outlook)
                return;
        for (size_t i = 0; i < outlook->block_count; i++) {
                nfs_export_free(outlook->blocks[i].was);
                nfs_export_free(outlook->blocks[i].is);
        }
        for (size_t i = 0; i < outlook->volume_count; i++) {
                free(outlook->volumes[i].name);
                access_list_fini(&outlook->volumes[i].was);
                access_list_fini(&outlook->volumes[i].is);
        }
        free(outlook->blocks);
        free(outlook->volumes);
        firewall_set_fini(&outlook->was);
        firewall_set_fini(&outlook->is);
        ids_fini(&outlook->work->exports);
        ids_fini(&outlook->work->nodes);
        free(outlook->work);
        shared_put(outlook->terms.draft);
        shared_put(outlook->terms.base);
        free(outlook);
}
