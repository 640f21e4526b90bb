/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/glusterd_acts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/access_folder.h"
#include "protocols/gluster/brick_restart_acts.h"
#include "protocols/gluster/client_volfile.h"
#include "protocols/gluster/glusterd_rpc.h"
#include "protocols/gluster/volume_compare.h"
#include "protocols/gluster/volume_health_acts.h"

#define CHANGE_MS                                                                                      \
        40000 /* for a transaction of the cluster: 60 ms on three nodes, seconds with one of them down \
               */

/* What holds for every volume that Gatehouse exports. Coherence: a change made over one protocol is seen over the
 * other within milliseconds, not seconds (docs/backends.md). */
static const struct glusterd_option secure_options[] = {
        { "server.dynamic-auth", "on" }, /* a new list also ends connections that it does not admit */
        { "diagnostics.brick-log-level",
          "WARNING" }, /* INFO logs each address that is compared: 6.7 s with 10,000 */
        { "features.cache-invalidation", "on" },
        { "features.cache-invalidation-timeout", "600" },
        { "performance.cache-invalidation", "on" },
        { "performance.md-cache-timeout", "600" },
        { "network.inode-lru-limit", "200000" },
        { "performance.quick-read", "off" },
};

int glusterd_take_volume(struct message *request, const char **volume, struct fault *fault)
{
        *volume = message_take_text(request, ACCESS_VOLUME_MAX);
        if (request->broken || !access_volume_is_valid(*volume))
                return fault_set(fault, FAULT_MALFORMED, "read request: no name of a volume");
        return 0;
}

static int check_consumed(const struct message *request, struct fault *fault)
{
        return message_is_consumed(request)
                       ? 0
                       : fault_set(fault, FAULT_MALFORMED, "read request: not the fields of act %u", request->act);
}

static int connect_glusterd(int *glusterd, struct fault *fault)
{
        *glusterd = glusterd_open(GLUSTERD_SOCKET, fault);
        return *glusterd < 0 ? *glusterd : 0;
}

static uint64_t stored_generation(const struct glusterd_volume *seen)
{
        const char *value = glusterd_volume_option(seen, GLUSTERD_GENERATION_OPTION);

        uint64_t generation = value ? strtoull(value, NULL, 10) : 0;

        return generation <= INT64_MAX ? generation : 0; /* written by hand: there is no way up from there */
}

bool glusterd_brick_address(const struct glusterd_brick *brick, struct address *address)
{
        const char *host = brick->host;
        struct addrinfo wanted = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found = NULL;

        if (address_parse(host, address) == 0)
                return address->family == ADDRESS_V4;
        if (getaddrinfo(host, NULL, &wanted, &found) != 0)
                return false;
        *address = (struct address){ .family = ADDRESS_V4 };
        memcpy(address->bytes, &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr, 4);
        freeaddrinfo(found);
        return true;
}

/* Volfiles that the filter has never run on are not looked at: the first list makes glusterd write them anew. */
static bool filter_is_in_place(const char *volume, const struct glusterd_volume *seen)
{
        struct fault fault;

        return access_filter_is_installed(GATEHOUSE_GLUSTERFS_LIBDIR) &&
               (stored_generation(seen) == 0 || !access_folder_manages(GATEHOUSE_ACCESSDIR, volume) ||
                access_filter_check_volfiles(GLUSTERD_WORK_FOLDER, volume, NULL, &fault) == 0);
}

static void put_pool(struct message *reply, const struct glusterd_pool *pool)
{
        message_put_u64(reply, pool->count);
        for (size_t i = 0; i < pool->count; i++) {
                message_put_text(reply, pool->nodes[i].id);
                message_put_text(reply, pool->nodes[i].name);
                message_put_u64(reply, pool->nodes[i].local);
        }
}

void glusterd_put_brick(struct message *reply, const struct glusterd_brick *brick, bool local)
{
        struct address address = { 0 };

        message_put_text(reply, brick->path);
        message_put_bytes(reply, address.bytes, glusterd_brick_address(brick, &address) ? 4 : 0);
        message_put_u64(reply, brick->port);
        message_put_u64(reply, local);
}

