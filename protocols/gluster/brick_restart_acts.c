/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/brick_restart_acts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/brick_age.h"
#include "protocols/gluster/gluster_volume.h"
#include "protocols/gluster/glusterd_acts.h"

#define TRANSACTION_MS 15000
#define START_MS 20000 /* of a brick until glusterd knows its port: 0.3 s as a rule */
#define START_PAUSE_MS 200
#define BRICK_PATH_MAX 4095

static const struct brick_places places = { .access_folder = GATEHOUSE_ACCESSDIR,
                                            .library_folder = GATEHOUSE_GLUSTERFS_LIBDIR,
                                            .run_folder = "/run/gluster",
                                            .boot_id = "/proc/sys/kernel/random/boot_id" };

/* A volume, and what is known of its bricks here. */
struct look {
        int glusterd;
        struct glusterd_volume volume;
        struct glusterd_pool pool;
        struct brick_since since;
        struct brick_process *processes; /* of each brick; those of other nodes: not asked */
        char *begun;
};

static void look_fini(struct look *look)
{
        memory_auto_close(&look->glusterd);
        glusterd_volume_fini(&look->volume);
        glusterd_pool_fini(&look->pool);
        free(look->processes);
        free(look->begun);
}
#define AUTO_LOOK __attribute__((cleanup(look_fini)))

static bool is_local(const struct look *look, size_t brick)
{
        return strcmp(look->volume.bricks[brick].node, glusterd_pool_self(&look->pool)->id) == 0;
}

/* Looks at the processes of this node's bricks, and at the note of one that was ended. Asks nobody but this node.
 */
static void look_at_processes(struct look *look, const char *name)
{
        const struct glusterd_volume *volume = &look->volume;

        brick_since_get(&places, name, volume->id, &look->since);
        look->begun = brick_begun_get(&places, name, volume->id);
        look->processes = memory_new(volume->brick_count + 1, sizeof *look->processes);
        for (size_t i = 0; i < volume->brick_count; i++) {
                const struct glusterd_brick *brick = &volume->bricks[i];
                struct brick_process *process = &look->processes[i];

                process->older = KNOWN_ABSENT;
                if (!is_local(look, i))
                        continue;
                *process = brick_process_look(&places, name, brick->host, brick->path, &look->since);
        }
}

static int look_begin(const char *name, struct look *look, struct fault *fault)
{
        int failed;

        look->glusterd = glusterd_open(GLUSTERD_SOCKET, fault);
        if (look->glusterd < 0)
                return look->glusterd;
        if ((failed = glusterd_volume_get(look->glusterd, name, GLUSTERD_ASK_MS, &look->volume, fault)) ||
            (failed = glusterd_pool_get(look->glusterd, GLUSTERD_ASK_MS, &look->pool, fault)))
                return failed;
        if (!look->volume.exists)
                return fault_set(fault, FAULT_NOT_FOUND, "look at bricks: there is no volume %s", name);
        look_at_processes(look, name);
        return 0;
}

/* Asks all nodes for what must hold before a brick is ended. Without replicas there is nothing to heal from, and
 * glusterd refuses to count; so it does when the self-heal daemon is switched off, and then no brick tells. */
static int look_at_others(const char *name, struct look *look, struct fault *fault)
{
        int failed;

        failed = glusterd_volume_ports(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);
        if (failed || look->volume.replica < 2)
                return failed;
        failed = glusterd_volume_heals(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);
        if (failed && failed != -FAULT_INVALID)
                return failed;
        return glusterd_volume_clients(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);
}

static bool is_wanted(const struct look *look)
{
        for (size_t i = 0; i < look->volume.brick_count; i++)
                if (look->processes[i].older == KNOWN_PRESENT)
                        return true;
        return look->begun != NULL;
}

/* How many bricks of a replica set must run before clients may write, where that was set. */
static unsigned quorum_of(const struct glusterd_volume *volume)
{
        const char *type = glusterd_volume_option(volume, "cluster.quorum-type");
        const char *count = glusterd_volume_option(volume, "cluster.quorum-count");
        unsigned long number = type && count && strcmp(type, "fixed") == 0 ? strtoul(count, NULL, 10) : 0;

        return number < INT32_MAX ? (unsigned)number : INT32_MAX;
}

/* How many connections a brick has from `client`; they are sorted. */
static size_t connections(const struct glusterd_brick *brick, const char *client)
{
        size_t count = 0;

        for (size_t i = 0; i < brick->client_count; i++)
                count += strcmp(brick->clients[i], client) == 0;
        return count;
}

/* How many connections from `client` every brick of the set has, but for `except`. */
static size_t connections_elsewhere(const struct glusterd_volume *volume, size_t first, size_t except,
                                    const char *client)
{
        size_t least = SIZE_MAX;

        for (size_t i = first; i < first + volume->replica && i < volume->brick_count; i++) {
                size_t count = i == except ? SIZE_MAX : connections(&volume->bricks[i], client);

                least = count < least ? count : least;
        }
        return least;
}

