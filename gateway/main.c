/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehoused: joins the layers. Reads the configuration, gives up what it does not need, opens the store, starts
 * the reconciler and the API, and waits to be told to stop.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "api_sockets.h"
#include "auth/pool_key.h"
#include "auth/privilege.h"
#include "base/log.h"
#include "base/memory.h"
#include "configuration.h"
#include "daemon.h"
#include "enforce_only.h"
#include "reconcile/drift_event.h"
#include "reconcile/reconcile.h"
#include "reconcile/task_keeper.h"
#include "reconcile/verification_event.h"
#include "rest/server.h"
#include "rest/tls.h"
#include "world.h"

#define DEFAULT_CONFIGURATION GATEHOUSE_SYSCONFDIR "/gatehouse.conf"
#define HEALTH_INTERVAL_S 5

/* Everything that runs; torn down in the reverse order. */
struct gateway {
        struct configuration configuration;
        struct api_sockets sockets;
        gid_t operator_gid;
        struct status *status;
        struct latency *latency;
        struct drift *drift;
        struct writer *writer;
        struct world world;
        struct rest_server *rest;
        struct task_keeper *tasks;
        char storage_node[HOST_NAME_MAX + 1];
        pthread_mutex_t reconcile_lock;
        struct reconcile *reconcile; /* under its lock, as the next: commits wake them while they come and go */
        struct inventory_watch *inventory;
};

static void usage_print(FILE *out)
{
        fputs("Usage: gatehoused [--config FILE] [--enforce-only] [--check-config | --make-pool-key]\n"
              "The export gateway of a Shared Storage node: keeps exports, answers the API, drives the "
              "servers.\n\n"
              "  --config FILE    read FILE instead of " DEFAULT_CONFIGURATION "\n"
              "  --enforce-only   be a member of the Gluster pool: enforce what the node enforce_for decides\n"
              "  --check-config   say whether the configuration is right, certificate and key too, and end\n"
              "  --make-pool-key  make the key that the nodes of the pool share, and end\n"
              "  --help           this text\n"
              "  --version        the version\n\n"
              "Exit status: 0 ended as told, 1 failed to start or run, 2 wrong usage or configuration.\n"
              "See gatehoused(8) and gatehouse.conf(5).\n",
              out);
}

/* What the command line asks for. */
struct options {
        const char *configuration;
        bool check_only;
        bool enforce_only;
        bool make_key;
};

