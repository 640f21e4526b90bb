/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/storage_status.h"

#include <inttypes.h>

#include <jansson.h>

#include "domain/json_reader.h"
#include "domain/storage_json.h"
#include "rest/metric_text.h"

static const struct storage_seen *seen_get(const struct request *request, const struct storage *storage)
{
        return storage_watch_get(request->context->storages, storage);
}

/* Why something is not known. */
static void reason_set(json_t *object, const struct fault *fault)
{
        json_t *reason = json_object();

        json_set_text(reason, "code", fault ? fault_word(fault->code) : "pending");
        json_set_text(reason, "sentence", fault ? fault->text : "nobody has looked at it yet");
        json_object_set_new(object, "reason", reason);
}

static void number_set(json_t *object, const char *key, bool known, uint64_t number)
{
        json_object_set_new(object, key, known ? json_integer((json_int_t)number) : json_null());
}

static json_t *capacity_json(const struct storage_seen *seen)
{
        bool known = seen && seen->capacity_fault.code == FAULT_NONE;
        const struct storage_capacity *capacity = known ? &seen->capacity : &(struct storage_capacity){ 0 };
        json_t *object = json_object();

        number_set(object, "bytes_total", known, capacity->bytes_total);
        number_set(object, "bytes_available", known, capacity->bytes_available);
        number_set(object, "inodes_total", known, capacity->inodes_total);
        number_set(object, "inodes_available", known, capacity->inodes_available);
        if (!known)
                reason_set(object, seen ? &seen->capacity_fault : NULL);
        if (seen)
                json_set_time(object, "at", seen->capacity_at_ms);
        return object;
}

static json_t *bricks_json(const struct volume_health *health)
{
        json_t *bricks = json_array();

        for (size_t i = 0; i < health->brick_count; i++) {
                const struct brick_health *brick = &health->bricks[i];
                char address[ADDRESS_TEXT_SIZE];
                json_t *item = json_object();

                if (brick->address.family != ADDRESS_NONE)
                        json_set_text(item, "address", address_format(&brick->address, address));
                json_set_text(item, "path", brick->path);
                json_object_set_new(item, "online", json_boolean(brick->online));
                number_set(item, "entries", brick->counted, brick->entries);
                json_array_append_new(bricks, item);
        }
        return bricks;
}

static json_t *nodes_json(const struct volume_health *health)
{
        static const char *const words[] = { [KNOWN_PRESENT] = "running", [KNOWN_ABSENT] = "stopped" };
        json_t *nodes = json_array();

        for (size_t i = 0; i < health->node_count; i++) {
                json_t *item = json_object();

                json_set_text(item, "name", health->nodes[i].name);
                json_object_set_new(item, "connected", json_boolean(health->nodes[i].connected));
                if (health->nodes[i].self_heal != KNOWN_UNKNOWN)
                        json_set_text(item, "self_heal_daemon", words[health->nodes[i].self_heal]);
                json_array_append_new(nodes, item);
        }
        return nodes;
}

static json_t *heal_json(const struct storage_seen *seen)
{
        bool known = seen && seen->health_fault.code == FAULT_NONE;
        const struct heal_summary *heal = known ? &seen->heal : &(struct heal_summary){ .state = HEAL_UNKNOWN };
        json_t *object = json_object();

        json_set_text(object, "state", heal_state_word(heal->state));
        number_set(object, "entries", heal->entries_known, heal->entries);
        number_set(object, "split_brain", heal->split_brain_known, heal->split_brain);
        if (known) {
                json_object_set_new(object, "bricks", bricks_json(&seen->health));
                json_object_set_new(object, "nodes", nodes_json(&seen->health));
        } else {
                reason_set(object, seen ? &seen->health_fault : NULL);
        }
        if (seen)
                json_set_time(object, "at", seen->health_at_ms);
        return object;
}

json_t *storage_show(const struct request *request, const struct storage *storage)
{
        AUTO_SHARED const struct storage_seen *seen = seen_get(request, storage);
        json_t *object = storage_to_json(storage), *status = json_object();

        json_object_set_new(status, "capacity", capacity_json(seen));
        if (storage->kind == STORAGE_CLUSTER)
                json_object_set_new(status, "heal", heal_json(seen));
        json_object_set_new(object, "status", status);
        return object;
}

/* --- Metrics ------------------------------------------------------------------------------------------------- */

/* One gauge of a storage; false: it is not known. */
struct gauge {
        const char *name, *unit, *help;
        bool (*take)(const struct storage_seen *seen, uint64_t *value);
};