static void put_volume(struct message *reply, const char *volume, const struct glusterd_volume *seen,
                       const struct glusterd_pool *pool, uint32_t op_version)
{
        const char *self = glusterd_pool_self(pool)->id;

        message_put_u64(reply, seen->exists);
        message_put_u64(reply, seen->started);
        message_put_u64(reply, stored_generation(seen));
        put_pool(reply, pool);
        message_put_u64(reply, filter_is_in_place(volume, seen));
        message_put_u64(reply, op_version);
        message_put_u64(reply, seen->brick_count);
        for (size_t i = 0; i < seen->brick_count; i++)
                glusterd_put_brick(reply, &seen->bricks[i], strcmp(seen->bricks[i].node, self) == 0);
}

static int volume_observe(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_CLOSE int glusterd = -1;
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        AUTO_GLUSTERD_POOL struct glusterd_pool pool = { 0 };
        struct fault unsaid = { 0 };
        uint32_t op_version = 0;
        const char *volume;
        int failed;

        (void)context;
        if ((failed = glusterd_take_volume(request, &volume, fault)) ||
            (failed = check_consumed(request, fault)) || (failed = connect_glusterd(&glusterd, fault)) ||
            (failed = glusterd_volume_get(glusterd, volume, GLUSTERD_ASK_MS, &seen, fault)) ||
            (failed = glusterd_pool_get(glusterd, GLUSTERD_ASK_MS, &pool, fault)))
                return failed;
        if (seen.started && (failed = glusterd_volume_ports(glusterd, volume, CHANGE_MS, &seen, fault)))
                return failed;
        /* Last: a glusterd that does not say is none the worse for it, but the socket may be. */
        if (glusterd_op_version_get(glusterd, GLUSTERD_ASK_MS, &op_version, &unsaid) != 0)
                op_version = 0;
        put_volume(reply, volume, &seen, &pool, op_version);
        return 0;
}

/* Reads and parses the list that came as a descriptor. It must be a sealed memfd: any other file could change
 * under the reader, or never answer. */
static int take_list(const struct message *request, struct access_file *file, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        int failed = sealed_memory_read(request->fd, ACCESS_TEXT_MAX, &text, fault);

        if (failed)
                return fault_prefix(fault, "take access list");
        return access_file_parse(text_get(&text), text.length, file, fault);
}

/* Whether `file` may be put in force for the volume as glusterd has it. */
static int check_list(struct access_file *file, const char *volume, const struct glusterd_volume *seen,
                      struct fault *fault)
{
        if (!seen->exists)
                return fault_set(fault, FAULT_NOT_FOUND, "install access list: there is no volume %s", volume);
        if (strcmp(file->volume, volume) != 0 || (file->volume_id[0] && strcmp(file->volume_id, seen->id) != 0))
                return fault_set(fault, FAULT_INVALID, "install access list: it is not for volume %s", volume);
        if (file->list.generation == 0 || file->list.generation < stored_generation(seen))
                return fault_set(fault, FAULT_PRECONDITION,
                                 "install access list: generation %" PRIu64 " is older than %" PRIu64
                                 " of volume %s",
                                 file->list.generation, stored_generation(seen), volume);
        memcpy(file->volume_id, seen->id, sizeof file->volume_id);
        return 0;
}

/* Takes the list of a request and writes it where the filter finds it. *glusterd stays open for what follows. */
static int list_write(struct message *request, struct access_file *file, int *glusterd, struct fault *fault)
{
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        const char *volume;
        int failed;

        if ((failed = glusterd_take_volume(request, &volume, fault)) ||
            (failed = check_consumed(request, fault)) || (failed = take_list(request, file, fault)) ||
            (failed = connect_glusterd(glusterd, fault)) ||
            (failed = glusterd_volume_get(*glusterd, volume, GLUSTERD_ASK_MS, &seen, fault)) ||
            (failed = check_list(file, volume, &seen, fault)))
                return failed;
        return access_folder_write(GATEHOUSE_ACCESSDIR, file, fault);
}

