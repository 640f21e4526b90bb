/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asks for what diagnosis.h judges: the gateway, if it answers, and on the gateway's own machine also what can be
 * seen without it. Each question has a deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/settings.h"
#include "cli/commands.h"
#include "cli/diagnosis.h"
#include "cli/program.h"
#include "cli/session.h"

#define ASK_S 10      /* the gateway, for each of three questions */
#define RUN_MS 5000   /* gatehoused --check-config, systemctl */
#define TOUCH_MS 2000 /* a TCP connection on this machine */
#define GLUSTERD_PORT 24007

#define CONFIGURATION GATEHOUSE_SYSCONFDIR "/gatehouse.conf"
#define DAEMON GATEHOUSE_SBINDIR "/gatehoused"

/* Without the final newline, its lines parted by "; ". */
static char *one_line(const struct text *said)
{
        char *line = memory_text(text_get(said));
        size_t length = strlen(line);

        while (length > 0 && line[length - 1] == '\n')
                line[--length] = '\0';
        for (char *at = line; *at; at++)
                if (*at == '\n')
                        *at = ';';
        return line;
}

static void config_look(struct diagnosis *diagnosis, const char *path)
{
        char *const words[] = { memory_text(DAEMON), memory_text("--config"), memory_text(path),
                                memory_text("--check-config"), NULL };
        AUTO_TEXT struct text said = { 0 };
        struct fault fault = { 0 };
        int status = 0;

        if (access(path, R_OK) != 0 && errno == EACCES)
                diagnosis_note(diagnosis, HOP_CONFIG, HOP_NOT_CHECKED,
                               memory_format("%s may not be read by this user; try as root", path));
        else if (program_run(words, RUN_MS, &said, &status, &fault) != 0)
                diagnosis_note(diagnosis, HOP_CONFIG, HOP_NOT_CHECKED, memory_text(fault.text));
        else if (status != 0)
                diagnosis_note(diagnosis, HOP_CONFIG, HOP_BROKEN, one_line(&said));
        else
                diagnosis_note(diagnosis, HOP_CONFIG, HOP_OK, memory_text(path));
        for (size_t i = 0; words[i]; i++)
                free(words[i]);
}

/* The folder of the store, out of the configuration as far as that can be read. Caller frees. */
static char *state_dir_get(const char *path)
{
        struct {
                char *state_dir;
        } read = { 0 };
        static const struct setting table[] = {
                { .key = "state_dir", .type = SETTING_PATH, .preset = GATEHOUSE_STATEDIR }, { 0 }
        };
        AUTO_TEXT struct text others = { 0 }; /* keys that are not asked for, and what config_look has told */

        settings_load(table, &read, path, &others);
        return read.state_dir;
}

/* What can be said of the store when nobody can be asked about it. */
static void store_look(struct diagnosis *diagnosis, const char *path)
{
        AUTO_FREE char *folder = state_dir_get(path);
        AUTO_FREE char *file = memory_format("%s/gatehouse.db", folder);
        struct stat seen;

        if (stat(file, &seen) == 0)
                diagnosis_note(diagnosis, HOP_STORE, HOP_OK,
                               memory_format("%s is there; the gateway alone looks inside", file));
        else if (errno == EACCES)
                diagnosis_note(diagnosis, HOP_STORE, HOP_NOT_CHECKED,
                               memory_format("%s may not be read by this user; try as root", folder));
        else if (stat(folder, &seen) != 0)
                diagnosis_note(diagnosis, HOP_STORE, HOP_BROKEN, memory_format("%s: %s", folder, strerror(errno)));
        else
                diagnosis_note(diagnosis, HOP_STORE, HOP_NOT_CHECKED,
                               memory_format("%s holds no store yet; gatehoused makes it when it starts", folder));
}

/* "; the unit gatehoused.service is failed", or nothing where no service manager tells. Caller frees. */
static char *unit_state(void)
{
        char *const words[] = { memory_text("systemctl"), memory_text("is-active"),
                                memory_text("gatehoused.service"), NULL };
        AUTO_TEXT struct text said = { 0 };
        struct fault fault = { 0 };
        struct stat seen;
        int status = 0;
        bool asked =
                stat("/run/systemd/system", &seen) == 0 && program_run(words, RUN_MS, &said, &status, &fault) == 0;
        AUTO_FREE char *state = one_line(&said);

        for (size_t i = 0; words[i]; i++)
                free(words[i]);
        return asked && state[0] ? memory_format("; the unit gatehoused.service is %s", state) : memory_text("");
}

