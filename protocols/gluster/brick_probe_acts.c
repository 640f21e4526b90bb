/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The handshake of a brick, SETVOLUME (GlusterFS 10, xlators/protocol/server/src/server-handshake.c), looks at the
 * access list first and at the directory afterwards. An admitted client's answer carries "process-uuid", also
 * when the directory is then not found; without that key the same ENOENT means that the brick itself is not there.
 */
#include "protocols/gluster/brick_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/gluster_rpc.h"

#define DEADLINE_MAX_MS 60000
#define BRICK_PATH_MAX 4095
#define VOLUME_NAME_MAX 255

static const struct gluster_procedure set_volume = { .program = 14398633, .version = 2, .number = 1 };

struct canary_question {
        struct address address;
        uint16_t port;
        const char *brick_path;
        const char *volume;
        uint64_t generation;
        int deadline_ms;
};

static int question_take(struct message *request, struct canary_question *question, struct fault *fault)
{
        const char *address = message_take_text(request, ADDRESS_TEXT_SIZE - 1);
        uint64_t port = message_take_u64(request);

        question->brick_path = message_take_text(request, BRICK_PATH_MAX);
        question->volume = message_take_text(request, VOLUME_NAME_MAX);
        question->generation = message_take_u64(request);
        uint64_t deadline_ms = message_take_u64(request);
        if (!message_is_consumed(request) || address_parse(address, &question->address) || port > UINT16_MAX ||
            deadline_ms > DEADLINE_MAX_MS || question->brick_path[0] != '/')
                return fault_set(fault, FAULT_MALFORMED, "ask a brick: the request is malformed");
        question->port = (uint16_t)port;
        question->deadline_ms = (int)deadline_ms;
        return 0;
}

/* What a brick wants to know of a client. Numbers travel as decimal strings. */
static void introduction_fill(const struct canary_question *question, struct gluster_dict *dict)
{
        static unsigned calls;
        char canary[ACCESS_CANARY_SIZE];

        gluster_dict_add(dict, "remote-subvolume", question->brick_path);
        gluster_dict_add(dict, "subdir-mount", access_list_canary(question->generation, canary));
        /* Bricks keep what belongs to a client under this name, so no two probes share one. */
        gluster_dict_addf(dict, "process-uuid", "gatehouse-probe-%d-%u-%" PRId64, (int)getpid(), calls++,
                          clock_wall_ms(clock_system()));
        gluster_dict_add(dict, "process-name", "gatehouse-worker");
        gluster_dict_add(dict, "client-version", GATEHOUSE_VERSION);
        gluster_dict_add(dict, "fops-version",
                         "1298437"); /* the one program number that bricks of 3.3 to 11 take */
        gluster_dict_add(dict, "mgmt-version", "0");
        gluster_dict_add(dict, "opversion", "100000"); /* of GlusterFS 10.0 */
        gluster_dict_add(dict, "clnt-lk-version", "1");
}

/* The verdict that a brick's answer is; the cause of an unknown one goes to `why`. */
static enum known answer_judge(const struct gluster_answer *answer, const struct canary_question *question,
                               struct fault *why)
{
        const char *error = gluster_dict_find(answer->dict, answer->dict_length, "ERROR");
        bool admitted = gluster_dict_find(answer->dict, answer->dict_length, "process-uuid") != NULL;

        if (answer->op_ret >= 0 || (answer->op_errno == ENOENT && admitted))
                return KNOWN_PRESENT;
        if (answer->op_errno == EACCES)
                return KNOWN_ABSENT;
        fault_set_errno(why, FAULT_UNAVAILABLE, answer->op_errno, "ask brick %s of volume %s: it says \"%s\"",
                        question->brick_path, question->volume, error ? error : "");
        return KNOWN_UNKNOWN;
}

/* Closing shall reset the connection: nothing is under way when the probe is done, and no port of this node stays
 * in TIME_WAIT for a minute after each of a hundred thousand probes. */
static void reset_on_close(int socket)
{
        struct linger linger = { .l_onoff = 1, .l_linger = 0 };

        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static enum known canary_ask(const struct canary_question *question, struct fault *why)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + question->deadline_ms;
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        AUTO_CLOSE int socket = -1;

        if (question->port == 0) {
                fault_set(why, FAULT_UNAVAILABLE, "ask brick %s of volume %s: it is not running",
                          question->brick_path, question->volume);
                return KNOWN_UNKNOWN;
        }
        socket = gluster_rpc_connect(&question->address, question->port, until_ms, why);
        if (socket < 0)
                return KNOWN_UNKNOWN;
        reset_on_close(socket);
        introduction_fill(question, &dict);
        if (gluster_rpc_call(socket, &set_volume, &dict, until_ms, &answer, why))
                return KNOWN_UNKNOWN;
        return answer_judge(&answer, question, why);
}

static int canary_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct canary_question question;
        struct fault why = { 0 };
        int failed = question_take(request, &question, fault);

        (void)context;
        if (failed)
                return failed;
        message_put_u64(reply, canary_ask(&question, &why));
        message_put_text(reply, why.text);
        return 0;
}

const struct act brick_probe_acts[] = {
        { .number = ACT_WORKER_BRICK_CANARY,
          .name = "brick.canary",
          .reason = "a brick that is stopped in the middle of a handshake never answers",
          .deadline_ms = DEADLINE_MAX_MS,
          .run = canary_run },
        { 0 },
};