/* -1 = go on; otherwise the exit status. */
static int options_read(int argc, char **argv, struct options *options)
{
        static const struct option table[] = {
                { "config", required_argument, NULL, 'c' },
                { "check-config", no_argument, NULL, 'k' },
                { "enforce-only", no_argument, NULL, 'e' },
                { "make-pool-key", no_argument, NULL, 'm' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
                switch (option) {
                case 'c':
                        options->configuration = optarg;
                        break;
                case 'k':
                        options->check_only = true;
                        break;
                case 'e':
                        options->enforce_only = true;
                        break;
                case 'm':
                        options->make_key = true;
                        break;
                case 'h':
                        usage_print(stdout);
                        return 0;
                case 'v':
                        puts("gatehoused " GATEHOUSE_VERSION);
                        return 0;
                default:
                        usage_print(stderr);
                        return 2;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "gatehoused: %s: no argument is expected\n", argv[optind]);
                return 2;
        }
        return -1;
}

/* Makes `path` for `user` when it is missing. */
static int folder_make(const char *path, mode_t mode, const struct passwd *user, struct fault *fault)
{
        if (mkdir(path, mode) < 0 && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make folder %s", path);
        if (lchown(path, user->pw_uid, user->pw_gid) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "give folder %s to %s", path, user->pw_name);
        return 0;
}

/* Root, or what the service manager has left of it, becomes the user that this runs as, without any privilege.
 * Root itself (started by hand, not by systemd) makes its folders first. */
static int privilege_give_up(const struct configuration *configuration, struct fault *fault)
{
        const struct passwd *user;
        int failed = daemon_user_find(configuration->user, &user, fault);

        if (!failed && user)
                failed = folder_make(configuration->state_dir, 0700, user, fault)
                                 ?: folder_make(configuration->runtime_dir, 0755, user, fault);
        if (failed || (failed = daemon_user_become(user, fault)))
                return failed;
        return privilege_drop_all(fault);
}

static void published(void *context)
{
        struct gateway *gateway = context;
        AUTO_SHARED const struct snapshot *newest = writer_snapshot(gateway->writer);

        status_note_committed(gateway->status, newest->revision);
        pthread_mutex_lock(&gateway->reconcile_lock);
        reconcile_wake(gateway->reconcile);
        inventory_watch_wake(gateway->inventory);
        pthread_mutex_unlock(&gateway->reconcile_lock);
}

static const struct snapshot *newest_snapshot(void *context)
{
        return writer_snapshot(((struct gateway *)context)->writer);
}

static int store_start(struct gateway *gateway, struct fault *fault)
{
        const struct trail_limits limits = { .age_ms = gateway->configuration.events_keep_ms,
                                             .most = (uint64_t)gateway->configuration.events_most };
        struct store *store = NULL;
        int failed = store_sqlite_open(gateway->configuration.state_dir, &store, fault);

        if (!failed)
                failed = writer_new(store, clock_system(), published, gateway, &gateway->writer, fault);
        if (!failed) {
                writer_limit_trail(gateway->writer, &limits);
                writer_time_commits(gateway->writer, gateway->latency);
                gateway->drift = drift_new(clock_system(), drift_event_write, gateway->writer);
        }
        status_note_backend(gateway->status, BACKEND_STORE, failed ? fault : NULL);
        if (!failed)
                gateway->tasks = task_keeper_new(gateway->writer, gateway->status, clock_system());
        return failed;
}

/* Who changes nothing tells no member to change anything. */
static int pool_open(struct gateway *gateway, struct fault *fault)
{
        const struct configuration *configuration = &gateway->configuration;

        if (configuration->reconcile == RECONCILE_OBSERVE)
                return 0;
        return world_open_pool(&gateway->world, configuration, fault);
}

static int reconcile_open(struct gateway *gateway, struct fault *fault)
{
        const struct reconcile_world world = {
                .drift = gateway->drift,
                .observe = gateway->configuration.reconcile == RECONCILE_OBSERVE,
                .canary_client = world_canary_client(&gateway->configuration),
                .snapshot = newest_snapshot,
                .snapshot_context = gateway,
                .status = gateway->status,
                .clock = clock_system(),
                .nfs = &gateway->world.nfs,
                .gluster = &gateway->world.gluster,
                .files = &gateway->world.files,
                .health = &gateway->world.health,
                .firewall = gateway->world.firewall,
                .door = gateway->world.door,
                .pool = gateway->world.pool,
                .interval_ms = gateway->configuration.reconcile_interval_ms,
                .restart_bricks = gateway->configuration.brick_restart == BRICK_RESTART_AUTO,
                .probe = gateway->world.probe,
                .verify_interval_ms = gateway->configuration.verify_interval_ms,
                .verification_changed = verification_event_write,
                .verification_context = gateway->writer,
                .storage_node = gateway->storage_node,
        };
        struct reconcile *reconcile = NULL;
        int failed = reconcile_start(&world, &reconcile, fault);

        pthread_mutex_lock(&gateway->reconcile_lock);
        gateway->reconcile = reconcile;
        pthread_mutex_unlock(&gateway->reconcile_lock);
        return failed;
}

static int inventory_open(struct gateway *gateway, struct fault *fault)
{
        const struct configuration *configuration = &gateway->configuration;
        const struct inventory_ages ages = { .warn_ms = configuration->inventory_warn_ms,
                                             .most_ms = configuration->inventory_max_age_ms,
                                             .suspend = configuration->inventory_expired ==
                                                        INVENTORY_EXPIRY_SUSPEND };
        struct inventory_watch *watch = NULL;
        int failed = inventory_watch_new(gateway->writer, gateway->status, clock_system(), &ages, &watch, fault);

        pthread_mutex_lock(&gateway->reconcile_lock);
        gateway->inventory = watch;
        pthread_mutex_unlock(&gateway->reconcile_lock);
        return failed;
}

static int rest_open(struct gateway *gateway, struct fault *fault)
{
        const struct configuration *configuration = &gateway->configuration;
        const struct rest_context context = {
                .writer = gateway->writer,
                .status = gateway->status,
                .latency = gateway->latency,
                .drift = gateway->drift,
                .inventory = gateway->inventory,
                .files = &gateway->world.files,
                .firewall = gateway->world.firewall,
                .verify = reconcile_verify(gateway->reconcile),
                .storages = reconcile_storage_watch(gateway->reconcile),
                .clock = clock_system(),
                .operator_gid = gateway->operator_gid,
                .cors_origins = configuration->cors_origin,
                .path_check_timeout_ms = (int)configuration->path_check_timeout_ms,
                .limits = { .connections = (unsigned)configuration->max_connections,
                            .connections_per_address = (unsigned)configuration->max_connections_per_address,
                            .request_timeout_s = (unsigned)((configuration->request_timeout_ms + 999) / 1000) },
                .tls = gateway->sockets.tls,
                .listeners = gateway->sockets.listeners,
                .listener_count = gateway->sockets.count,
        };

        return rest_start(&context, &gateway->rest, fault);
}

static int gateway_start(struct gateway *gateway, struct fault *fault)
{
        const struct configuration *configuration = &gateway->configuration;
        const struct protocol_facts facts = { .default_platform_version = configuration->platform_version,
                                              .known_stacks = (const char *const *)configuration->known_stacks };
        const struct group *group = getgrnam(configuration->socket_group);
        int failed;

        if (!group)
                return fault_set(fault, FAULT_INVALID, "find group %s (socket_group): there is no such group",
                                 configuration->socket_group);
        gateway->operator_gid = group->gr_gid;
        if ((failed = privilege_give_up(configuration, fault)))
                return failed;
        if (gethostname(gateway->storage_node, sizeof gateway->storage_node) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read the name of this machine");
        if ((failed = api_sockets_open(&gateway->sockets, configuration, gateway->operator_gid, fault)))
                return failed;
        daemon_sandbox_enter(SANDBOX_GATEHOUSED); /* the first thread is that of status */
        gateway->status = status_new(clock_system());
        gateway->world.latency = gateway->latency = latency_new();
        status_set_facts(gateway->status, &facts);
        api_sockets_look(&gateway->sockets, gateway->status);
        if ((failed = store_start(gateway, fault)) ||
            (failed = world_open(&gateway->world, configuration, fault)) || (failed = pool_open(gateway, fault)) ||
            (failed = world_open_probe(&gateway->world, configuration, fault)) ||
            (failed = reconcile_open(gateway, fault)) || (failed = inventory_open(gateway, fault)))
                return failed;
        return rest_open(gateway, fault);
}

static void gateway_stop(struct gateway *gateway)
{
        struct reconcile *reconcile;
        struct inventory_watch *inventory;

        rest_stop(gateway->rest);
        pthread_mutex_lock(&gateway->reconcile_lock);
        reconcile = gateway->reconcile;
        inventory = gateway->inventory;
        gateway->reconcile = NULL;
        gateway->inventory = NULL;
        pthread_mutex_unlock(&gateway->reconcile_lock);
        inventory_watch_free(inventory);
        reconcile_stop(reconcile);
        if (gateway->tasks)
                task_keeper_look(gateway->tasks);
        writer_free(gateway->writer);
        task_keeper_free(gateway->tasks);
        drift_free(gateway->drift);
        status_free(gateway->status);
        world_close(&gateway->world);
        latency_free(gateway->latency);
        tls_free(gateway->sockets.tls);
        pthread_mutex_destroy(&gateway->reconcile_lock);
        configuration_fini(&gateway->configuration);
}

static void helper_look(struct gateway *gateway)
{
        struct fault fault = { 0 };

        world_ask_helper(&gateway->world, &fault);
        status_note_backend(gateway->status, BACKEND_HELPER, fault.code == FAULT_UNAVAILABLE ? &fault : NULL);
}

/* Until told to stop; tells the service manager's watchdog that it lives. */
static void signals_await(struct gateway *gateway, const sigset_t *signals)
{
        for (;;) {
                const struct timespec pause = { .tv_sec = HEALTH_INTERVAL_S };
                int number;

                helper_look(gateway);
                api_sockets_look(&gateway->sockets, gateway->status);
                task_keeper_look(gateway->tasks);
                number = sigtimedwait(signals, NULL, &pause);
                sd_notify(0, "WATCHDOG=1");
                if (number == SIGTERM || number == SIGINT)
                        return;
                if (number == SIGHUP)
                        api_sockets_renew(&gateway->sockets, gateway->status);
        }
}

static int gateway_run(struct gateway *gateway, const sigset_t *signals)
{
        struct fault fault = { 0 };

        if (gateway_start(gateway, &fault) != 0) {
                log_error("start: %s", fault.text);
                return 1;
        }
        log_notice("gatehoused " GATEHOUSE_VERSION " answers");
        sd_notify(0, "READY=1");
        signals_await(gateway, signals);
        sd_notify(0, "STOPPING=1");
        log_notice("gatehoused ends");
        return 0;
}

/* What --enforce-only asks for: the same start, and then no store, no API. */
static int member_run(struct gateway *gateway, const sigset_t *signals)
{
        const struct configuration *configuration = &gateway->configuration;
        struct fault fault = { 0 };
        int failed;

        if (!(failed = privilege_give_up(configuration, &fault)))
                daemon_sandbox_enter(SANDBOX_GATEHOUSED);
        if (failed || (failed = world_open(&gateway->world, configuration, &fault)) ||
            (failed = world_open_probe(&gateway->world, configuration, &fault)) ||
            (failed = enforce_only_run(configuration, &gateway->world, signals, &fault)))
                log_error("start: %s", fault.text);
        world_close(&gateway->world);
        configuration_fini(&gateway->configuration);
        return failed ? 1 : 0;
}

/* A new key for the pool, that gatehoused can read. */
static int pool_key_new(const struct configuration *configuration)
{
        const struct passwd *user = geteuid() == 0 ? getpwnam(configuration->user) : NULL;
        struct fault fault = { 0 };

        if (pool_key_make(configuration->pool_key, user ? user->pw_uid : (uid_t)-1, &fault) != 0) {
                fprintf(stderr, "gatehoused: %s\n", fault.text);
                return 1;
        }
        printf("%s: made; copy it to every member, for its gatehoused alone to read\n", configuration->pool_key);
        return 0;
}

/* Adds what start-up would find wrong with the certificate and the key, as the user that it runs as: what root may
 * read is not what the daemon may. */
static int files_check(const struct options *options, const struct configuration *configuration,
                       struct text *problems)
{
        const char *path = options->configuration;
        struct fault fault = { 0 };
        const struct passwd *user;
        int failed = daemon_user_find(configuration->user, &user, &fault) ?: daemon_user_become(user, &fault);

        if (failed)
                text_addf(problems, "%s: user: %s\n", path, fault.text);
        if (options->enforce_only) /* it has no API */
                return failed;
        return api_sockets_check(configuration, path, clock_wall_ms(clock_system()), problems) ?: failed;
}

/* Whether the file, the command line and what both name are right: all that is wrong at once. 0, or the exit
 * status. */
static int configuration_read(const struct options *options, struct configuration *configuration)
{
        AUTO_TEXT struct text problems = { 0 };
        int failed = configuration_load(options->configuration, configuration, &problems);

        if (options->enforce_only && !configuration->enforce_for[0]) {
                text_addf(&problems,
                          "%s: enforce_for: --enforce-only needs the address of the node that decides\n",
                          options->configuration);
                failed = -1;
        }
        if (options->check_only)
                failed = files_check(options, configuration, &problems) ?: failed;
        fputs(text_get(&problems), stderr);
        return failed ? 2 : 0;
}

/* What needs no daemon; -1 = go on. */
static int configuration_task(const struct options *options, const struct configuration *configuration)
{
        if (options->check_only)
                printf("%s: ok\n", options->configuration);
        return options->check_only ? 0 : options->make_key ? pool_key_new(configuration) : -1;
}

int main(int argc, char **argv)
{
        struct options options = { .configuration = DEFAULT_CONFIGURATION };
        struct gateway gateway = { .reconcile_lock = PTHREAD_MUTEX_INITIALIZER };
        sigset_t signals;
        int status = options_read(argc, argv, &options);

        if (status >= 0)
                return status;
        if ((status = configuration_read(&options, &gateway.configuration)) != 0 ||
            (status = configuration_task(&options, &gateway.configuration)) >= 0) {
                configuration_fini(&gateway.configuration);
                return status;
        }
        log_open("gatehoused", (enum log_level)gateway.configuration.log_level);
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL); /* in every thread; waited for in this one */
        signal(SIGPIPE, SIG_IGN);
        umask(0027);
        if (options.enforce_only)
                return member_run(&gateway, &signals);
        status = gateway_run(&gateway, &signals);
        gateway_stop(&gateway);
        return status;
}