static int list_install(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_CLOSE int glusterd = -1;
        AUTO_TEXT struct text value = { 0 };
        char generation[24];
        struct glusterd_option option = { GLUSTERD_GENERATION_OPTION, generation };
        int failed;

        (void)context;
        (void)reply;
        if ((failed = list_write(request, &file, &glusterd, fault)))
                return failed;
        snprintf(generation, sizeof generation, "%" PRIu64, file.list.generation);
        failed = glusterd_volume_set(glusterd, file.volume, &option, 1, CHANGE_MS, fault);
        access_value_print(&file.list, &value);
        if (!failed)
                failed = access_filter_check_volfiles(GLUSTERD_WORK_FOLDER, file.volume, text_get(&value), fault);
        return failed;
}

static int list_store(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_CLOSE int glusterd = -1;

        (void)context;
        (void)reply;
        return list_write(request, &file, &glusterd, fault);
}

static int node_observe(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_GLUSTERD_POOL struct glusterd_pool pool = { 0 };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        AUTO_CLOSE int glusterd = -1;
        const char *volume;
        int failed;

        (void)context;
        if ((failed = glusterd_take_volume(request, &volume, fault)) ||
            (failed = check_consumed(request, fault)) || (failed = connect_glusterd(&glusterd, fault)) ||
            (failed = glusterd_volume_get(glusterd, volume, GLUSTERD_ASK_MS, &seen, fault)) ||
            (failed = glusterd_pool_get(glusterd, GLUSTERD_ASK_MS, &pool, fault)))
                return failed;
        message_put_text(reply, glusterd_pool_self(&pool)->id);
        message_put_u64(reply, filter_is_in_place(volume, &seen));
        message_put_u64(reply, access_folder_generation(GATEHOUSE_ACCESSDIR, volume));
        return 0;
}

int glusterd_take_peers(struct message *request, struct text *value, struct fault *fault)
{
        uint64_t count = message_take_u64(request);
        AUTO_FREE struct address *peers = NULL;
        AUTO_ACCESS_LIST struct access_list list = { 0 };

        if (count == 0 || count > ACCESS_PEERS_MAX)
                return fault_set(fault, FAULT_INVALID,
                                 "secure volume: %" PRIu64 " storage nodes, 1 to %d are allowed", count,
                                 ACCESS_PEERS_MAX);
        peers = memory_new(count, sizeof *peers);
        for (uint64_t i = 0; i < count; i++) {
                size_t length;
                const void *bytes = message_take_bytes(request, &length);

                if (!bytes || length != 4)
                        return fault_set(fault, FAULT_MALFORMED, "read request: not an IPv4 address");
                peers[i].family = ADDRESS_V4;
                memcpy(peers[i].bytes, bytes, 4);
                if (address_kind(&peers[i]) != ADDRESS_USABLE)
                        return fault_set(fault, FAULT_INVALID, "secure volume: a storage node's address %s",
                                         address_kind_sentence(address_kind(&peers[i])));
        }
        access_list_init(&list, peers, count);
        access_value_print_peers(list.peers, list.peer_count, value);
        return 0;
}

size_t glusterd_secure_options(const struct glusterd_volume *seen, const char *allow,
                               struct glusterd_option *wanted)
{
        size_t count = 0;

        static_assert(ARRAY_SIZE(secure_options) + 2 <= GLUSTERD_SECURE_OPTIONS_MAX, "they fit");
        wanted[count++] = (struct glusterd_option){ "auth.allow", allow };
        /* Nobody needs it; one that was set by hand cannot be unset but by a reset of its own. */
        if (glusterd_volume_option(seen, "auth.reject"))
                wanted[count++] = (struct glusterd_option){ "auth.reject", "none" };
        for (size_t i = 0; i < ARRAY_SIZE(secure_options); i++)
                wanted[count++] = secure_options[i];
        return count;
}

