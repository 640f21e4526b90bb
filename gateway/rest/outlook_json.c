/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/outlook_json.h"

#include <jansson.h>

#include "domain/json_reader.h"
#include "rest/outcomes.h"

static void json_set_address(json_t *object, const char *key, const struct address *address)
{
        char text[ADDRESS_TEXT_SIZE];

        json_set_text(object, key, address_format(address, text));
}

json_t *node_of_address(const struct snapshot *snapshot, const struct address *address)
{
        struct snapshot_walk walk;
        const struct document *node;

        snapshot_walk_claimants(&walk, snapshot, address);
        node = snapshot_walk_next(&walk);
        return node ? json_string(node->id) : json_null();
}

/* --- Blocks -------------------------------------------------------------------------------------------------- */

/* What a block says besides its clients; {} for none. */
static json_t *block_settings(const struct nfs_export *block)
{
        json_t *settings = json_object();

        if (!block)
                return settings;
        json_set_text(settings, "path", block->path);
        json_set_text(settings, "volume", block->volume);
        if (block->volume)
                json_set_address(settings, "volume_server", &block->volume_server);
        json_set_text(settings, "squash", export_squash_word(block->squash));
        json_object_set_new(settings, "anonymous_uid", json_integer(block->anonymous_uid));
        json_object_set_new(settings, "anonymous_gid", json_integer(block->anonymous_gid));
        json_object_set_new(settings, "privileged_ports", json_boolean(block->privileged_ports));
        return settings;
}

/* Adds {before, after} for each setting of `all` that differs. */
static void settings_compare(json_t *differing, const json_t *all, const json_t *was, const json_t *is)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)all, name, value)
        {
                json_t *before = json_object_get(was, name), *after = json_object_get(is, name);

                if (before && after && json_equal(before, after))
                        continue;
                json_object_set_new(differing, name, json_pack("{s:O?, s:O?}", "before", before, "after", after));
                if (!before)
                        json_object_set_new(json_object_get(differing, name), "before", json_null());
                if (!after)
                        json_object_set_new(json_object_get(differing, name), "after", json_null());
        }
}

static json_t *settings_json(const struct outlook_block *block)
{
        json_t *was = block_settings(block->was), *is = block_settings(block->is), *differing = json_object();

        settings_compare(differing, was, was, is);
        settings_compare(differing, is, was, is);
        json_decref(was);
        json_decref(is);
        return differing;
}

/* Clients that are shown of all blocks together: a thousand blocks may have a thousand each. */
#define CLIENTS_MOST 10000

/* The clients of one block; *room tells how many more may be shown. */
struct clients {
        struct outcomes outcomes;
        size_t *room;
};

static void client_add(struct clients *clients, enum outcome outcome, const struct nfs_client *client,
                       const struct nfs_client *before)
{
        json_t *item;

        if (!outcomes_count(&clients->outcomes, outcome) || *clients->room == 0)
                return;
        --*clients->room;
        item = json_object();
        json_set_address(item, "address", &client->address);
        json_set_text(item, "access", export_access_word(client->access));
        if (before)
                json_set_text(item, "before", export_access_word(before->access));
        outcomes_add(&clients->outcomes, outcome, item);
}

/* Goes through the clients of both, which are in the order of addresses, side by side. */
static json_t *clients_json(const struct outlook_block *block, size_t *room)
{
        static const struct nfs_export none;
        const struct nfs_export *was = block->was ? block->was : &none, *is = block->is ? block->is : &none;
        struct clients clients = { .room = room };
        size_t i = 0, j = 0;

        while (i < was->client_count || j < is->client_count) {
                int order = i == was->client_count ? 1
                            : j == is->client_count
                                    ? -1
                                    : address_compare(&was->clients[i].address, &is->clients[j].address);

                if (order < 0)
                        client_add(&clients, OUTCOME_VANISHES, &was->clients[i], NULL);
                else if (order > 0)
                        client_add(&clients, OUTCOME_APPEARS, &is->clients[j], NULL);
                else if (was->clients[i].access != is->clients[j].access)
                        client_add(&clients, OUTCOME_CHANGES, &is->clients[j], &was->clients[i]);
                i += order <= 0;
                j += order >= 0;
        }
        return outcomes_take(&clients.outcomes);
}

static json_t *block_json(const struct outlook *outlook, const struct outlook_block *block, size_t *room)
{
        const struct export *there = snapshot_export(outlook->terms.base, block->id);
        json_t *item = json_object();

        json_object_set_new(item, "export", there ? json_string(block->id) : json_null());
        json_object_set_new(item, "number", there ? json_integer(there->number) : json_null());
        json_object_set_new(item, "settings", settings_json(block));
        json_object_set_new(item, "clients", clients_json(block, room));
        return item;
}