/* How many connections a brick lacks that all others of its set have: a client that has not come back to it yet
 * would be left with too few bricks when the next one goes. Services of a node that are connected to its own
 * bricks only count for nothing. */
static size_t clients_missing(const struct glusterd_volume *volume, size_t brick)
{
        size_t first = brick - brick % volume->replica, other = brick == first ? first + 1 : first, missing = 0;
        const char *last = "";

        if (volume->replica < 2 || other >= volume->brick_count)
                return 0;
        for (size_t i = 0; i < volume->bricks[other].client_count; i++) {
                const char *client = volume->bricks[other].clients[i];
                size_t here, elsewhere;

                if (strcmp(client, last) == 0)
                        continue;
                last = client;
                here = connections(&volume->bricks[brick], client);
                elsewhere = connections_elsewhere(volume, first, brick, client);
                missing += elsewhere > here ? elsewhere - here : 0;
        }
        return missing;
}

/* Whether every brick of the volume runs, and nothing needs heal, and nobody lacks a brick. */
static int check_all(const struct glusterd_volume *volume, struct fault *fault)
{
        for (size_t i = 0; i < volume->brick_count; i++) {
                const struct glusterd_brick *brick = &volume->bricks[i];
                const char *why = brick->port == 0             ? "is down"
                                  : volume->replica < 2        ? NULL
                                  : !brick->counted            ? "does not tell what needs heal"
                                  : brick->heals               ? "counts what needs heal"
                                  : clients_missing(volume, i) ? "lacks clients that the others have"
                                                               : NULL;

                if (why)
                        return fault_set(fault, FAULT_PRECONDITION, "restart a brick: brick %s %s", brick->path,
                                         why);
        }
        return 0;
}

/* The note of a brick that was ended has done its work when all is well again. */
static void begun_end(const char *name, const struct look *look)
{
        struct fault fault; /* it stays then, and is looked at again */

        if (look->begun && check_all(&look->volume, &fault) == 0)
                brick_begun_set(&places, name, look->volume.id, NULL, &fault);
}

int bricks_look_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_LOOK struct look look = { .glusterd = -1 };
        const struct glusterd_volume *volume = &look.volume;
        struct fault unhealed;
        const char *name;
        int failed;

        (void)context;
        if ((failed = glusterd_take_volume(request, &name, fault)))
                return failed;
        bool heal = message_take_u64(request) != 0;
        if (!message_is_consumed(request)) /* and none was missing */
                return fault_set(fault, FAULT_MALFORMED, "look at bricks: not the fields of this act");
        if ((failed = look_begin(name, &look, fault)))
                return failed;
        bool wanted = volume->started && is_wanted(&look);
        if (wanted && heal)
                glusterd_volume_heal(look.glusterd, name, TRANSACTION_MS,
                                     &unhealed); /* the count says what of it */
        if (wanted && (failed = look_at_others(name, &look, fault)))
                return failed;
        message_put_u64(reply, volume->replica);
        message_put_u64(reply, quorum_of(volume));
        message_put_text(reply, look.begun);
        message_put_u64(reply, volume->brick_count);
        for (size_t i = 0; i < volume->brick_count; i++) {
                const struct glusterd_brick *brick = &volume->bricks[i];

                glusterd_put_brick(reply, brick, is_local(&look, i));
                message_put_u64(reply, look.processes[i].older);
                message_put_u64(reply, !brick->counted ? KNOWN_UNKNOWN
                                       : brick->heals  ? KNOWN_ABSENT
                                                       : KNOWN_PRESENT);
                message_put_u64(reply, brick->heals);
                message_put_u64(reply, clients_missing(volume, i));
        }
        if (wanted)
                begun_end(name, &look); /* it was told once more */
        return 0;
}

/* Ends the process; the note that it is to be started again comes first. */
static int brick_end(const char *name, struct look *look, size_t which, struct fault *fault)
{
        const struct glusterd_brick *brick = &look->volume.bricks[which];
        int failed, pid = look->processes[which].pid;

        if (!replicas_can_spare_one(look->volume.replica, quorum_of(&look->volume)))
                return fault_set(fault, FAULT_PRECONDITION, "restart brick %s: volume %s can do without none",
                                 brick->path, name);
        if (look->processes[which].older != KNOWN_PRESENT || brick->pid != pid)
                return fault_set(fault, FAULT_PRECONDITION,
                                 "restart brick %s: it is not known to run since before the filter", brick->path);
        if ((failed = check_all(&look->volume, fault)) ||
            (failed = brick_begun_set(&places, name, look->volume.id, brick->path, fault)))
                return failed;
        return brick_process_end(&places, name, brick->host, brick->path, &look->since, pid, fault);
}

