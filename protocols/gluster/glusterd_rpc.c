/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/glusterd_rpc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/glusterd_answer.h"

#define BRICKS_MAX 100000   /* more than any volume has */
#define CLIENTS_MAX 1000000 /* connections of one brick */

static const struct gluster_procedure list_friends = {
        .program = GLUSTERD_PROGRAM,
        .version = GLUSTERD_PROGRAM_VERSION,
        .number = 3,
        .has_flags = true,
        .flags = 2 /* LIST_POOL_NODES */
};
static const struct gluster_procedure get_volume = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 5,
                                                     .has_sentence = true };
static const struct gluster_procedure start_volume = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 8,
                                                       .has_sentence = true };
static const struct gluster_procedure set_volume = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 12,
                                                     .has_sentence = true };
static const struct gluster_procedure status_volume = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 27,
                                                        .has_sentence = true };
static const struct gluster_procedure get_option = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 41,
                                                     .has_sentence = true };

int glusterd_open(const char *socket_path, struct fault *fault)
{
        AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int opened;

        if (fd < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "connect to glusterd");
        if (strlen(socket_path) >= sizeof address.sun_path)
                return fault_set(fault, FAULT_INVALID, "connect to glusterd: the path %s is too long",
                                 socket_path);
        memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
        if (connect(fd, (struct sockaddr *)&address, sizeof address))
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "connect to glusterd at %s", socket_path);
        opened = fd;
        fd = -1;
        return opened;
}

int glusterd_call(int socket, const struct gluster_procedure *procedure, const struct gluster_dict *dict,
                  int deadline_ms, struct gluster_answer *answer, struct fault *fault)
{
        return gluster_rpc_call(socket, procedure, dict, clock_monotonic_ms(clock_system()) + deadline_ms, answer,
                                fault);
}

int glusterd_answer_cut(struct fault *fault)
{
        return fault_set(fault, FAULT_INTERNAL, "call glusterd: something is missing from its answer");
}

const char *glusterd_answer_find(const struct gluster_answer *answer, const char *format, ...)
{
        char key[64];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(key, sizeof key, format, arguments);
        va_end(arguments);
        return answer->dict ? gluster_dict_find(answer->dict, answer->dict_length, key) : NULL;
}

bool glusterd_answer_number(const char *text, uint64_t most, uint64_t *value)
{
        char *end;

        *value = 0;
        if (!text || *text < '0' || *text > '9')
                return false;
        errno = 0;
        *value = strtoull(text, &end, 10);
        return errno == 0 && *end == '\0' && *value <= most;
}

/* What glusterd's refusal means. The words are those of glusterd-syncop.c, glusterd-handler.c and glusterd-mgmt.c.
 */
int glusterd_answer_refusal(const struct gluster_answer *answer, const char *what, const char *volume,
                            struct fault *fault)
{
        const char *sentence = answer->sentence && answer->sentence[0] ? answer->sentence : "no reason given";
        bool busy = strstr(sentence, "nother transaction") || strstr(sentence, "Locking failed");

        return fault_set(fault, busy ? FAULT_CONFLICT : FAULT_INVALID, "%s %s: glusterd says: %s", what, volume,
                         sentence);
}

int glusterd_volume_set(int socket, const char *volume, const struct glusterd_option *options, size_t count,
                        int deadline_ms, struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        char key[32], number[32];
        int failed;

        gluster_dict_add(&dict, "volname", volume);
        for (size_t i = 0; i < count; i++) {
                if (strlen(options[i].key) + strlen(options[i].value) + 2 > GLUSTERD_VALUE_MAX)
                        return fault_set(fault, FAULT_INVALID, "set option %s of %s: more than %d bytes",
                                         options[i].key, volume, GLUSTERD_VALUE_MAX);
                snprintf(key, sizeof key, "key%zu", i + 1);
                gluster_dict_add(&dict, key, options[i].key);
                snprintf(key, sizeof key, "value%zu", i + 1);
                gluster_dict_add(&dict, key, options[i].value);
        }
        snprintf(number, sizeof number, "%zu", 2 * count);
        gluster_dict_add(&dict, "count", number);
        failed = glusterd_call(socket, &set_volume, &dict, deadline_ms, &answer, fault);
        if (!failed && answer.op_ret != 0)
                failed = glusterd_answer_refusal(&answer, "set options of", volume, fault);
        return failed;
}

