/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehouse-volfiled: what native clients reach instead of glusterd. Joins the service of protocols/gluster to its
 * sockets, gives up every privilege, and goes round one loop until it is told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "auth/privilege.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon.h"
#include "protocols/gluster/volfile_publish.h"

#define DEFAULT_LISTEN "0.0.0.0:24107"
#define DEFAULT_CONTROL GATEHOUSE_RUNTIMEDIR "-volfiled/control.sock"
#define DEFAULT_USER "gatehouse"
#define DEFAULT_RUN_AS "gatehouse-volfiled"
#define BACKLOG 1024
#define CONTROLS_MAX 4
#define FILES_MAX 8192 /* descriptors */
#define CONTROL_SEND_MS 1000

struct options {
        const char *listen, *control, *user, *run_as;
};

static void usage_print(FILE *out)
{
        fputs("Usage: gatehouse-volfiled [--listen ADDRESS:PORT] [--control PATH] [--user NAME] [--run-as NAME]\n"
              "Answers native GlusterFS clients in place of glusterd, without any privilege.\n\n"
              "  --listen ADDRESS:PORT  answer clients there instead of " DEFAULT_LISTEN
              "; [ADDRESS]:PORT for IPv6\n"
              "  --control PATH  take what to serve on PATH instead of " DEFAULT_CONTROL "\n"
              "  --user NAME     take it from user NAME, and root, instead of " DEFAULT_USER "\n"
              "  --run-as NAME   become user NAME, when started by root, instead of " DEFAULT_RUN_AS "\n"
              "  --help          this text\n"
              "  --version       the version\n\n"
              "Exit status: 0 ended as told, 1 failed to start or run, 2 wrong usage.\n"
              "See gatehouse-volfiled(8).\n",
              out);
}

