/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_health_acts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/gluster/glusterd_acts.h"

#define TRANSACTION_MS 5000
#define PATH_MOST 4095
#define NAME_MOST 255

/* What glusterd tells. */
struct look {
        int glusterd;
        struct glusterd_volume volume;
        struct glusterd_pool pool;
        bool clients_told;
};

static void look_fini(struct look *look)
{
        memory_auto_close(&look->glusterd);
        glusterd_volume_fini(&look->volume);
        glusterd_pool_fini(&look->pool);
}
#define AUTO_LOOK __attribute__((cleanup(look_fini)))

/* --- The helper's side --------------------------------------------------------------------------------------- */

static bool has_entries(const struct glusterd_volume *volume)
{
        for (size_t i = 0; i < volume->brick_count; i++)
                if (volume->bricks[i].counted && volume->bricks[i].heals > 0)
                        return true;
        return false;
}

/* Without replicas there is nothing to heal from, and glusterd refuses to count; so it does when the self-heal
 * daemon is switched off, and then no brick tells. What is in split-brain needs heal, so where nothing does nobody
 * is asked. */
static int look_at_heals(const char *name, struct look *look, struct fault *fault)
{
        int failed = glusterd_volume_heals(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);

        if (!failed && has_entries(&look->volume))
                failed = glusterd_volume_split_brains(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);
        return failed == -FAULT_INVALID ? 0 : failed;
}

static int look_at_volume(const char *name, struct look *look, struct fault *fault)
{
        struct glusterd_volume *volume = &look->volume;
        struct fault untold;
        int failed;

        look->glusterd = glusterd_open(GLUSTERD_SOCKET, fault);
        if (look->glusterd < 0)
                return look->glusterd;
        if ((failed = glusterd_volume_get(look->glusterd, name, GLUSTERD_ASK_MS, volume, fault)) ||
            (failed = glusterd_pool_get(look->glusterd, GLUSTERD_ASK_MS, &look->pool, fault)))
                return failed;
        if (!volume->exists)
                return fault_set(fault, FAULT_NOT_FOUND, "look at volume %s: there is no such volume", name);
        if (!volume->started)
                return fault_set(fault, FAULT_PRECONDITION, "look at volume %s: it is stopped", name);
        if ((failed = glusterd_volume_ports(look->glusterd, name, TRANSACTION_MS, volume, fault)) ||
            (volume->replica > 1 && (failed = look_at_heals(name, look, fault))))
                return failed;
        /* Last: the rest holds without it, and the socket may be of no more use. */
        look->clients_told = glusterd_volume_clients(look->glusterd, name, TRANSACTION_MS, volume, &untold) == 0;
        return 0;
}

static void put_bricks(struct message *reply, const struct glusterd_volume *volume)
{
        message_put_u64(reply, volume->replica);
        message_put_u64(reply, volume->brick_count);
        for (size_t i = 0; i < volume->brick_count; i++) {
                const struct glusterd_brick *brick = &volume->bricks[i];
                struct address address = { 0 };

                message_put_text(reply, brick->path);
                message_put_bytes(reply, address.bytes, glusterd_brick_address(brick, &address) ? 4 : 0);
                message_put_u64(reply, brick->port != 0);
                message_put_u64(reply, brick->counted);
                message_put_u64(reply, brick->heals);
                message_put_u64(reply, brick->counted && (brick->judged || brick->heals == 0));
                message_put_u64(reply, brick->split_brain);
        }
}

/* The host of a brick of the node, or NULL. */
static const char *brick_host(const struct glusterd_volume *volume, const char *node)
{
        for (size_t i = 0; i < volume->brick_count; i++)
                if (strcmp(volume->bricks[i].node, node) == 0)
                        return volume->bricks[i].host;
        return NULL;
}

/* Of a node that has a brick: others have nothing to heal. */
static enum known self_heal(const struct glusterd_volume *volume, const char *node)
{
        for (size_t i = 0; i < volume->heal_daemon_count && brick_host(volume, node); i++)
                if (strcmp(volume->heal_daemons[i].node, node) == 0)
                        return volume->heal_daemons[i].online ? KNOWN_PRESENT : KNOWN_ABSENT;
        return KNOWN_UNKNOWN;
}

static void put_nodes(struct message *reply, const struct look *look)
{
        message_put_u64(reply, look->pool.count);
        for (size_t i = 0; i < look->pool.count; i++) {
                const struct pool_node *node = &look->pool.nodes[i];
                const char *host = node->local ? brick_host(&look->volume, node->id) : NULL;

                message_put_text(reply, host ? host : node->name);
                message_put_u64(reply, look->pool.connected[i]);
                message_put_u64(reply, self_heal(&look->volume, node->id));
        }
}

static int compare(const void *a, const void *b)
{
        return address_compare(a, b);
}

/* All addresses that have a connection to any brick; freed by the caller. */
static struct address *clients_gather(const struct glusterd_volume *volume, size_t *count)
{
        struct address *clients;
        size_t most = 0, kept = 0;

