/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "domain/canary.h"
#include "simulation.h"

#define RIGHT_MAX 256

static void right_add(struct pmap *rights, const char *right)
{
        static const struct shared_mark {
                struct shared shared;
        } * mark;

        if (!mark) {
                struct shared_mark *made = NEW(struct shared_mark);

                shared_init(made, free);
                mark = made;
        }
        pmap_put(rights, right, strlen(right), mark);
}

static bool right_has(struct pmap rights, const struct pmap_entry *entry)
{
        return pmap_find(rights, entry->key, entry->key_length) != NULL;
}

static void nfs_right_add(struct pmap *rights, const char *pseudo, const struct address *address,
                          enum export_access access)
{
        char text[ADDRESS_TEXT_SIZE], right[RIGHT_MAX];

        snprintf(right, sizeof right, "nfs|%s|%s|%s", pseudo, address_format(address, text),
                 export_access_word(access));
        right_add(rights, right);
}

static void gluster_right_add(struct pmap *rights, const char *volume, const char *path,
                              const struct address *address)
{
        char text[ADDRESS_TEXT_SIZE], right[RIGHT_MAX];

        snprintf(right, sizeof right, "gluster|%s|%s|%s", volume, path, address_format(address, text));
        right_add(rights, right);
}

static void grant_rights(const struct grant *grant, bool either, struct pmap *rights)
{
        AUTO_FREE char *pseudo = nfs_export_pseudo(grant->export);

        if (grant->verdict != ACCESS_ADMITTED)
                return;
        for (size_t i = 0; i < grant->node->address_count; i++) {
                const struct address *address = &grant->node->addresses[i];

                if (either || grant->choice.protocol == PROTOCOL_IS_NFS)
                        nfs_right_add(rights, pseudo, address, grant->export->access);
                if ((either || grant->choice.protocol == PROTOCOL_IS_GLUSTER) &&
                    grant->storage->kind == STORAGE_CLUSTER && address->family == ADDRESS_V4)
                        gluster_right_add(rights, grant->storage->volume, grant->export->path, address);
        }
}

void rights_of(struct simulation *simulation, const struct snapshot *snapshot, const struct protocol_facts *facts,
               struct pmap *rights)
{
        const struct protocol_facts none = { 0 };
        struct snapshot_walk walk;
        const struct export *export;

        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                AUTO_GRANTS struct grant_list grants = { 0 };

                grant_derive(snapshot, export, facts ? facts : &none, clock_wall_ms(&simulation->clock), &grants);
                for (size_t i = 0; i < grants.count; i++)
                        grant_rights(&grants.items[i], !facts, rights);
        }
}

static void export_held(void *context, const struct nfs_export *export)
{
        for (size_t i = 0; i < export->client_count; i++)
                nfs_right_add(context, export->pseudo, &export->clients[i].address, export->clients[i].access);
}

static const struct access_list *list_of(const struct simulated_volume *volume, uint64_t generation)
{
        for (size_t i = volume->list_count; i > 0; i--)
                if (volume->lists[i - 1].generation == generation)
                        return &volume->lists[i - 1];
        return NULL;
}

static void brick_held(const struct simulated_volume *volume, const struct fake_brick *brick, struct pmap *rights)
{
        const struct access_list *list = list_of(volume, brick->generation);

        for (size_t i = 0; list && brick->running && i < list->entry_count; i++)
                for (size_t k = 0; k < list->entries[i].address_count; k++)
                        gluster_right_add(rights, volume->fake.name, list->entries[i].path,
                                          &list->entries[i].addresses[k]);
}

void rights_held(struct simulation *simulation, struct pmap *rights)
{
        fake_nfs_server_each(simulation->nfs, export_held, rights);
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++)
                for (size_t k = 0; k < FAKE_BRICKS; k++)
                        brick_held(&simulation->volumes[i], &simulation->volumes[i].fake.bricks[k], rights);
}

