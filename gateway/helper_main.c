/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehouse-helper: the acts that take privilege, and nothing else. Joins the tables of protocols/, keeps the
 * capabilities that they name, and serves the daemon's user until it is told to stop.
 */
#include <assert.h>
#include <getopt.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon.h"
#include "protocols/files/local_files.h"
#include "protocols/firewall/closed_ruleset.h"
#include "protocols/firewall/firewall_acts.h"
#include "protocols/firewall/firewall_root.h"
#include "protocols/gluster/glusterd_acts.h"
#include "protocols/probe/probe_acts.h"
#include "protocols/probe/probe_place.h"

#define DEFAULT_SOCKET GATEHOUSE_RUNTIMEDIR "-helper/helper.sock"
#define DEFAULT_USER "gatehouse"
#define CLOSED_RULESET GATEHOUSE_ACCESSDIR "/" CLOSED_RULESET_NAME
#define ACTS_MAX 32

static int version_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "tell the version: the request has fields");
        message_put_text(reply, GATEHOUSE_VERSION);
        return 0;
}

static const struct act helper_acts[] = {
        { .number = ACT_HELPER_VERSION,
          .name = "helper.version",
          .reason = "none is needed",
          .deadline_ms = 1000,
          .run = version_run },
        { 0 },
};

static const struct act *const tables[] = { helper_acts, files_acts, glusterd_acts, firewall_acts, probe_acts };

static struct act acts[ACTS_MAX + 1];

static void acts_join(void)
{
        size_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                for (const struct act *act = tables[i]; act->run; act++) {
                        assert(count < ACTS_MAX);
                        acts[count++] = *act;
                }
}

static void usage_print(FILE *out)
{
        fputs("Usage: gatehouse-helper [--socket PATH] [--user NAME]\n"
              "       gatehouse-helper --firewall-closed | --firewall-show | --firewall-off [--dry-run] |\n"
              "                        --firewall-on [--dry-run]\n"
              "Does for gatehoused what takes privilege, out of a closed list; runs as root.\n\n"
              "  --socket PATH   listen on PATH instead of " DEFAULT_SOCKET "\n"
              "  --user NAME     serve user NAME instead of " DEFAULT_USER "\n"
              "  --firewall-closed  load the last packet filter, without any client, and end\n"
              "  --firewall-off  take the packet filter away, keep it away until --firewall-on, and end\n"
              "  --firewall-on   let gatehoused put the packet filter in place again, and end\n"
              "  --firewall-show  list whom the packet filter lets through, and end\n"
              "  --dry-run       of the two: change nothing, list what would go and come, and end\n"
              "  --acts          list the acts, the capabilities of each as a mask, and why; and end\n"
              "  --help          this text\n"
              "  --version       the version\n\n"
              "Exit status: 0 ended as told, 1 failed to start or run, 2 wrong usage.\n"
              "See gatehouse-helper(8).\n",
              out);
}

static void acts_print(void)
{
        for (const struct act *act = acts; act->run; act++)
                printf("%u %s %016llx %s\n", act->number, act->name, (unsigned long long)act->capabilities,
                       act->reason);
}

struct options {
        const char *socket;
        const char *user;
        char task; /* 0 = serve; 'c', 'o', 'n', 'w': the firewall closed, off, on, shown */
        bool dry_run;
};