json_t *outlook_blocks_json(const struct outlook *outlook)
{
        static const struct {
                const char *code, *sentence;
        } says[OUTCOME_COUNT] = {
                [OUTCOME_APPEARS] = { "ganesha.add", "the NFS server gets a block for this export" },
                [OUTCOME_CHANGES] = { "ganesha.update", "the NFS server's block for this export is changed" },
                [OUTCOME_VANISHES] = { "ganesha.remove", "the NFS server loses its block for this export" },
        };
        struct outcomes outcomes = { 0 };
        size_t room = CLIENTS_MOST;

        for (size_t i = 0; i < outlook->block_count; i++) {
                const struct outlook_block *block = &outlook->blocks[i];
                enum outcome outcome = !block->was  ? OUTCOME_APPEARS
                                       : !block->is ? OUTCOME_VANISHES
                                                    : OUTCOME_CHANGES;
                json_t *item;

                if (!outcomes_count(&outcomes, outcome))
                        continue;
                item = block_json(outlook, block, &room);
                json_set_reason(item, says[outcome].code, says[outcome].sentence);
                outcomes_add(&outcomes, outcome, item);
        }
        return outcomes_take(&outcomes);
}

/* --- Lines and pairs ----------------------------------------------------------------------------------------- */

struct telling {
        const struct outlook *outlook;
        const char *volume;
        struct outcomes outcomes;
};

/* An item that says whose address it is, now or as it would be; NULL when it is not to be shown. */
static json_t *item_begin(struct telling *telling, const struct address *address, bool appears)
{
        const struct outlook_terms *terms = &telling->outlook->terms;
        json_t *item;

        if (!outcomes_count(&telling->outcomes, appears ? OUTCOME_APPEARS : OUTCOME_VANISHES))
                return NULL;
        item = json_object();
        json_set_address(item, "address", address);
        json_object_set_new(item, "node", node_of_address(appears ? terms->draft : terms->base, address));
        return item;
}

static void line_tell(void *context, const char *path, const struct address *address, bool appears)
{
        struct telling *telling = context;
        json_t *item = item_begin(telling, address, appears);

        if (!item)
                return;
        json_set_text(item, "volume", telling->volume);
        json_set_text(item, "directory", path);
        json_set_reason(item, appears ? "access_list.add" : "access_list.remove",
                        appears ? "the bricks let this address into the directory"
                                : "the bricks let this address into the directory no more");
        outcomes_add(&telling->outcomes, appears ? OUTCOME_APPEARS : OUTCOME_VANISHES, item);
}

json_t *outlook_lines_json(const struct outlook *outlook)
{
        struct telling telling = { .outlook = outlook };

        for (size_t i = 0; i < outlook->volume_count; i++) {
                const struct outlook_volume *volume = &outlook->volumes[i];

                telling.volume = volume->name;
                access_list_compare(&volume->was, &volume->is, line_tell, &telling);
        }
        return outcomes_take(&telling.outcomes);
}

static void pair_tell(void *context, const struct firewall_pair *pair, bool opened)
{
        struct telling *telling = context;
        json_t *item = item_begin(telling, &pair->address, opened);

        if (!item)
                return;
        json_set_text(item, "service", firewall_service_word(pair->service));
        json_set_reason(item, opened ? "firewall.open" : "firewall.close",
                        opened ? "the packet filter lets this address through to the service"
                               : "the packet filter shuts this address out of the service and ends its "
                                 "connections");
        outcomes_add(&telling->outcomes, opened ? OUTCOME_APPEARS : OUTCOME_VANISHES, item);
}

static void peer_tell(struct telling *telling, const struct address *address, bool appears)
{
        json_t *item = item_begin(telling, address, appears);

        if (!item)
                return;
        json_set_text(item, "service", "all");
        json_set_reason(item, appears ? "firewall.peer_in" : "firewall.peer_out",
                        appears ? "this address is a storage node's: everything is open to it"
                                : "this address is a storage node's no more, unless a brick has it");
        outcomes_add(&telling->outcomes, appears ? OUTCOME_APPEARS : OUTCOME_VANISHES, item);
}

/* Goes through the storage nodes of both, which are sorted, side by side. */
static void peers_tell(struct telling *telling)
{
        const struct firewall_set *was = &telling->outlook->was, *is = &telling->outlook->is;
        size_t i = 0, j = 0;

        while (i < was->peer_count || j < is->peer_count) {
                int order = i == was->peer_count  ? 1
                            : j == is->peer_count ? -1
                                                  : address_compare(&was->peers[i], &is->peers[j]);

                if (order != 0)
                        peer_tell(telling, order < 0 ? &was->peers[i] : &is->peers[j], order > 0);
                i += order <= 0;
                j += order >= 0;
        }
}

json_t *outlook_pairs_json(const struct outlook *outlook)
{
        struct telling telling = { .outlook = outlook };

        peers_tell(&telling);
        firewall_set_compare(&outlook->was, &outlook->is, pair_tell, &telling);
        return outcomes_take(&telling.outcomes);
}