/* The first of `these` that `those` have not; false when there is none. */
static bool right_missing(struct pmap these, struct pmap those, struct pmap_entry *entry)
{
        struct pmap_cursor cursor;

        pmap_first(these, NULL, 0, &cursor);
        while (pmap_next(&cursor, entry))
                if (!right_has(those, entry))
                        return true;
        return false;
}

void rights_add(struct pmap *rights, struct pmap more)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(more, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                pmap_put(rights, entry.key, entry.key_length, entry.value);
}

void rights_within(struct simulation *simulation, struct pmap held, struct pmap allowed, const char *prefix,
                   const char *what)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(held, prefix, strlen(prefix), &cursor);
        while (pmap_next(&cursor, &entry) && pmap_entry_has_prefix(&entry, prefix, strlen(prefix)))
                if (!right_has(allowed, &entry))
                        simulation_fail(simulation, "%s has ended, and there is still: %.*s", what,
                                        (int)entry.key_length, (const char *)entry.key);
}

void rights_check(struct simulation *simulation, const char *where)
{
        struct pmap held = { 0 };
        struct pmap_entry entry;

        rights_held(simulation, &held);
        if (right_missing(held, simulation->rights, &entry))
                simulation_fail(simulation, "%s lets in without a right: %.*s", where, (int)entry.key_length,
                                (const char *)entry.key);
        if (simulation->keeping && right_missing(simulation->kept, held, &entry))
                simulation_fail(simulation, "%s shuts out who had every right: %.*s", where, (int)entry.key_length,
                                (const char *)entry.key);
        pmap_fini(&held);
}

/* Whether each running brick of each volume holds the newest list. */
static bool bricks_agree(struct simulation *simulation, struct text *why)
{
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++)
                for (size_t k = 0; k < FAKE_BRICKS; k++) {
                        const struct fake_gluster_volume *fake = &simulation->volumes[i].fake;

                        if (fake->bricks[k].generation != fake->generation) {
                                text_addf(why, "brick %zu of %s holds an old list", k, fake->name);
                                return false;
                        }
                }
        return true;
}