/* -1 = go on; otherwise the exit status. */
static int options_read(int argc, char **argv, struct options *options)
{
        static const struct option table[] = {
                { "socket", required_argument, NULL, 's' },
                { "user", required_argument, NULL, 'u' },
                { "acts", no_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { "firewall-closed", no_argument, NULL, 'c' },
                { "firewall-off", no_argument, NULL, 'o' },
                { "firewall-on", no_argument, NULL, 'n' },
                { "firewall-show", no_argument, NULL, 'w' },
                { "dry-run", no_argument, NULL, 'd' },
                { NULL, 0, NULL, 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
                switch (option) {
                case 's':
                        options->socket = optarg;
                        break;
                case 'u':
                        options->user = optarg;
                        break;
                case 'c':
                case 'o':
                case 'n':
                case 'w':
                        options->task = (char)option;
                        break;
                case 'd':
                        options->dry_run = true;
                        break;
                case 'a':
                        acts_print();
                        return 0;
                case 'h':
                        usage_print(stdout);
                        return 0;
                case 'v':
                        puts("gatehouse-helper " GATEHOUSE_VERSION);
                        return 0;
                default:
                        usage_print(stderr);
                        return 2;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "gatehouse-helper: %s: no argument is expected\n", argv[optind]);
                return 2;
        }
        if (options->dry_run && options->task != 'o' && options->task != 'n') {
                fputs("gatehouse-helper: --dry-run goes with --firewall-off or --firewall-on\n", stderr);
                return 2;
        }
        return -1;
}

/* The socket that the service manager passed in, or one of our own. */
static int listener_open(const struct options *options, uid_t client_uid, struct fault *fault)
{
        int listener = -1;
        struct daemon_place place = { DAEMON_CHANNEL, &listener, .most = 1 };
        int failed = daemon_sockets_inherit(&place, 1, "one listening AF_UNIX SOCK_SEQPACKET socket is", fault);

        if (failed)
                return failed;
        return listener >= 0 ? listener : privilege_listen(options->socket, client_uid, fault);
}

/* The kernel takes the probe place back by itself, once the last worker in it has ended; its links go at once. */
static void probe_place_end(void)
{
        struct fault fault = { 0 };

        if (privilege_raise(UINT64_C(1) << CAP_NET_ADMIN, &fault) || probe_place_remove(&fault))
                log_warning("take the probe place away: %s", fault.text);
}

static int helper_run(const struct options *options, struct fault *fault)
{
        const struct passwd *user = getpwnam(options->user);
        AUTO_CLOSE int listener = -1, stop_fd = -1;
        int failed;

        if (!user)
                return fault_set(fault, FAULT_INVALID, "serve user %s: there is no such user", options->user);
        if ((stop_fd = daemon_stop_signals(fault)) < 0)
                return stop_fd;
        if ((listener = listener_open(options, user->pw_uid, fault)) < 0)
                return listener;
        if ((failed = privilege_keep_only(acts, fault)))
                return failed;
        probe_place_configure(user->pw_uid, user->pw_gid, GATEHOUSE_LIBEXECDIR "/gatehouse-worker");
        daemon_sandbox_enter(SANDBOX_HELPER);
        log_notice("gatehouse-helper " GATEHOUSE_VERSION " serves user %s", options->user);
        sd_notify(0, "READY=1");
        failed = privilege_serve(listener, stop_fd, user->pw_uid, acts, NULL, fault);
        sd_notify(0, "STOPPING=1");
        probe_place_end();
        log_notice("gatehouse-helper ends");
        return failed;
}

/* Prints what `tell` has to tell. */
static int firewall_tell(int (*tell)(struct text *text, struct fault *fault), struct fault *fault)
{
        AUTO_TEXT struct text shown = { 0 };
        int failed = tell(&shown, fault);

        fputs(text_get(&shown), stdout);
        return failed;
}

/* With all that root has: no other process is there to ask, at the start of the machine. */
static int firewall_task_run(const struct options *options, struct fault *fault)
{
        int failed;

        daemon_sandbox_enter(SANDBOX_HELPER);
        if (options->dry_run)
                return firewall_tell(options->task == 'o' ? firewall_off_foretell : firewall_on_foretell, fault);
        switch (options->task) {
        case 'c':
                if ((failed = firewall_load_closed(CLOSED_RULESET, fault)) == -FAULT_PRECONDITION)
                        failed = 0; /* as root has said */
                else if (!failed)
                        log_notice("the storage ports are closed to all but storage nodes");
                return failed;
        case 'o':
                if (!(failed = firewall_off(fault)))
                        log_notice("the packet filter is taken away, and stays so until --firewall-on");
                return failed;
        case 'n':
                if (!(failed = firewall_on(fault)))
                        log_notice("gatehoused may put the packet filter in place again");
                return failed;
        default:
                return firewall_tell(firewall_show, fault);
        }
}

int main(int argc, char **argv)
{
        struct options options = { .socket = DEFAULT_SOCKET, .user = DEFAULT_USER };
        struct fault fault = { 0 };

        acts_join();
        int status = options_read(argc, argv, &options);
        if (status >= 0)
                return status;
        log_open("gatehouse-helper", LOG_LEVEL_INFO);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD,
               SIG_IGN); /* workers in the probe place are the daemon's to watch: the kernel buries them */
        umask(0022);
        if (options.task ? firewall_task_run(&options, &fault) : helper_run(&options, &fault)) {
                log_error("%s", fault.text);
                return 1;
        }
        return 0;
}