        for (size_t i = 0; i < volume->brick_count; i++)
                most += volume->bricks[i].client_count;
        clients = memory_new(most + 1, sizeof *clients);
        *count = 0;
        for (size_t i = 0; i < volume->brick_count; i++)
                for (size_t j = 0; j < volume->bricks[i].client_count; j++)
                        *count += address_parse(volume->bricks[i].clients[j], &clients[*count]) == 0;
        qsort(clients, *count, sizeof *clients, compare);
        for (size_t i = 0; i < *count; i++)
                if (kept == 0 || !address_equal(&clients[kept - 1], &clients[i]))
                        clients[kept++] = clients[i];
        *count = kept;
        return clients;
}

static void put_clients(struct message *reply, const struct look *look)
{
        size_t count = 0;
        AUTO_FREE struct address *clients = look->clients_told ? clients_gather(&look->volume, &count) : NULL;
        bool told = clients && count <= VOLUME_HEALTH_CLIENTS_MAX;

        message_put_u64(reply, told);
        message_put_u64(reply, told ? count : 0);
        for (size_t i = 0; told && i < count; i++)
                message_put_bytes(reply, clients[i].bytes, clients[i].family == ADDRESS_V4 ? 4 : 16);
}

int volume_health_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_LOOK struct look look = { .glusterd = -1 };
        const char *name;
        int failed;

        (void)context;
        if ((failed = glusterd_take_volume(request, &name, fault)))
                return failed;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "look at a volume: not the fields of this act");
        if ((failed = look_at_volume(name, &look, fault)))
                return failed;
        put_bricks(reply, &look.volume);
        put_nodes(reply, &look);
        put_clients(reply, &look);
        return 0;
}

/* --- The daemon's side --------------------------------------------------------------------------------------- */

static bool take_address(struct message *reply, struct address *address)
{
        size_t length;
        const void *bytes = message_take_bytes(reply, &length);

        if (!bytes || (length != 0 && length != 4 && length != 16))
                return false;
        address->family = length == 4 ? ADDRESS_V4 : length == 16 ? ADDRESS_V6 : ADDRESS_NONE;
        memcpy(address->bytes, bytes, length);
        return true;
}

/* A count of what follows; false for one that no message has room for. */
static bool take_count(struct message *reply, uint64_t *count)
{
        *count = message_take_u64(reply);
        return !reply->broken && *count <= MESSAGE_BODY_MAX;
}

static bool take_bricks(struct message *reply, struct volume_health *seen)
{
        uint64_t replica, count;

        if (!take_count(reply, &replica) || replica == 0 || !take_count(reply, &count))
                return false;
        seen->replica = (unsigned)replica;
        seen->bricks = memory_new(count + 1, sizeof *seen->bricks);
        while (seen->brick_count < count) {
                struct brick_health *brick = &seen->bricks[seen->brick_count++];

                brick->path = memory_text(message_take_text(reply, PATH_MOST));
                if (!take_address(reply, &brick->address))
                        return false;
                brick->online = message_take_u64(reply) != 0;
                brick->counted = message_take_u64(reply) != 0;
                brick->entries = message_take_u64(reply);
                brick->judged = message_take_u64(reply) != 0;
                brick->split_brain = message_take_u64(reply);
        }
        return !reply->broken;
}

static bool take_nodes(struct message *reply, struct volume_health *seen)
{
        uint64_t count;

        if (!take_count(reply, &count))
                return false;
        seen->nodes = memory_new(count + 1, sizeof *seen->nodes);
        while (seen->node_count < count) {
                struct node_health *node = &seen->nodes[seen->node_count++];

                node->name = memory_text(message_take_text(reply, NAME_MOST));
                node->connected = message_take_u64(reply) != 0;
                uint64_t self_heal = message_take_u64(reply);
                if (reply->broken || self_heal > KNOWN_ABSENT)
                        return false;
                node->self_heal = (enum known)self_heal;
        }
        return true;
}

static bool take_clients(struct message *reply, struct volume_health *seen)
{
        uint64_t count;

        seen->clients_known = message_take_u64(reply) != 0;
        if (!take_count(reply, &count))
                return false;
        seen->clients = memory_new(count + 1, sizeof *seen->clients);
        while (seen->client_count < count)
                if (!take_address(reply, &seen->clients[seen->client_count++]))
                        return false;
        return message_is_consumed(reply);
}

static int health_look(void *context, const char *volume, struct volume_health *seen, struct fault *fault)
{
        const struct act_caller *helper = context;
        AUTO_MESSAGE struct message request, reply;
        int failed;

        message_init(&request, ACT_GLUSTERD_VOLUME_HEALTH);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        if ((failed = helper->call(helper->context, &request, &reply, VOLUME_HEALTH_MS, fault)))
                return failed;
        if (take_bricks(&reply, seen) && take_nodes(&reply, seen) && take_clients(&reply, seen))
                return 0;
        volume_health_fini(seen);
        return fault_set(fault, FAULT_MALFORMED, "look at volume %s: not an answer of this helper", volume);
}

struct gluster_health gluster_health_over(const struct act_caller *helper)
{
        return (struct gluster_health){ health_look, (void *)(uintptr_t)helper };
}
