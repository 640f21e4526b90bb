/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/native_probe.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/gluster/brick_handshake.h"
#include "protocols/gluster/gluster_rpc.h"

#define VOLFILE_PORT 24007
#define VOLUME_NAME_MAX 255

struct attempt {
        struct native_question question;
        struct text bricks;
        int64_t until_ms;
        enum probe_verdict least, most;
        struct fault why; /* of the least open one */
        bool tried;
};

static int attempt_take(struct message *request, struct attempt *attempt, struct fault *fault)
{
        struct native_question *question = &attempt->question;
        const char *server = message_take_text(request, ADDRESS_TEXT_SIZE - 1);

        question->volume = message_take_text(request, VOLUME_NAME_MAX);
        question->subdir = message_take_text(request, EXPORT_PATH_MAX);
        text_add(&attempt->bricks, message_take_text(request, MESSAGE_BODY_MAX));
        uint64_t deadline_ms = message_take_u64(request);
        if (!message_is_consumed(request) || address_parse(server, &question->server) ||
            question->subdir[0] != '/' || deadline_ms > NATIVE_PROBE_DEADLINE_MAX_MS)
                return fault_set(fault, FAULT_MALFORMED, "try a volume: the request is malformed");
        attempt->until_ms = clock_monotonic_ms(clock_system()) + (int64_t)deadline_ms;
        return 0;
}

/* One more of those who were asked. What nobody knows is neither open nor closed, and hides no open one. */
static void attempt_note(struct attempt *attempt, enum probe_verdict verdict, const struct fault *why)
{
        if (!attempt->tried || verdict < attempt->least) {
                attempt->least = verdict;
                attempt->why = *why;
        }
        if (!attempt->tried || verdict > attempt->most)
                attempt->most = verdict;
        attempt->tried = true;
}

/* --- The volume's description ------------------------------------------------------------------------------- */

/* Whether `host` of a volfile, a literal or a name, is the storage node. */
static bool host_is(const char *host, const struct address *server)
{
        struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found = NULL;
        char literal[NI_MAXHOST];
        bool same = false;

        if (getaddrinfo(host, NULL, &wanted, &found) != 0)
                return false;
        for (const struct addrinfo *at = found; at && !same; at = at->ai_next) {
                struct address address;

                same = getnameinfo(at->ai_addr, at->ai_addrlen, literal, sizeof literal, NULL, 0,
                                   NI_NUMERICHOST) == 0 &&
                       address_parse(literal, &address) == 0 && address_equal(&address, server);
        }
        freeaddrinfo(found);
        return same;
}

/* What one "volume" of the text says, as far as it is a brick. */
struct brick_lines {
        char *path, *host, *port;
};

static void brick_lines_fini(struct brick_lines *brick)
{
        free(brick->path);
        free(brick->host);
        free(brick->port);
        *brick = (struct brick_lines){ 0 };
}

static void brick_take_option(struct brick_lines *brick, const char *line)
{
        const struct {
                const char *key;
                char **value;
        } options[] = { { "option remote-subvolume ", &brick->path },
                        { "option remote-host ", &brick->host },
                        { "option remote-port ", &brick->port } };

        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (strncmp(line, options[i].key, strlen(options[i].key)) == 0) {
                        free(*options[i].value);
                        *options[i].value = memory_text(line + strlen(options[i].key));
                }
}

static bool line_is_credential(const char *line)
{
        return strncmp(line, "option username", strlen("option username")) == 0 ||
               strncmp(line, "option password", strlen("option password")) == 0;
}

int native_bricks_read(const char *volfile, const struct address *server, struct text *bricks, struct fault *fault)
{
        AUTO_FREE char *copy = memory_text(volfile);
        struct brick_lines brick = { 0 };
        char *rest = NULL;
        bool credential = false;

        for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                line += strspn(line, " \t");
                credential = credential || line_is_credential(line);
                brick_take_option(&brick, line);
                if (strcmp(line, "end-volume") != 0)
                        continue;
                if (brick.path && brick.host && host_is(brick.host, server))
                        text_addf(bricks, "%s %s\n", brick.port ? brick.port : "0", brick.path);
                brick_lines_fini(&brick);
        }
        brick_lines_fini(&brick);
        if (credential)
                return fault_set(fault, FAULT_INVALID, "read the volume's description: it holds a credential");
        if (bricks->length == 0)
                return fault_set(fault, FAULT_INVALID,
                                 "read the volume's description: it names no brick on this node");
        return 0;
}

static enum probe_verdict description_judge(struct attempt *attempt, const struct gluster_answer *answer,
                                            struct fault *why)
{
        if (answer->op_ret < 0 || !answer->sentence || answer->sentence[0] == '\0') {
                fault_set(why, FAULT_FORBIDDEN, "ask for the description of volume %s: it is not given out",
                          attempt->question.volume);
                return PROBE_REFUSED;
        }
        text_clear(&attempt->bricks);
        if (native_bricks_read(answer->sentence, &attempt->question.server, &attempt->bricks, why) != 0)
                return PROBE_UNKNOWN;
        return PROBE_LET_IN;
}