static void clients_free(struct glusterd_brick *brick)
{
        for (size_t i = 0; i < brick->client_count; i++)
                free(brick->clients[i]);
        free(brick->clients);
        brick->clients = NULL;
        brick->client_count = 0;
}

void glusterd_volume_fini(struct glusterd_volume *volume)
{
        for (size_t i = 0; i < volume->brick_count; i++) {
                free(volume->bricks[i].host);
                free(volume->bricks[i].path);
                clients_free(&volume->bricks[i]);
        }
        for (size_t i = 0; i < volume->option_count; i++) {
                free(volume->options[i].key);
                free(volume->options[i].value);
        }
        free(volume->bricks);
        free(volume->options);
        free(volume->heal_daemons);
        *volume = (struct glusterd_volume){ 0 };
}

/* Takes an id into its place; false for what is none. */
static bool id_take(const char *text, char id[NODE_ID_SIZE])
{
        if (!text || strlen(text) != NODE_ID_SIZE - 1)
                return false;
        memcpy(id, text, NODE_ID_SIZE);
        return true;
}

/* "volume0.brickN" = "host:/path", N from 1. The path begins at the first ":/", so that a host may be IPv6. */
static int bricks_take(const struct gluster_answer *answer, struct glusterd_volume *seen, struct fault *fault)
{
        uint64_t count;

        if (!glusterd_answer_number(glusterd_answer_find(answer, "volume0.brick_count"), BRICKS_MAX, &count))
                return glusterd_answer_cut(fault);
        seen->bricks = memory_new(count, sizeof *seen->bricks);
        for (uint64_t i = 0; i < count; i++) {
                const char *brick = glusterd_answer_find(answer, "volume0.brick%" PRIu64, i + 1);
                const char *path = brick ? strstr(brick, ":/") : NULL;

                if (!path)
                        return glusterd_answer_cut(fault);
                seen->bricks[i].host = memory_format("%.*s", (int)(path - brick), brick);
                seen->bricks[i].path = memory_text(path + 1);
                seen->brick_count++;
                if (!id_take(glusterd_answer_find(answer, "volume0.brick%" PRIu64 ".uuid", i + 1),
                             seen->bricks[i].node))
                        return glusterd_answer_cut(fault);
        }
        return 0;
}

static void option_take(void *context, const char *key, const char *value)
{
        static const char prefix[] = "volume0.option.";
        struct glusterd_volume *seen = context;

        if (strncmp(key, prefix, sizeof prefix - 1) != 0)
                return;
        seen->options = memory_resize(seen->options, seen->option_count + 1, sizeof *seen->options);
        seen->options[seen->option_count].key = memory_text(key + sizeof prefix - 1);
        seen->options[seen->option_count].value = memory_text(value);
        seen->option_count++;
}

int glusterd_volume_get(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                        struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        const char *id;
        uint64_t count = 0, status = 0, replica = 0;
        int failed;

        gluster_dict_add(&dict, "volname", volume);
        gluster_dict_add(&dict, "flags", "2"); /* GF_CLI_GET_VOLUME */
        failed = glusterd_call(socket, &get_volume, &dict, deadline_ms, &answer, fault);
        if (failed)
                return failed;
        if (answer.op_ret != 0 && answer.sentence && strstr(answer.sentence, "does not exist"))
                return 0;
        if (answer.op_ret != 0)
                return glusterd_answer_refusal(&answer, "observe volume", volume, fault);
        if (!glusterd_answer_number(glusterd_answer_find(&answer, "count"), 1, &count) || count == 0)
                return 0;
        id = glusterd_answer_find(&answer, "volume0.volume_id");
        if (!glusterd_answer_number(glusterd_answer_find(&answer, "volume0.status"), UINT32_MAX, &status) || !id ||
            strlen(id) != ACCESS_VOLUME_ID_SIZE - 1)
                return glusterd_answer_cut(fault);
        memcpy(seen->id, id, ACCESS_VOLUME_ID_SIZE);
        seen->started = status == 1; /* GLUSTERD_STATUS_STARTED */
        seen->exists = true;
        glusterd_answer_number(glusterd_answer_find(&answer, "volume0.replica_count"), BRICKS_MAX, &replica);
        seen->replica = replica > 1 ? (unsigned)replica : 1;
        gluster_dict_each(answer.dict, answer.dict_length, option_take, seen);
        return bricks_take(&answer, seen, fault);
}

const char *glusterd_volume_option(const struct glusterd_volume *seen, const char *key)
{
        for (size_t i = 0; i < seen->option_count; i++)
                if (strcmp(seen->options[i].key, key) == 0)
                        return seen->options[i].value;
        return NULL;
}