/* Has glusterd start it, and waits until it tells the port. */
static int brick_start(const char *name, struct look *look, size_t which, struct fault *fault)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + START_MS;
        struct glusterd_brick *brick = &look->volume.bricks[which];
        int failed = glusterd_volume_start_force(look->glusterd, name, START_MS, fault);

        brick->port = 0;
        while (!failed && brick->port == 0) {
                failed = glusterd_volume_ports(look->glusterd, name, TRANSACTION_MS, &look->volume, fault);
                if (failed == -FAULT_CONFLICT)
                        failed = 0; /* somebody else's turn */
                if (failed || brick->port)
                        break;
                if (clock_monotonic_ms(clock_system()) > until_ms)
                        return fault_set(fault, FAULT_TIMEOUT, "start brick %s: glusterd tells no port",
                                         brick->path);
                poll(NULL, 0, START_PAUSE_MS);
        }
        return failed;
}

/* Which of the volume's bricks is this node's of that path. */
static int find_local(const struct look *look, const char *path, size_t *which, struct fault *fault)
{
        for (*which = 0; *which < look->volume.brick_count; ++*which)
                if (is_local(look, *which) && strcmp(look->volume.bricks[*which].path, path) == 0)
                        return 0;
        return fault_set(fault, FAULT_NOT_FOUND, "restart brick: the volume has none of this path on this node");
}

/* Ends the brick, unless that was done before. */
static int brick_let_end(const char *name, struct look *look, size_t which, struct fault *fault)
{
        const char *path = look->volume.bricks[which].path;
        int failed;

        if (look->processes[which].pid == 0 && look->processes[which].older == KNOWN_ABSENT)
                return look->begun && strcmp(look->begun, path) == 0
                               ? 0
                               : fault_set(fault, FAULT_PRECONDITION,
                                           "restart brick %s: somebody else has ended it", path);
        if ((failed = look_at_others(name, look, fault)))
                return failed;
        return brick_end(name, look, which, fault);
}

int brick_restart_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_LOOK struct look look = { .glusterd = -1 };
        const char *name, *path;
        size_t which = 0;
        int failed;

        (void)context;
        (void)reply;
        if ((failed = glusterd_take_volume(request, &name, fault)))
                return failed;
        path = message_take_text(request, BRICK_PATH_MAX);
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "restart brick: not the fields of this act");
        if ((failed = look_begin(name, &look, fault)) || (failed = find_local(&look, path, &which, fault)))
                return failed;
        if (!look.volume.started)
                return fault_set(fault, FAULT_PRECONDITION, "restart brick: volume %s is not started", name);
        if ((failed = brick_let_end(name, &look, which, fault)))
                return failed;
        return brick_start(name, &look, which, fault);
}

static bool take_condition(struct message *reply, struct brick_condition *condition)
{
        uint64_t older, healed;

        gluster_take_brick(reply, &condition->brick);
        older = message_take_u64(reply);
        healed = message_take_u64(reply);
        condition->heals = message_take_u64(reply);
        condition->clients_missing = message_take_u64(reply);
        if (older > KNOWN_ABSENT || healed > KNOWN_ABSENT)
                return false;
        condition->older = (enum known)older;
        condition->healed = (enum known)healed;
        return !reply->broken;
}

static bool take_bricks(struct message *reply, struct bricks_seen *seen)
{
        uint64_t replica, quorum, count;

        replica = message_take_u64(reply);
        quorum = message_take_u64(reply);
        const char *begun = message_take_text(reply, BRICK_PATH_MAX);
        seen->begun = begun[0] ? memory_text(begun) : NULL;
        count = message_take_u64(reply);
        if (reply->broken || count > MESSAGE_BODY_MAX || replica == 0 || replica > MESSAGE_BODY_MAX ||
            quorum > INT32_MAX)
                return false;
        seen->replica = (unsigned)replica;
        seen->quorum = (unsigned)quorum;
        seen->bricks = memory_new(count + 1, sizeof *seen->bricks);
        while (seen->brick_count < count)
                if (!take_condition(reply, &seen->bricks[seen->brick_count++]))
                        return false;
        return message_is_consumed(reply);
}

int bricks_look_ask(const struct act_caller *helper, const char *volume, bool heal, struct bricks_seen *seen,
                    struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        int failed;

        message_init(&request, ACT_GLUSTERD_BRICKS_LOOK);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        message_put_u64(&request, heal);
        if ((failed = helper->call(helper->context, &request, &reply, BRICKS_LOOK_MS, fault)))
                return failed;
        if (take_bricks(&reply, seen))
                return 0;
        bricks_seen_fini(seen);
        return fault_set(fault, FAULT_MALFORMED, "look at bricks: not an answer of this helper");
}

int brick_restart_ask(const struct act_caller *helper, const char *volume, const char *path, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_GLUSTERD_BRICK_RESTART);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        message_put_text(&request, path);
        return helper->call(helper->context, &request, &reply, BRICK_RESTART_MS, fault);
}