/* Whether the newest list of each volume has the storage nodes of its storage. */
static bool storage_nodes_agree(struct simulation *simulation, struct text *why)
{
        struct snapshot_walk walk;
        const struct storage *storage;

        snapshot_walk_start(&walk, simulation->snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                for (size_t i = 0; storage->volume && i < SIMULATED_VOLUMES; i++) {
                        const struct access_list *list = &simulation->volumes[i].fake.list;
                        AUTO_ACCESS_LIST struct access_list wanted = { 0 };
                        const struct access_list held = { .peers = list->peers, .peer_count = list->peer_count };

                        access_list_init(&wanted, storage->addresses, storage->address_count);
                        if (strcmp(storage->volume, simulated_volume_names[i]) == 0 &&
                            !access_list_equal(&held, &wanted)) {
                                text_addf(why, "the list of %s has other storage nodes", storage->volume);
                                return false;
                        }
                }
        return true;
}

static bool firewall_agrees(struct simulation *simulation, struct pmap wanted, struct text *why)
{
        struct pmap open[SERVICE_COUNT] = { 0 };
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        bool agrees = true;

        pmap_first(wanted, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                AUTO_FREE char *right = memory_format("%.*s", (int)entry.key_length, (const char *)entry.key);
                bool by_nfs = right[0] == 'n';

                if (by_nfs) /* the access comes after the address */
                        strrchr(right, '|')[0] = '\0';
                right_add(&open[by_nfs ? SERVICE_NFS : SERVICE_GLUSTER], strrchr(right, '|') + 1);
        }
        for (unsigned i = 1; i < 255 && agrees; i++)
                for (enum firewall_service service = 0; service < SERVICE_COUNT && agrees; service++) {
                        AUTO_FREE char *text = memory_format("10.77.0.%u", i);
                        struct address address;
                        bool may;

                        address_parse(text, &address);
                        may = snapshot_address_is_storage(simulation->snapshot, &address) ||
                              pmap_find(open[service], text, strlen(text));
                        agrees = fake_firewall_admits(simulation->firewall, service, &address) == may;
                        if (!agrees)
                                text_addf(why, "the packet filter should %slet %s in to %s", may ? "" : "not ",
                                          text, firewall_service_word(service));
                }
        pmap_fini(&open[SERVICE_NFS]);
        pmap_fini(&open[SERVICE_GLUSTER]);
        return agrees;
}

/* Whether every admitted grant is shown as active. */
static bool status_agrees(struct simulation *simulation, const struct protocol_facts *facts, struct text *why)
{
        struct snapshot_walk walk;
        const struct export *export;

        snapshot_walk_start(&walk, simulation->snapshot->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                AUTO_GRANTS struct grant_list grants = { 0 };

                grant_derive(simulation->snapshot, export, facts, clock_wall_ms(&simulation->clock), &grants);
                for (size_t i = 0; i < grants.count; i++) {
                        char cause[FAULT_TEXT_SIZE];
                        const char *code;
                        enum grant_state state =
                                status_grant_state(simulation->status, &grants.items[i], &code, cause);

                        if (grants.items[i].verdict != ACCESS_ADMITTED || state == GRANT_ACTIVE)
                                continue;
                        text_addf(why, "%s for %s is %s: %s", export->document.id,
                                  grants.items[i].node->document.id, grant_state_word(state), cause);
                        return false;
                }
        }
        return true;
}

static void canary_count(void *context, const struct nfs_export *export)
{
        size_t *count = context;

        *count += export->number >= CANARY_NUMBER_FIRST;
}

/* Whether each volume is kept open by its canary, which lets nobody in here, and no other one is left. */
static bool canaries_agree(struct simulation *simulation, const struct protocol_facts *facts, struct text *why)
{
        struct snapshot_walk walk;
        const struct export *canary;
        size_t held = 0, wished = 0;

        fake_nfs_server_each(simulation->nfs, canary_count, &held);
        snapshot_walk_start(&walk, simulation->snapshot->canaries, NULL, NULL);
        while ((canary = (const struct export *)snapshot_walk_next(&walk))) {
                AUTO_GRANTS struct grant_list grants = { 0 };

                grant_derive(simulation->snapshot, canary, facts, clock_wall_ms(&simulation->clock), &grants);
                AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&grants);
                wished += wanted != NULL;
                if (!wanted || fake_nfs_server_holds(simulation->nfs, wanted))
                        continue;
                text_addf(why, "%s is not there", canary->document.id);
                return false;
        }
        if (held != wished)
                text_addf(why, "%zu canaries are there, not %zu", held, wished);
        return held == wished;
}

bool rights_settled(struct simulation *simulation, struct text *why)
{
        struct protocol_facts facts = status_facts(simulation->status);
        struct pmap wanted = { 0 }, held = { 0 };
        struct pmap_entry entry;
        bool settled = false;

        rights_of(simulation, simulation->snapshot, &facts, &wanted);
        rights_held(simulation, &held);
        if ((facts.pool_enforced == KNOWN_ABSENT) != simulation->unenforced)
                text_addf(why, "the pool is %staken for unenforced", simulation->unenforced ? "not " : "");
        else if (right_missing(held, wanted, &entry))
                text_addf(why, "still let in: %.*s", (int)entry.key_length, (const char *)entry.key);
        else if (right_missing(wanted, held, &entry))
                text_addf(why, "still refused: %.*s", (int)entry.key_length, (const char *)entry.key);
        else
                settled = bricks_agree(simulation, why) && storage_nodes_agree(simulation, why) &&
                          canaries_agree(simulation, &facts, why) && firewall_agrees(simulation, wanted, why) &&
                          status_agrees(simulation, &facts, why);
        pmap_fini(&wanted);
        pmap_fini(&held);
        return settled;
}
