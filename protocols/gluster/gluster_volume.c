/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/gluster_volume.h"

#include <string.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/brick_restart_acts.h"
#include "protocols/gluster/volume_compare.h"

#define HELPER_MS 60000 /* a little more than the acts give themselves */
#define CANARY_MS 3000

static int call_helper(void *context, const struct message *request, struct message *reply, struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return callers->helper.call(callers->helper.context, request, reply, HELPER_MS, fault);
}

void gluster_take_brick(struct message *reply, struct volume_brick *brick)
{
        const void *bytes;
        size_t length;

        brick->path = memory_text(message_take_text(reply, MESSAGE_BODY_MAX));
        bytes = message_take_bytes(reply, &length);
        if (bytes && length == 4) {
                brick->address.family = ADDRESS_V4;
                memcpy(brick->address.bytes, bytes, 4);
        }
        brick->port = (uint16_t)message_take_u64(reply);
        brick->local = message_take_u64(reply) != 0;
}

static bool take_id(struct message *reply, char id[NODE_ID_SIZE])
{
        const char *text = message_take_text(reply, NODE_ID_SIZE - 1);

        if (strlen(text) != NODE_ID_SIZE - 1)
                return false;
        memcpy(id, text, NODE_ID_SIZE);
        return true;
}

static bool take_pool(struct message *reply, struct volume_seen *seen)
{
        uint64_t count = message_take_u64(reply);

        if (count > MESSAGE_BODY_MAX)
                return false;
        seen->pool = memory_new(count, sizeof *seen->pool);
        while (seen->pool_members < count) {
                struct pool_node *node = &seen->pool[seen->pool_members];

                if (!take_id(reply, node->id))
                        return false;
                node->name = memory_text(message_take_text(reply, MESSAGE_BODY_MAX));
                node->local = message_take_u64(reply) != 0;
                seen->pool_members++;
        }
        return true;
}

static int take_volume(struct message *reply, struct volume_seen *seen, struct fault *fault)
{
        uint64_t bricks = 0;
        bool formed;

        seen->known = message_take_u64(reply) ? KNOWN_PRESENT : KNOWN_ABSENT;
        seen->started = message_take_u64(reply) != 0;
        seen->generation = message_take_u64(reply);
        formed = take_pool(reply, seen);
        seen->filter_in_place = message_take_u64(reply) != 0;
        seen->op_version = (uint32_t)message_take_u64(reply);
        bricks = message_take_u64(reply);
        if (formed && bricks <= MESSAGE_BODY_MAX) {
                seen->bricks = memory_new(bricks, sizeof *seen->bricks);
                while (seen->brick_count < bricks && !reply->broken)
                        gluster_take_brick(reply, &seen->bricks[seen->brick_count++]);
        }
        if (formed && message_is_consumed(reply) && seen->brick_count == bricks)
                return 0;
        volume_seen_fini(seen);
        return fault_set(fault, FAULT_MALFORMED, "observe volume: not an answer of this helper");
}

static int volume_observe(void *context, const char *volume, struct volume_seen *seen, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        int failed;

        message_init(&request, ACT_GLUSTERD_VOLUME_OBSERVE);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        failed = call_helper(context, &request, &reply, fault);
        return failed ? failed : take_volume(&reply, seen, fault);
}

static int volume_secure(void *context, const char *volume, const struct address *peers, size_t peer_count,
                         struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_GLUSTERD_VOLUME_SECURE);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        message_put_u64(&request, peer_count);
        for (size_t i = 0; i < peer_count; i++) {
                if (peers[i].family != ADDRESS_V4)
                        return fault_set(fault, FAULT_INVALID,
                                         "secure volume %s: Gluster volumes have storage nodes with IPv4 only",
                                         volume);
                message_put_bytes(&request, peers[i].bytes, 4);
        }
        return call_helper(context, &request, &reply, fault);
}

/* Hands the list to the helper for `act`. */
static int list_hand_over(void *context, uint16_t act, const char *volume, const struct access_list *list,
                          struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text text = { 0 };
        struct access_file file = { .list = *list }; /* borrowed, not freed here */
        int failed;

        message_init(&request, act);
        message_init(&reply, 0);
        if (!access_volume_is_valid(volume))
                return fault_set(fault, FAULT_INVALID, "install access list: %s is not a volume's name", volume);
        memcpy(file.volume, volume, strlen(volume) + 1);
        if ((failed = access_file_print(&file, &text, fault)))
                return failed;
        request.fd = sealed_memory_make("gatehouse-access-list", text.data, text.length, fault);
        if (request.fd < 0)
                return fault_prefix(fault, "hand over access list");
        message_put_text(&request, volume);
        return call_helper(context, &request, &reply, fault);
}

static int volume_install(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        return list_hand_over(context, ACT_GLUSTERD_LIST_INSTALL, volume, list, fault);
}

static int volume_canary(void *context, const char *volume, const struct volume_brick *brick, uint64_t generation,
                         enum known *held, struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return brick_probe_canary(&callers->worker, volume, brick, generation, CANARY_MS, held, fault);
}

static int volume_compare(void *context, const char *volume, const struct address *peers, size_t peer_count,
                          const struct access_list *list, struct volume_differences *found, struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return volume_compare_ask(&callers->helper, volume, peers, peer_count, list, found, fault);
}

static int volume_put_filter_back(void *context, struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return filter_put_back_ask(&callers->helper, fault);
}

static int volume_bricks_look(void *context, const char *volume, bool heal, struct bricks_seen *seen,
                              struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return bricks_look_ask(&callers->helper, volume, heal, seen, fault);
}

static int volume_brick_restart(void *context, const char *volume, const char *path, struct fault *fault)
{
        const struct gluster_volume_callers *callers = context;

        return brick_restart_ask(&callers->helper, volume, path, fault);
}

struct gluster_volume gluster_volume_over(const struct gluster_volume_callers *callers)
{
        return (struct gluster_volume){
                .observe = volume_observe,
                .secure = volume_secure,
                .install = volume_install,
                .canary = volume_canary,
                .compare = volume_compare,
                .put_filter_back = volume_put_filter_back,
                .bricks_look = volume_bricks_look,
                .brick_restart = volume_brick_restart,
                .context = (void *)(uintptr_t)callers,
        };
}

static int node_observe(void *context, const char *volume, struct node_seen *seen, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_GLUSTERD_NODE_OBSERVE);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        int failed = call_helper(context, &request, &reply, fault);
        if (failed)
                return failed;
        bool formed = take_id(&reply, seen->id);
        seen->filter_in_place = message_take_u64(&reply) != 0;
        seen->list_generation = message_take_u64(&reply);
        if (formed && message_is_consumed(&reply))
                return 0;
        return fault_set(fault, FAULT_MALFORMED, "observe node: not an answer of this helper");
}

static int node_store(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        return list_hand_over(context, ACT_GLUSTERD_LIST_STORE, volume, list, fault);
}

struct gluster_node gluster_node_over(const struct gluster_volume_callers *callers)
{
        return (struct gluster_node){ node_observe, node_store, (void *)(uintptr_t)callers };
}