struct glusterd_brick *glusterd_brick_find(struct glusterd_volume *seen, const char *host, const char *path)
{
        for (size_t i = 0; host && path && i < seen->brick_count; i++)
                if (strcmp(seen->bricks[i].host, host) == 0 && strcmp(seen->bricks[i].path, path) == 0)
                        return &seen->bricks[i];
        return NULL;
}

/* A self-heal daemon stands in the list of bricks, with its node for a path. Rows of other services are passed
 * over, as is one of no node. */
static void daemon_take(const struct gluster_answer *answer, uint64_t i, const char *host,
                        struct glusterd_volume *seen)
{
        const char *node = glusterd_answer_find(answer, "brick%" PRIu64 ".peerid", i);
        struct glusterd_heal_daemon daemon = { 0 };
        uint64_t online = 0;

        if (!host || strcmp(host, "Self-heal Daemon") != 0 || !id_take(node, daemon.node))
                return;
        daemon.online =
                glusterd_answer_number(glusterd_answer_find(answer, "brick%" PRIu64 ".status", i), 1, &online) &&
                online;
        seen->heal_daemons =
                memory_resize(seen->heal_daemons, seen->heal_daemon_count + 1, sizeof *seen->heal_daemons);
        seen->heal_daemons[seen->heal_daemon_count++] = daemon;
}

/* Asks `volume status` with `command` (GF_CLI_STATUS_* of cli1-xdr.x) and hands each brick that is told of to
 * `take`, with its number in the answer. */
static int status_ask(int socket, const char *volume, const char *command, int deadline_ms,
                      struct glusterd_volume *seen,
                      bool (*take)(const struct gluster_answer *answer, uint64_t i, struct glusterd_brick *brick),
                      struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        uint64_t last = 0, others = 0;
        int failed;

        gluster_dict_add(&dict, "volname", volume);
        gluster_dict_add(&dict, "cmd", command);
        failed = glusterd_call(socket, &status_volume, &dict, deadline_ms, &answer, fault);
        if (failed)
                return failed;
        if (answer.op_ret != 0)
                return glusterd_answer_refusal(&answer, "ask for the bricks of", volume, fault);
        if (!glusterd_answer_number(glusterd_answer_find(&answer, "brick-index-max"), BRICKS_MAX, &last))
                return glusterd_answer_cut(fault);
        glusterd_answer_number(glusterd_answer_find(&answer, "other-count"), BRICKS_MAX, &others);
        for (uint64_t i = 0; i <= last + others; i++) {
                const char *host = glusterd_answer_find(&answer, "brick%" PRIu64 ".hostname", i);
                const char *path = glusterd_answer_find(&answer, "brick%" PRIu64 ".path", i);
                struct glusterd_brick *brick = glusterd_brick_find(seen, host, path);

                if (!brick)
                        daemon_take(&answer, i, host, seen);
                else if (!take(&answer, i, brick))
                        return glusterd_answer_cut(fault);
        }
        return 0;
}

/* The port and the process of a brick that is online. */
static bool port_take(const struct gluster_answer *answer, uint64_t i, struct glusterd_brick *brick)
{
        uint64_t port, online, pid;

        if (!glusterd_answer_number(glusterd_answer_find(answer, "brick%" PRIu64 ".port", i), 65535, &port) ||
            !glusterd_answer_number(glusterd_answer_find(answer, "brick%" PRIu64 ".status", i), 1, &online) ||
            !online)
                return true;
        brick->port = (uint16_t)port;
        brick->pid =
                glusterd_answer_number(glusterd_answer_find(answer, "brick%" PRIu64 ".pid", i), INT32_MAX, &pid)
                        ? (int)pid
                        : 0;
        return true;
}

int glusterd_volume_ports(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                          struct fault *fault)
{
        seen->heal_daemon_count = 0;
        return status_ask(socket, volume, "256" /* VOL */, deadline_ms, seen, port_take, fault);
}

