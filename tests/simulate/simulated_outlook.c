/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/outlook.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "simulation.h"

/* What all servers hold, one text for each thing, put into a map; and what an outlook takes out and puts in. */
struct holdings {
        struct simulation *simulation;
        struct pmap things;
        bool strict; /* what is taken out must be there, what is put in must not */
};

static void thing_put(struct holdings *holdings, const char *thing)
{
        struct shared *mark = NEW(struct shared);

        shared_init(mark, free);
        if (holdings->strict && pmap_find(holdings->things, thing, strlen(thing)))
                simulation_fail(holdings->simulation, "an outlook gives what is there: %s", thing);
        pmap_put(&holdings->things, thing, strlen(thing), mark);
        shared_put(mark);
}

static void thing_take(struct holdings *holdings, const char *thing)
{
        if (!pmap_remove(&holdings->things, thing, strlen(thing)))
                simulation_fail(holdings->simulation, "an outlook takes away what is not there: %s", thing);
}

static void thing_change(struct holdings *holdings, char *thing, bool appears)
{
        AUTO_FREE char *owned = thing;

        if (appears)
                thing_put(holdings, owned);
        else
                thing_take(holdings, owned);
}

/* --- Blocks -------------------------------------------------------------------------------------------------- */

static void block_change(struct holdings *holdings, const struct nfs_export *block, bool appears)
{
        char server[ADDRESS_TEXT_SIZE] = "";

        if (!block)
                return;
        if (block->volume)
                address_format(&block->volume_server, server);
        thing_change(holdings,
                     memory_format("block|%u|%" PRIu64 "|%s|%s|%s|%s|%d|%u|%u|%d", block->number,
                                   block->file_system_id, block->pseudo, block->path,
                                   block->volume ? block->volume : "", server, block->squash, block->anonymous_uid,
                                   block->anonymous_gid, block->privileged_ports),
                     appears);
        for (size_t i = 0; i < block->client_count; i++) {
                char text[ADDRESS_TEXT_SIZE];

                thing_change(holdings,
                             memory_format("client|%s|%s|%s", block->pseudo,
                                           address_format(&block->clients[i].address, text),
                                           export_access_word(block->clients[i].access)),
                             appears);
        }
}

static void block_held(void *context, const struct nfs_export *block)
{
        block_change(context, block, true);
}

/* --- Lines and pairs ----------------------------------------------------------------------------------------- */

struct lines {
        struct holdings *holdings;
        const char *volume;
};

static void line_change(void *context, const char *path, const struct address *address, bool appears)
{
        const struct lines *lines = context;
        char text[ADDRESS_TEXT_SIZE];

        thing_change(lines->holdings,
                     memory_format("line|%s|%s|%s", lines->volume, path, address_format(address, text)), appears);
}

static void pair_change(void *context, const struct firewall_pair *pair, bool opened)
{
        char text[ADDRESS_TEXT_SIZE];

        thing_change(context,
                     memory_format("pair|%s|%s", firewall_service_word(pair->service),
                                   address_format(&pair->address, text)),
                     opened);
}

/* Bricks keep the list of a storage that was taken out, and its storage nodes with it. */
static bool volume_is_kept(const struct outlook_terms *terms, const char *volume)
{
        const struct snapshot *const snapshots[] = { terms->base, terms->draft };
        size_t found = 0;

        for (size_t i = 0; i < ARRAY_SIZE(snapshots); i++) {
                struct snapshot_walk walk;
                const struct storage *storage;

                snapshot_walk_start(&walk, snapshots[i]->kinds[DOCUMENT_STORAGE], NULL, NULL);
                while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                        found += storage->volume && strcmp(storage->volume, volume) == 0;
        }
        return found == ARRAY_SIZE(snapshots);
}

static void lines_held(struct holdings *holdings, const struct outlook_terms *terms, size_t index)
{
        static const struct access_list none;
        struct lines lines = { holdings, simulated_volume_names[index] };
        struct access_list list = holdings->simulation->volumes[index].fake.list; /* borrowed */

        if (!volume_is_kept(terms, lines.volume))
                list.peer_count = 0;
        access_list_compare(&none, &list, line_change, &lines);
}

static void firewall_held(struct holdings *holdings)
{
        static const struct firewall_set none;
        const struct firewall *firewall = &holdings->simulation->firewall_seam;
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct fault fault = { 0 };
        enum known known;

        if (firewall->observe(firewall->context, &known, &set, &fault) != 0 || known != KNOWN_PRESENT)
                simulation_fail(holdings->simulation, "the packet filter is not there");
        firewall_set_compare(&none, &set, pair_change, holdings);
}

/* All that the servers hold now. */
static void holdings_read(struct holdings *holdings, const struct outlook_terms *terms)
{
        pthread_mutex_lock(&holdings->simulation->lock);
        fake_nfs_server_each(holdings->simulation->nfs, block_held, holdings);
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++)
                lines_held(holdings, terms, i);
        firewall_held(holdings);
        pthread_mutex_unlock(&holdings->simulation->lock);
}

static void outlook_apply(struct holdings *holdings, const struct outlook *outlook)
{
        for (size_t i = 0; i < outlook->block_count; i++) /* two may want one number, one after the other */
                block_change(holdings, outlook->blocks[i].was, false);
        for (size_t i = 0; i < outlook->block_count; i++)
                block_change(holdings, outlook->blocks[i].is, true);
        for (size_t i = 0; i < outlook->volume_count; i++) {
                struct lines lines = { holdings, outlook->volumes[i].name };
                struct access_list was = outlook->volumes[i].was, is = outlook->volumes[i].is; /* borrowed */

                if (!volume_is_kept(&outlook->terms, lines.volume))
                        was.peer_count = is.peer_count = 0;
                access_list_compare(&was, &is, line_change, &lines);
        }
        firewall_set_compare(&outlook->was, &outlook->is, pair_change, holdings);
}

static void things_compare(struct simulation *simulation, struct pmap these, struct pmap those, const char *what)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(these, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                if (!pmap_find(those, entry.key, entry.key_length))
                        simulation_fail(simulation, "an outlook %s: %.*s", what, (int)entry.key_length,
                                        (const char *)entry.key);
}

struct foresight {
        struct outlook *outlook;
        struct holdings foreseen;
};

struct foresight *foresight_new(struct simulation *simulation, const struct snapshot *draft)
{
        struct foresight *foresight = NEW(struct foresight);
        const struct outlook_terms terms = { .base = shared_get(simulation->snapshot),
                                             .draft = shared_get(draft),
                                             .facts = status_facts(simulation->status),
                                             .now_ms = clock_wall_ms(&simulation->clock) };

        foresight->outlook = outlook_new(&terms);
        while (!outlook_work(foresight->outlook, &simulation->clock, 0)) /* slices of one step */
                ;
        foresight->foreseen.simulation = simulation;
        holdings_read(&foresight->foreseen, &terms);
        foresight->foreseen.strict = true;
        outlook_apply(&foresight->foreseen, foresight->outlook);
        return foresight;
}

void foresight_end(struct foresight *foresight)
{
        struct holdings held = { .simulation = foresight->foreseen.simulation };

        holdings_read(&held, &foresight->outlook->terms);
        things_compare(held.simulation, foresight->foreseen.things, held.things, "tells of what does not come");
        things_compare(held.simulation, held.things, foresight->foreseen.things, "does not tell of what comes");
        pmap_fini(&foresight->foreseen.things);
        pmap_fini(&held.things);
        outlook_free(foresight->outlook);
        free(foresight);
}