/* Whether nobody listens on a port of this machine. Anything else, silence included, says nothing. */
static bool port_refuses(uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd ready = { .fd = fd, .events = POLLOUT };
        socklen_t size = sizeof(int);
        int error = 0;

        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
                return false;
        if (errno != EINPROGRESS)
                return errno == ECONNREFUSED;
        return poll(&ready, 1, TOUCH_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
               error == ECONNREFUSED;
}

/* The gateway looks at glusterd once in a while; whether it is there at all can be seen at once. */
static void glusterd_look(struct diagnosis *diagnosis)
{
        if (diagnosis->findings[HOP_GLUSTERD].state == HOP_OK && port_refuses(GLUSTERD_PORT))
                diagnosis_note(diagnosis, HOP_GLUSTERD, HOP_BROKEN,
                               memory_format("nobody listens on port %d of this machine", GLUSTERD_PORT));
}

/* An answer that may be had or not; NULL unless it is a 200 (or the health's 503). The caller drops it. */
static json_t *ask(struct session *session, const char *path, struct fault *fault)
{
        const struct call call = { .method = "GET", .path = path, .deadline_s = ASK_S };
        AUTO_ANSWER struct answer answer = { 0 };

        if (session->caller.perform(session->caller.context, &call, &answer, fault) != 0)
                return NULL;
        if (answer.status == 200 || (answer.status == 503 && json_object_get(answer.body, "backends")))
                return json_incref(answer.body);
        fault_set(fault, FAULT_UNAVAILABLE, "GET %s is answered with status %d", path, answer.status);
        return NULL;
}

static void gateway_ask(struct session *session, struct diagnosis *diagnosis, bool local, const char *path)
{
        struct fault fault = { 0 }, unknown = { 0 };
        json_t *health = ask(session, "/healthz", &fault), *drift = NULL, *verification = NULL;

        if (health) {
                drift = ask(session, "/v1/drift", &unknown);
                verification = ask(session, "/v1/verification", &unknown);
                diagnosis_judge(diagnosis, health, drift, verification, clock_wall_ms(clock_system()));
        } else {
                AUTO_FREE char *unit = local ? unit_state() : memory_text("");

                diagnosis_note(diagnosis, HOP_DAEMON, HOP_BROKEN, memory_format("%s%s", fault.text, unit));
        }
        if (local && health)
                glusterd_look(diagnosis);
        if (local && !health)
                store_look(diagnosis, path);
        json_decref(health);
        json_decref(drift);
        json_decref(verification);
}

static int doctor(struct session *session, const struct invocation *invocation)
{
        AUTO_DIAGNOSIS struct diagnosis diagnosis = { 0 };
        const char *path = invocation_option(invocation, "config") ?: CONFIGURATION;
        AUTO_TEXT struct text text = { 0 };

        if (session->local)
                config_look(&diagnosis, path);
        else
                diagnosis_note(&diagnosis, HOP_CONFIG, HOP_NOT_CHECKED,
                               memory_text("the gateway is another machine's (--url)"));
        gateway_ask(session, &diagnosis, session->local, path);
        diagnosis_settle(&diagnosis);
        if (session->json) {
                json_t *shown = diagnosis_to_json(&diagnosis);

                session_print_json(session, shown);
                json_decref(shown);
        } else {
                diagnosis_show(&diagnosis, session->colour, &text);
                fputs(text_get(&text), session->out);
        }
        return diagnosis_is_broken(&diagnosis) ? EXIT_REFUSED : EXIT_DONE;
}

static const struct command_option doctor_options[] = {
        { "config", "FILE", "gatehoused's configuration, instead of " CONFIGURATION, false },
        { 0 },
};

const struct command doctor_commands[] = {
        { "doctor", NULL, NULL,
          "Find out which hop between the configuration and a client is broken, and say what to do",
          doctor_options, doctor },
        { 0 },
};
