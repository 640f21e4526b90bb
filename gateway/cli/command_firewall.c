/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The packet filter of this storage node. Nothing of it goes through the gateway: it must work when that is down,
 * and only root of the node may open it. The helper's own options do the work.
 */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/session.h"

#define HELPER GATEHOUSE_LIBEXECDIR "/gatehouse-helper"

extern char **environ;

/* Runs the helper with one option, and --dry-run where that is given, as root; its output is the command's. */
static int helper_run(struct session *session, const struct invocation *invocation, const char *option)
{
        char program[] = HELPER, word[32], dry_run[] = "--dry-run";
        char *const arguments[] = { program, word, session->dry_run ? dry_run : NULL, NULL };
        int error, status;
        pid_t child;

        if (invocation_option(invocation, "url") || session->json)
                return session_usage(session,
                                     "firewall is about the node that it is typed on, and prints no JSON");
        if (geteuid() != 0) {
                fprintf(session->err,
                        "gatehouse: the packet filter of this node is root's: sudo gatehouse firewall %s\n",
                        invocation->command->verb);
                return EXIT_NOT_ALLOWED;
        }
        snprintf(word, sizeof word, "%s", option);
        fflush(session->out);
        if ((error = posix_spawn(&child, program, NULL, NULL, arguments, environ)) != 0) {
                fprintf(session->err, "gatehouse: run %s: %s\n", program, strerror(error));
                return EXIT_REFUSED;
        }
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return EXIT_REFUSED;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_DONE : EXIT_REFUSED;
}

static int firewall_off(struct session *session, const struct invocation *invocation)
{
        int exit_code = helper_run(session, invocation, "--firewall-off");

        if (exit_code == EXIT_DONE && session->dry_run)
                fputs("Nothing was changed. With the filter off, whoever reaches the storage ports of this node "
                      "is "
                      "answered by the servers themselves.\n",
                      session->out);
        else if (exit_code == EXIT_DONE)
                fputs("The packet filter of this node is off: whoever reaches its storage ports is answered by "
                      "the servers "
                      "themselves.\nIt stays off, over restarts, until: gatehouse firewall on\n",
                      session->out);
        return exit_code;
}

static int firewall_on(struct session *session, const struct invocation *invocation)
{
        int exit_code = helper_run(session, invocation, "--firewall-on");

        if (exit_code == EXIT_DONE && session->dry_run)
                fputs("Nothing was changed. With the filter on, only storage nodes and whom a grant names "
                      "(gatehouse grant list EXPORT) get through; others that are connected are cut off.\n",
                      session->out);
        else if (exit_code == EXIT_DONE)
                fputs("gatehoused puts the packet filter in place within seconds, or at its next start.\n",
                      session->out);
        return exit_code;
}

static int firewall_show(struct session *session, const struct invocation *invocation)
{
        return helper_run(session, invocation, "--firewall-show");
}

static const struct command_option firewall_options[] = { DRY_RUN_OPTION, { 0 } };

const struct command firewall_commands[] = {
        { "firewall", "show", NULL, "List whom this node's packet filter lets in", NULL, firewall_show },
        { "firewall", "off", NULL, "Take this node's packet filter away", firewall_options, firewall_off },
        { "firewall", "on", NULL, "Let it be put in place again", firewall_options, firewall_on },
        { 0 },
};