/* The port of a brick whose description has none, from whoever gave the description: as clients do. */
static int port_ask(int socket, const char *path, int64_t until_ms, int32_t *port, struct fault *why)
{
        const struct gluster_procedure port_by_brick = {
                .program = 34123456, .version = 1, .number = 1, .key = path, .is_portmap = true
        };
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        int failed = gluster_rpc_call(socket, &port_by_brick, &dict, until_ms, &answer, why);

        if (!failed && (answer.op_ret < 0 || answer.port <= 0 || answer.port > UINT16_MAX))
                failed =
                        fault_set(why, FAULT_UNAVAILABLE, "ask for the port of brick %s: it is not running", path);
        *port = answer.port;
        return failed;
}

/* Fills in the ports that the description left out. */
static enum probe_verdict ports_ask(struct attempt *attempt, int socket, struct fault *why)
{
        AUTO_FREE char *lines = memory_text(text_get(&attempt->bricks));
        char *rest = NULL;

        text_clear(&attempt->bricks);
        for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                const char *path = strchr(line, ' ') + 1;
                int32_t port = (int32_t)strtoul(line, NULL, 10);

                if (port == 0 && port_ask(socket, path, attempt->until_ms, &port, why) != 0)
                        return PROBE_UNKNOWN;
                text_addf(&attempt->bricks, "%" PRId32 " %s\n", port, path);
        }
        return PROBE_LET_IN;
}

/* Whom gatehouse-volfiled does not know it hangs up on. */
static enum probe_verdict description_ask(struct attempt *attempt, struct fault *why)
{
        AUTO_FREE char *key = memory_format("/%s", attempt->question.volume);
        const struct gluster_procedure get_spec = {
                .program = 14398633, .version = 2, .number = 2, .has_sentence = true, .has_flags = true, .key = key
        };
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        AUTO_CLOSE int socket =
                gluster_rpc_connect(&attempt->question.server, VOLFILE_PORT, attempt->until_ms, why);

        if (socket < 0)
                return socket == -FAULT_UNAVAILABLE ? PROBE_CLOSED : PROBE_UNKNOWN;
        int failed = gluster_rpc_call(socket, &get_spec, &dict, attempt->until_ms, &answer, why);
        if (failed)
                return failed == -FAULT_UNAVAILABLE ? PROBE_REFUSED : PROBE_UNKNOWN;
        enum probe_verdict described = description_judge(attempt, &answer, why);
        return described == PROBE_LET_IN ? ports_ask(attempt, socket, why) : described;
}

/* --- Bricks ------------------------------------------------------------------------------------------------- */

static void brick_try(struct attempt *attempt, const char *port, const char *path)
{
        static const enum probe_verdict verdicts[] = {
                [BRICK_UNKNOWN] = PROBE_UNKNOWN, [BRICK_CLOSED] = PROBE_CLOSED,   [BRICK_REFUSED] = PROBE_REFUSED,
                [BRICK_MISSING] = PROBE_LET_IN,  [BRICK_ADMITTED] = PROBE_LET_IN,
        };
        const struct brick_question question = {
                .address = attempt->question.server,
                .port = (uint16_t)strtoul(port, NULL, 10),
                .brick_path = path,
                .volume = attempt->question.volume,
                .subdir = attempt->question.subdir,
                .until_ms = attempt->until_ms,
        };
        struct fault why = { 0 };
        enum brick_answer answer = brick_ask(&question, &why);

        attempt_note(attempt, verdicts[answer], &why);
}

static void bricks_try(struct attempt *attempt)
{
        AUTO_FREE char *lines = memory_text(text_get(&attempt->bricks));
        char *rest = NULL;

        for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                char *path = strchr(line, ' ');

                if (!path)
                        continue;
                *path++ = '\0';
                brick_try(attempt, line, path);
        }
}

static int native_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct attempt attempt = { 0 };
        struct fault why = { 0 };
        int failed = attempt_take(request, &attempt, fault);

        (void)context;
        if (!failed) {
                enum probe_verdict described = description_ask(&attempt, &why);

                attempt_note(&attempt, described, &why);
                bricks_try(&attempt);
                message_put_u64(reply, attempt.least);
                message_put_u64(reply, attempt.most);
                message_put_text(reply, text_get(&attempt.bricks));
                message_put_u64(reply, attempt.why.code);
                message_put_text(reply, attempt.why.text);
        }
        text_fini(&attempt.bricks);
        return failed;
}

const struct act native_probe_acts[] = {
        { .number = ACT_WORKER_NATIVE_PROBE,
          .name = "native.probe",
          .reason = "a brick that is stopped in the middle of a handshake never answers",
          .deadline_ms = NATIVE_PROBE_DEADLINE_MAX_MS,
          .run = native_run },
        { 0 },
};
