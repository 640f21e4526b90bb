/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <assert.h>

#include "base/memory.h"
#include "protocols/member/member_calls.h"

#define HELPER_MS 2000

static struct act_caller acts_timed(struct world *world, struct act_caller real)
{
        assert(world->timed_count < WORLD_ACTS_MOST);
        return timed_acts_over(&world->timed_acts[world->timed_count++], real, world->latency);
}

/* gatehouse-volfiled in glusterd's place: the packet filter leads native clients there. */
static void door_open(struct world *world, const struct configuration *configuration)
{
        world->volfiled = privilege_caller_new(configuration->volfiled_socket);
        world->volfiled_door =
                (struct volfiled_door){ .helper = world->helper_acts,
                                        .volfiled = acts_timed(world, privilege_caller_acts(world->volfiled)) };
        world->real_door = volfiled_door_open(&world->volfiled_door);
        world->door = &world->real_door;
        world->firewall_calls.ports.volfiled = (uint16_t)configuration->volfiled_port;
}

static void firewall_open(struct world *world, const struct configuration *configuration)
{
        world->filter_helper = privilege_caller_new(configuration->helper_socket);
        world->firewall_calls =
                (struct firewall_calls){ .helper = acts_timed(world, privilege_caller_acts(world->filter_helper)),
                                         .ports = FIREWALL_PORTS_DEFAULT };
        world->real_firewall = firewall_over(&world->firewall_calls);
        if (configuration->firewall != FIREWALL_ENFORCE)
                return;
        world->firewall = &world->real_firewall;
        if (configuration->volfiled_socket[0])
                door_open(world, configuration);
}

int world_open(struct world *world, const struct configuration *configuration, struct fault *fault)
{
        const struct worker_pool_settings workers = { .program = configuration->worker_program,
                                                      .workers = (size_t)configuration->workers };
        /* One, for file systems that may hang for good: what cannot be killed is not started again beside itself.
         */
        const struct worker_pool_settings room_workers = { .program = configuration->worker_program,
                                                           .workers = 1 };
        AUTO_FREE char *blocks = memory_format("%s/ganesha", configuration->runtime_dir);

        world->workers = worker_pool_new(&workers, fault);
        world->room_workers = world->workers ? worker_pool_new(&room_workers, fault) : NULL;
        if (!world->room_workers)
                return -(int)fault->code;
        world->helper = privilege_caller_new(configuration->helper_socket);
        world->helper_acts = acts_timed(world, privilege_caller_acts(world->helper));
        world->worker_acts = acts_timed(world, worker_pool_acts(world->workers));
        world->ganesha = ganesha_new(configuration->dbus_address, blocks, 0);
        world->nfs = timed_nfs_over(&world->timed_nfs, ganesha_server(world->ganesha), world->latency);
        world->gluster_real =
                (struct gluster_volume_callers){ .helper = world->helper_acts, .worker = world->worker_acts };
        world->gluster = gluster_volume_over(&world->gluster_real);
        world->node = gluster_node_over(&world->gluster_real);
        world->files_real = (struct storage_files_real){ .helper = world->helper_acts,
                                                         .worker = world->worker_acts,
                                                         .room_worker = acts_timed(
                                                                 world, worker_pool_acts(world->room_workers)) };
        world->files = storage_files_open(&world->files_real);
        world->health_helper = privilege_caller_new(configuration->helper_socket);
        world->health_acts = acts_timed(world, privilege_caller_acts(world->health_helper));
        world->health = gluster_health_over(&world->health_acts);
        firewall_open(world, configuration);
        return 0;
}

int world_open_pool(struct world *world, const struct configuration *configuration, struct fault *fault)
{
        struct pool_settings settings = { .clock = clock_system() };
        AUTO_POOL_KEY struct pool_key key;
        int failed;

        if (!configuration->members[0])
                return 0;
        if ((failed = pool_key_read(configuration->pool_key, &key, fault)))
                return failed;
        for (char *const *member = configuration->members; *member; member++) {
                size_t which = settings.count++;

                address_parse(*member, &settings.addresses[which]); /* looked at when the configuration was read */
                world->members[which] = member_caller_new(&settings.addresses[which], MEMBER_PORT, &key);
                world->member_acts[which] = acts_timed(world, member_caller_acts(world->members[which]));
                settings.members[which] = member_over(&world->member_acts[which]);
        }
        return pool_new(&settings, &world->pool, fault);
}

static void probe_workers_end(void *context)
{
        struct world *world = context;

        for (int client = 0; client < PROBE_CLIENT_COUNT; client++)
                worker_pool_renew(world->probe_workers[client]);
}

int world_open_probe(struct world *world, const struct configuration *configuration, struct fault *fault)
{
        struct probe_calls *calls = &world->probe_calls;

        if (configuration->verify == VERIFY_OFF || configuration->reconcile == RECONCILE_OBSERVE)
                return 0;
        world->probe_helper = privilege_caller_new(configuration->helper_socket);
        calls->helper = acts_timed(world, privilege_caller_acts(world->probe_helper));
        calls->workers_end = probe_workers_end;
        calls->workers_context = world;
        probe_network_parse(configuration->probe_network, &calls->network); /* looked at, too */
        for (int client = 0; client < PROBE_CLIENT_COUNT; client++) {
                struct probe_spawn *spawn = &world->probe_spawns[client];
                const struct worker_pool_settings settings = { .start = { probe_worker_spawn, spawn },
                                                               .workers = 1 };

                *spawn = (struct probe_spawn){ calls, (enum probe_client)client };
                world->probe_workers[client] = worker_pool_new(&settings, fault);
                if (!world->probe_workers[client])
                        return -(int)fault->code;
                calls->workers[client] = acts_timed(world, worker_pool_acts(world->probe_workers[client]));
        }
        world->real_probe = probe_over(calls);
        world->probe = &world->real_probe;
        return 0;
}

struct address world_canary_client(const struct configuration *configuration)
{
        struct probe_network network;

        if (configuration->verify == VERIFY_OFF ||
            probe_network_parse(configuration->probe_network, &network) != 0)
                return (struct address){ 0 };
        return probe_network_client(&network, PROBE_ADMITTED);
}

void world_close(struct world *world)
{
        pool_free(world->pool);
        for (size_t i = 0; i < ARRAY_SIZE(world->members); i++)
                member_caller_free(world->members[i]);
        ganesha_free(world->ganesha);
        worker_pool_free(world->workers);
        worker_pool_free(world->room_workers);
        for (int client = 0; client < PROBE_CLIENT_COUNT; client++)
                worker_pool_free(world->probe_workers[client]);
        probe_calls_fini(&world->probe_calls);
        privilege_caller_free(world->probe_helper);
        privilege_caller_free(world->helper);
        privilege_caller_free(world->filter_helper);
        privilege_caller_free(world->health_helper);
        privilege_caller_free(world->volfiled);
        volfiled_door_fini(&world->volfiled_door);
}

void world_ask_helper(const struct world *world, struct fault *fault)
{
        struct act_caller caller = world->helper_acts;
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_HELPER_VERSION);
        message_init(&reply, 0);
        caller.call(caller.context, &request, &reply, HELPER_MS, fault);
}
