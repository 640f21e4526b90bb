/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The handshake of a brick, SETVOLUME (GlusterFS 10, xlators/protocol/server/src/server-handshake.c), looks at the
 * access list first and at the directory afterwards. An admitted client's answer carries "process-uuid", also
 * when the directory is then not found; without that key the same ENOENT means that the brick itself is not there.
 */
#include "protocols/gluster/brick_handshake.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/gluster_rpc.h"

static const struct gluster_procedure set_volume = { .program = 14398633, .version = 2, .number = 1 };

/* What a brick wants to know of a client. Numbers travel as decimal strings. */
static void introduction_fill(const struct brick_question *question, struct gluster_dict *dict)
{
        static unsigned calls;

        gluster_dict_add(dict, "remote-subvolume", question->brick_path);
        gluster_dict_add(dict, "subdir-mount", question->subdir);
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

static enum brick_answer answer_judge(const struct gluster_answer *answer, const struct brick_question *question,
                                      struct fault *why)
{
        const char *error = gluster_dict_find(answer->dict, answer->dict_length, "ERROR");
        bool admitted = gluster_dict_find(answer->dict, answer->dict_length, "process-uuid") != NULL;

        if (answer->op_ret >= 0)
                return BRICK_ADMITTED;
        if (answer->op_errno == ENOENT && admitted)
                return BRICK_MISSING;
        fault_set_errno(why, FAULT_UNAVAILABLE, answer->op_errno, "ask brick %s of volume %s: it says \"%s\"",
                        question->brick_path, question->volume, error ? error : "");
        return answer->op_errno == EACCES ? BRICK_REFUSED : BRICK_UNKNOWN;
}

/* Closing shall reset the connection: nothing is under way when the probe is done, and no port of this node stays
 * in TIME_WAIT for a minute after each of a hundred thousand probes. */
static void reset_on_close(int socket)
{
        struct linger linger = { .l_onoff = 1, .l_linger = 0 };

        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

enum brick_answer brick_ask(const struct brick_question *question, struct fault *why)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        AUTO_CLOSE int socket = gluster_rpc_connect(&question->address, question->port, question->until_ms, why);

        if (socket < 0)
                return socket == -FAULT_UNAVAILABLE ? BRICK_CLOSED : BRICK_UNKNOWN;
        reset_on_close(socket);
        introduction_fill(question, &dict);
        if (gluster_rpc_call(socket, &set_volume, &dict, question->until_ms, &answer, why))
                return BRICK_UNKNOWN;
        return answer_judge(&answer, question, why);
}