/* Sets those options that differ, in one transaction; none if all are as they should be. */
static int set_differing(int glusterd, const char *volume, const struct glusterd_volume *seen, const char *allow,
                         struct fault *fault)
{
        struct glusterd_option wanted[GLUSTERD_SECURE_OPTIONS_MAX], differing[GLUSTERD_SECURE_OPTIONS_MAX];
        size_t wanted_count = glusterd_secure_options(seen, allow, wanted), count = 0;

        for (size_t i = 0; i < wanted_count; i++) {
                const char *value = glusterd_volume_option(seen, wanted[i].key);

                if (!value || strcmp(value, wanted[i].value) != 0)
                        differing[count++] = wanted[i];
        }
        return count ? glusterd_volume_set(glusterd, volume, differing, count, CHANGE_MS, fault) : 0;
}

static int volume_secure(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_CLOSE int glusterd = -1;
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        AUTO_TEXT struct text allow = { 0 };
        const char *volume;
        int failed;

        (void)context;
        (void)reply;
        if ((failed = glusterd_take_volume(request, &volume, fault)) ||
            (failed = glusterd_take_peers(request, &allow, fault)) || (failed = check_consumed(request, fault)) ||
            (failed = connect_glusterd(&glusterd, fault)) ||
            (failed = glusterd_volume_get(glusterd, volume, GLUSTERD_ASK_MS, &seen, fault)))
                return failed;
        if (!seen.exists)
                return fault_set(fault, FAULT_NOT_FOUND, "secure volume: there is no volume %s", volume);
        return set_differing(glusterd, volume, &seen, text_get(&allow), fault);
}

const struct act glusterd_acts[] = {
        { ACT_GLUSTERD_VOLUME_OBSERVE, "glusterd.volume_observe",
          "glusterd's socket and its volfiles can be opened by root only", 0, GLUSTERD_ASK_MS * 3 + CHANGE_MS,
          volume_observe },
        { ACT_GLUSTERD_LIST_INSTALL, "glusterd.list_install",
          "the access list is root's, so that nobody else can let a client in, and so is glusterd's socket", 0,
          GLUSTERD_ASK_MS + CHANGE_MS, list_install },
        { ACT_GLUSTERD_VOLUME_SECURE, "glusterd.volume_secure", "glusterd's socket can be opened by root only", 0,
          GLUSTERD_ASK_MS + CHANGE_MS, volume_secure },
        { ACT_GLUSTERD_LIST_STORE, "glusterd.list_store",
          "the access list is root's, so that nobody else can let a client in", 0, GLUSTERD_ASK_MS, list_store },
        { ACT_GLUSTERD_NODE_OBSERVE, "glusterd.node_observe",
          "glusterd's socket and its volfiles can be opened by root only", 0, GLUSTERD_ASK_MS, node_observe },
        { ACT_GLUSTERD_VOLUME_COMPARE, "glusterd.volume_compare",
          "glusterd's socket, its volfiles and the access list are root's", 0, GLUSTERD_ASK_MS + 10000,
          volume_compare_run },
        { ACT_GLUSTERD_FILTER_PUT_BACK, "glusterd.filter_put_back", "glusterd's folder of filters is root's", 0,
          1000, filter_put_back_run },
        { ACT_GLUSTERD_BRICKS_LOOK, "glusterd.bricks_look",
          "glusterd's socket, the pid files of bricks and the notes about them are root's", 0, BRICKS_LOOK_MS,
          bricks_look_run },
        { ACT_GLUSTERD_BRICK_RESTART, "glusterd.brick_restart",
          "a brick is a process of root's, and glusterd's socket can be opened by root only", 0, BRICK_RESTART_MS,
          brick_restart_run },
        { ACT_GLUSTERD_VOLUME_HEALTH, "glusterd.volume_health", "glusterd's socket can be opened by root only", 0,
          VOLUME_HEALTH_MS, volume_health_run },
        { ACT_GLUSTERD_CLIENT_VOLFILE, "glusterd.client_volfile", "glusterd's volfiles can be read by root only",
          0, 1000, client_volfile_run },
        { 0 },
};