static int text_order(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each is told as "address:port"; a brick that has none, or is not online, is told without a number of them. */
static bool clients_take(const struct gluster_answer *answer, uint64_t i, struct glusterd_brick *brick)
{
        uint64_t count;

        clients_free(brick);
        if (!glusterd_answer_number(glusterd_answer_find(answer, "brick%" PRIu64 ".clientcount", i), CLIENTS_MAX,
                                    &count))
                return true;
        brick->clients = memory_new(count + 1, sizeof *brick->clients);
        while (brick->client_count < count) {
                const char *client = glusterd_answer_find(answer, "brick%" PRIu64 ".client%zu.hostname", i,
                                                          brick->client_count);
                const char *port = client ? strrchr(client, ':') : NULL;

                if (!port)
                        return false;
                brick->clients[brick->client_count++] = memory_format("%.*s", (int)(port - client), client);
        }
        qsort(brick->clients, brick->client_count, sizeof *brick->clients, text_order);
        return true;
}

int glusterd_volume_clients(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                            struct fault *fault)
{
        return status_ask(socket, volume, "2" /* CLIENTS */, deadline_ms, seen, clients_take, fault);
}

int glusterd_volume_start_force(int socket, const char *volume, int deadline_ms, struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        int failed;

        gluster_dict_add(&dict, "volname", volume);
        gluster_dict_add(&dict, "flags", "1"); /* GF_CLI_FLAG_OP_FORCE */
        failed = glusterd_call(socket, &start_volume, &dict, deadline_ms, &answer, fault);
        if (!failed && answer.op_ret != 0)
                failed = glusterd_answer_refusal(&answer, "start the bricks of", volume, fault);
        return failed;
}

void glusterd_pool_fini(struct glusterd_pool *pool)
{
        for (size_t i = 0; i < pool->count; i++)
                free(pool->nodes[i].name);
        free(pool->nodes);
        free(pool->connected);
        *pool = (struct glusterd_pool){ 0 };
}

const struct pool_node *glusterd_pool_self(const struct glusterd_pool *pool)
{
        for (size_t i = 0; i < pool->count; i++)
                if (pool->nodes[i].local)
                        return &pool->nodes[i];
        return NULL;
}

/* "friendN.uuid" and "friendN.hostname", N from 1. glusterd calls itself localhost, and probes nobody of that
 * name. */
static int pool_take(const struct gluster_answer *answer, uint64_t count, struct glusterd_pool *pool,
                     struct fault *fault)
{
        pool->nodes = memory_new(count, sizeof *pool->nodes);
        pool->connected = memory_new(count, sizeof *pool->connected);
        while (pool->count < count) {
                uint64_t connected;
                struct pool_node *node = &pool->nodes[pool->count];
                const char *name = glusterd_answer_find(answer, "friend%zu.hostname", pool->count + 1);

                if (!name || !id_take(glusterd_answer_find(answer, "friend%zu.uuid", pool->count + 1), node->id))
                        return glusterd_answer_cut(fault);
                node->name = memory_text(name);
                node->local = strcmp(name, "localhost") == 0;
                pool->connected[pool->count] =
                        node->local || (glusterd_answer_number(glusterd_answer_find(answer, "friend%zu.connected",
                                                                                    pool->count + 1),
                                                               1, &connected) &&
                                        connected);
                pool->count++;
        }
        return glusterd_pool_self(pool) ? 0 : glusterd_answer_cut(fault);
}

int glusterd_pool_get(int socket, int deadline_ms, struct glusterd_pool *pool, struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict nothing = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        uint64_t count = 0;
        int failed = glusterd_call(socket, &list_friends, &nothing, deadline_ms, &answer, fault);

        if (failed)
                return failed;
        if (answer.op_ret != 0)
                return glusterd_answer_refusal(&answer, "list the pool of", "this node", fault);
        if (!glusterd_answer_number(glusterd_answer_find(&answer, "count"), BRICKS_MAX, &count))
                return glusterd_answer_cut(fault);
        return pool_take(&answer, count, pool, fault);
}

/* `volume get all cluster.op-version`, which glusterd answers by itself, without a word to the rest of the pool;
 * cluster.max-op-version is a transaction. */
int glusterd_op_version_get(int socket, int deadline_ms, uint32_t *op_version, struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        uint64_t said = 0;

        gluster_dict_add(&dict, "volname", "all");
        gluster_dict_add(&dict, "key", "cluster.op-version");
        int failed = glusterd_call(socket, &get_option, &dict, deadline_ms, &answer, fault);
        if (failed)
                return failed;
        if (answer.op_ret != 0)
                return glusterd_answer_refusal(&answer, "ask for the op-version of", "this node", fault);
        if (!glusterd_answer_number(glusterd_answer_find(&answer, "value1"), UINT32_MAX, &said))
                return glusterd_answer_cut(fault);
        *op_version = (uint32_t)said;
        return 0;
}