/* -1 = go on; otherwise the exit status. */
static int options_read(int argc, char **argv, struct options *options)
{
        static const struct option table[] = {
                { "listen", required_argument, NULL, 'l' },
                { "control", required_argument, NULL, 'c' },
                { "user", required_argument, NULL, 'u' },
                { "run-as", required_argument, NULL, 'r' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
                switch (option) {
                case 'l':
                        options->listen = optarg;
                        break;
                case 'c':
                        options->control = optarg;
                        break;
                case 'u':
                        options->user = optarg;
                        break;
                case 'r':
                        options->run_as = optarg;
                        break;
                case 'h':
                        usage_print(stdout);
                        return 0;
                case 'v':
                        puts("gatehouse-volfiled " GATEHOUSE_VERSION);
                        return 0;
                default:
                        usage_print(stderr);
                        return 2;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "gatehouse-volfiled: %s: no argument is expected\n", argv[optind]);
                return 2;
        }
        return -1;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT". 0, or -1. */
static int place_parse(const char *text, struct address *address, uint16_t *port)
{
        const char *colon = strrchr(text, ':');
        char host[ADDRESS_TEXT_SIZE + 2];
        char *start = host, *end;

        if (!colon || (size_t)(colon - text) >= sizeof host || colon[1] < '0' || colon[1] > '9')
                return -1;
        unsigned long number = strtoul(colon + 1, &end, 10);
        memcpy(host, text, (size_t)(colon - text));
        host[colon - text] = '\0';
        size_t length = strlen(host);
        if (host[0] == '[' && host[length - 1] == ']') {
                host[length - 1] = '\0';
                start++;
        }
        if (*end != '\0' || number == 0 || number > UINT16_MAX || address_parse(start, address) != 0)
                return -1;
        *port = (uint16_t)number;
        return (start > host) == (address->family == ADDRESS_V6) ? 0 : -1;
}

static int clients_listen(const char *place, struct fault *fault)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        struct address address;
        uint16_t port;

        if (place_parse(place, &address, &port) != 0)
                return fault_set(fault, FAULT_INVALID, "listen on %s: ADDRESS:PORT is expected", place);
        bool is_v6 = address.family == ADDRESS_V6;
        AUTO_CLOSE int listener =
                socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        v4.sin_port = v6.sin6_port = htons(port);
        memcpy(&v4.sin_addr, address.bytes, sizeof v4.sin_addr);
        memcpy(&v6.sin6_addr, address.bytes, sizeof v6.sin6_addr);
        if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
            bind(listener, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                 is_v6 ? sizeof v6 : sizeof v4) < 0 ||
            listen(listener, BACKLOG) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", place);
        int taken = listener;
        listener = -1;
        return taken;
}

struct listeners {
        int clients, control;
};

/* The sockets that the service manager passed in; -1 for what is not among them. */
static int listeners_inherit(struct listeners *listeners, struct fault *fault)
{
        struct daemon_place places[] = { { DAEMON_CHANNEL, &listeners->control, .most = 1 },
                                         { DAEMON_TCP, &listeners->clients, .most = 1 } };
        int failed = daemon_sockets_inherit(
                places, ARRAY_SIZE(places),
                "one listening TCP socket and one listening AF_UNIX SOCK_SEQPACKET socket are", fault);

        if (!failed && ((places[0].count > 0 && fcntl(listeners->control, F_SETFL, O_NONBLOCK) < 0) ||
                        (places[1].count > 0 && fcntl(listeners->clients, F_SETFL, O_NONBLOCK) < 0)))
                failed = fault_set_errno(fault, FAULT_INTERNAL, errno, "take the sockets passed in");
        return failed;
}

static int listeners_open(const struct options *options, uid_t client_uid, struct listeners *listeners,
                          struct fault *fault)
{
        int failed = listeners_inherit(listeners, fault);

        if (failed)
                return failed;
        if (listeners->clients < 0 && (listeners->clients = clients_listen(options->listen, fault)) < 0)
                return listeners->clients;
        if (listeners->control < 0 &&
            (listeners->control = privilege_listen(options->control, client_uid, fault)) < 0)
                return listeners->control;
        return 0;
}

static void limits_set(void)
{
        struct rlimit files, none = { 0, 0 };

        setrlimit(RLIMIT_CORE, &none);
        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return;
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
}

static void control_accept(int listener, uid_t client_uid, struct pollfd *controls)
{
        const struct timeval wait = { .tv_usec = CONTROL_SEND_MS * 1000 % 1000000,
                                      .tv_sec = CONTROL_SEND_MS / 1000 };
        AUTO_CLOSE int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        struct ucred peer;
        socklen_t size = sizeof peer;

        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return;
        if (peer.uid != client_uid && peer.uid != 0) {
                log_warning("connection refused: user %u may not say what is served", peer.uid);
                return;
        }
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        for (int i = 0; i < CONTROLS_MAX; i++)
                if (controls[i].fd < 0) {
                        controls[i].fd = fd;
                        fd = -1;
                        return;
                }
        log_warning("connection refused: %d others say what is served already", CONTROLS_MAX);
}

static void control_serve(struct pollfd *control, struct volfile_service *service)
{
        struct fault fault = { 0 };

        if (!control->revents || !act_serve_one(control->fd, volfiled_acts, service, NULL, &fault))
                return;
        if (fault.code != FAULT_UNAVAILABLE)
                log_warning("control connection closed: %s", fault.text);
        close(control->fd);
        control->fd = -1;
}

/* Until `stop_fd` is readable. */
static int volfiled_loop(struct volfile_service *service, int control, int stop_fd, uid_t client_uid,
                         struct fault *fault)
{
        enum { STOP, CLIENTS, CONTROL, CONTROLS, COUNT = CONTROLS + CONTROLS_MAX };
        struct pollfd polls[COUNT];

        for (int i = 0; i < COUNT; i++)
                polls[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
        polls[STOP].fd = stop_fd;
        polls[CLIENTS].fd = volfile_service_fd(service);
        polls[CONTROL].fd = control;
        for (;;) {
                if (poll(polls, COUNT, volfile_service_wait_ms(service)) < 0 && errno != EINTR)
                        return fault_set_errno(fault, FAULT_INTERNAL, errno, "wait for clients");
                if (polls[STOP].revents)
                        break;
                for (int i = CONTROLS; i < COUNT; i++)
                        control_serve(&polls[i], service);
                if (polls[CONTROL].revents)
                        control_accept(control, client_uid, polls + CONTROLS);
                volfile_service_turn(service);
        }
        for (int i = CONTROLS; i < COUNT; i++)
                memory_auto_close(&polls[i].fd);
        return 0;
}

static int volfiled_run(const struct options *options, struct fault *fault)
{
        const struct passwd *user = getpwnam(options->user);
        struct listeners listeners = { -1, -1 };
        AUTO_CLOSE int stop_fd = -1;
        int failed;

        if (!user)
                return fault_set(fault, FAULT_INVALID, "serve user %s: there is no such user", options->user);
        uid_t client_uid = user->pw_uid;
        if ((stop_fd = daemon_stop_signals(fault)) < 0)
                return stop_fd;
        if ((failed = listeners_open(options, client_uid, &listeners, fault)) ||
            (failed = daemon_user_find(options->run_as, &user, fault)) ||
            (failed = daemon_user_become(user, fault)) || (failed = privilege_drop_all(fault)))
                return failed;
        limits_set();
        daemon_sandbox_enter(SANDBOX_VOLFILED);
        struct volfile_service *service =
                volfile_service_new(listeners.clients, &volfile_limits_default, clock_system(), fault);
        if (!service)
                return -(int)fault->code;
        log_notice("gatehouse-volfiled " GATEHOUSE_VERSION " answers clients as it is told by user %s",
                   options->user);
        sd_notify(0, "READY=1");
        failed = volfiled_loop(service, listeners.control, stop_fd, client_uid, fault);
        sd_notify(0, "STOPPING=1");
        volfile_service_free(service);
        close(listeners.control);
        log_notice("gatehouse-volfiled ends");
        return failed;
}

int main(int argc, char **argv)
{
        struct options options = { DEFAULT_LISTEN, DEFAULT_CONTROL, DEFAULT_USER, DEFAULT_RUN_AS };
        struct fault fault = { 0 };
        int status = options_read(argc, argv, &options);

        if (status >= 0)
                return status;
        log_open("gatehouse-volfiled", LOG_LEVEL_INFO);
        signal(SIGPIPE, SIG_IGN);
        umask(0077);
        if (volfiled_run(&options, &fault)) {
                log_error("%s", fault.text);
                return 1;
        }
        return 0;
}