static bool capacity_known(const struct storage_seen *seen)
{
        return seen->capacity_fault.code == FAULT_NONE;
}

static bool bytes_total(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->capacity.bytes_total;
        return capacity_known(seen);
}

static bool bytes_available(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->capacity.bytes_available;
        return capacity_known(seen);
}

static bool inodes_total(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->capacity.inodes_total;
        return capacity_known(seen);
}

static bool inodes_available(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->capacity.inodes_available;
        return capacity_known(seen);
}

static bool capacity_told(const struct storage_seen *seen, uint64_t *value)
{
        *value = capacity_known(seen);
        return true;
}

static bool heal_told(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->health_fault.code == FAULT_NONE && seen->heal.state != HEAL_UNKNOWN;
        return seen->health_at_ms != 0;
}

static bool health_known(const struct storage_seen *seen)
{
        return seen->health_at_ms != 0 && seen->health_fault.code == FAULT_NONE;
}

static bool heal_entries(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->heal.entries;
        return health_known(seen) && seen->heal.entries_known;
}

static bool split_brain(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->heal.split_brain;
        return health_known(seen) && seen->heal.split_brain_known;
}

static bool bricks_down(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->heal.bricks_down;
        return health_known(seen);
}

static bool nodes_down(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->heal.nodes_down;
        return health_known(seen);
}

static bool daemons_down(const struct storage_seen *seen, uint64_t *value)
{
        *value = seen->heal.daemons_down;
        return health_known(seen);
}

static const struct gauge gauges[] = {
        { "storage_capacity_bytes", "bytes", "Size of a storage.", bytes_total },
        { "storage_available_bytes", "bytes", "What users may still write to a storage.", bytes_available },
        { "storage_capacity_inodes", "inodes", "Files that a storage has room for; 0: as many as fit.",
          inodes_total },
        { "storage_available_inodes", "inodes", "Files that users may still make on a storage.",
          inodes_available },
        { "storage_capacity_known", NULL, "Whether somebody could say at the last look how much room there is.",
          capacity_told },
        { "storage_heal_known", NULL, "Whether somebody could say at the last look what waits for heal.",
          heal_told },
        { "storage_heal_entries", NULL, "Entries of a storage's volume that wait for heal.", heal_entries },
        { "storage_split_brain_entries", NULL,
          "Entries of which the last crawl of the self-heal daemons found no copy to be the right one.",
          split_brain },
        { "storage_bricks_down", NULL, "Bricks of a storage's volume that do not run.", bricks_down },
        { "storage_nodes_down", NULL, "Nodes of the Gluster pool that this one has no connection to.",
          nodes_down },
        { "storage_self_heal_daemons_down", NULL, "Nodes with bricks whose self-heal daemon does not run.",
          daemons_down },
};

static void gauge_render(const struct request *request, const struct snapshot *now, const struct gauge *gauge,
                         struct text *text)
{
        const struct storage *storage;
        struct snapshot_walk walk;

        metric_family_add(text, gauge->name, "gauge", gauge->unit, gauge->help);
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk))) {
                AUTO_SHARED const struct storage_seen *seen = seen_get(request, storage);
                uint64_t value = 0;

                if (!seen || !gauge->take(seen, &value))
                        continue;
                text_addf(text, "gatehouse_%s{", gauge->name);
                metric_label_add(text, "storage", storage->document.id);
                text_addf(text, "} %" PRIu64 "\n", value);
        }
}

void storages_render(const struct request *request, const struct snapshot *now, struct text *text)
{
        for (size_t i = 0; request->context->storages && i < ARRAY_SIZE(gauges); i++)
                gauge_render(request, now, &gauges[i], text);
}

/* --- Connected clients --------------------------------------------------------------------------------------- */

static enum known address_connected(const struct request *request, const struct grant *grant,
                                    const struct storage_seen *seen, const struct address *address)
{
        return grant->choice.protocol == PROTOCOL_IS_NFS ? status_is_connected(request->context->status, address)
                                                         : storage_seen_connected(seen, address);
}

enum known grant_connected(const struct request *request, const struct grant *grant)
{
        AUTO_SHARED const struct storage_seen *seen =
                grant->storage && grant->choice.protocol == PROTOCOL_IS_GLUSTER ? seen_get(request, grant->storage)
                                                                                : NULL;
        enum known connected = KNOWN_UNKNOWN;

        if (grant->verdict != ACCESS_ADMITTED)
                return KNOWN_UNKNOWN;
        for (size_t i = 0; i < grant->node->address_count && connected != KNOWN_PRESENT; i++)
                connected = address_connected(request, grant, seen, &grant->node->addresses[i]);
        return connected;
}
