/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "configuration.h"

#include <stdlib.h>

#include "domain/probe_network.h"
#include "rest/listener.h"
#include "rest/origin.h"

static const char *const firewall_words[] = { "off", "enforce", NULL };
static const char *const reconcile_words[] = { "observe", "enforce", NULL };
static const char *const brick_restart_words[] = { "off", "auto", NULL };
static const char *const expiry_words[] = { "keep", "suspend", NULL };
static const char *const verify_words[] = { "off", "on", NULL };
static const char *const plaintext_words[] = { "loopback", "anywhere", NULL };
static const char *const tls_words[] = { "1.2", "1.3", NULL };
static const char *const log_words[] = { "error", "warning", "notice", "info", "debug", NULL };

#define AT(member) offsetof(struct configuration, member)

static bool version_is_valid(const char *value)
{
        struct platform_version version;

        return value[0] == '\0' || platform_version_parse(value, &version) == 0;
}

static bool probe_network_is_valid(const char *value)
{
        struct probe_network network;

        return probe_network_parse(value, &network) == 0;
}

static bool path_or_nothing_is_valid(const char *value)
{
        return value[0] == '\0' || value[0] == '/';
}

static bool address_is_valid(const char *value)
{
        struct address address;

        return address_parse(value, &address) == 0 && address_kind(&address) == ADDRESS_USABLE;
}

static bool address_or_nothing_is_valid(const char *value)
{
        return value[0] == '\0' || address_is_valid(value);
}

const struct setting configuration_table[] = {
        { .key = "state_dir",
          .type = SETTING_PATH,
          .offset = AT(state_dir),
          .preset = GATEHOUSE_STATEDIR,
          .help = "Folder of the store, gatehouse.db; owned by user, mode 0700." },
        { .key = "runtime_dir",
          .type = SETTING_PATH,
          .offset = AT(runtime_dir),
          .preset = GATEHOUSE_RUNTIMEDIR,
          .help = "Folder of scratch files, such as the EXPORT block that NFS-Ganesha is handed; owned by user, "
                  "on tmpfs." },
        { .key = "socket",
          .type = SETTING_PATH,
          .offset = AT(socket),
          .preset = GATEHOUSE_RUNTIMEDIR "/gatehouse.sock",
          .help = "Unix socket of the API. Not made when the service manager passes listening sockets in." },
        { .key = "socket_group",
          .type = SETTING_TEXT,
          .offset = AT(socket_group),
          .preset = "gatehouse",
          .most = 32,
          .help = "Group of the Unix socket; its members are operators, as root is." },
        { .key = "listen",
          .type = SETTING_LIST,
          .offset = AT(listen),
          .preset = "127.0.0.1:8470",
          .most = 8,
          .help = "Addresses with ports on which the API answers bearers of tokens; IPv6 in brackets; none for "
                  "the Unix socket alone. Not made when the service manager passes listening sockets in.",
          .accepts = listener_address_is_valid,
          .form = "an address and a port, as 127.0.0.1:8470 or [::1]:8470" },
        { .key = "listen_plaintext",
          .type = SETTING_WORD,
          .offset = AT(listen_plaintext),
          .preset = "loopback",
          .words = plaintext_words,
          .help = "Where the API may answer on TCP without TLS. With anywhere everybody on the way reads the "
                  "tokens that are sent; sockets that the service manager passes in are held to it, too." },
        { .key = "tls_certificate",
          .type = SETTING_TEXT,
          .offset = AT(tls_certificate),
          .preset = "",
          .most = 1024,
          .help = "File with the certificate (PEM) that the API shows on TCP, on every address, and what leads "
                  "from "
                  "it to a root that clients know; empty for plain HTTP.",
          .accepts = path_or_nothing_is_valid,
          .form = "a path beginning with /, or nothing" },
        { .key = "tls_key",
          .type = SETTING_TEXT,
          .offset = AT(tls_key),
          .preset = "",
          .most = 1024,
          .help = "File with its key (PEM, without a password), which nobody but user may read: mode 0600.",
          .accepts = path_or_nothing_is_valid,
          .form = "a path beginning with /, or nothing" },
        { .key = "tls_minimum",
          .type = SETTING_WORD,
          .offset = AT(tls_minimum),
          .preset = "1.2",
          .words = tls_words,
          .help = "The oldest version of TLS that is spoken." },
        { .key = "cors_origin",
          .type = SETTING_LIST,
          .offset = AT(cors_origin),
          .preset = "none",
          .most = 16,
          .help = "Origins whose pages a browser may let ask the API (CORS); exactly these, and never with the "
                  "browser's own credentials: a page needs a token, as everybody does.",
          .accepts = origin_is_valid,
          .form = "an origin, as https://dashboard.example or http://10.0.0.5:8080" },
        { .key = "log_level",
          .type = SETTING_WORD,
          .offset = AT(log_level),
          .preset = "info",
          .words = log_words,
          .help = "The least important lines that are logged." },
        { .key = "user",
          .type = SETTING_TEXT,
          .offset = AT(user),
          .preset = "gatehouse",
          .most = 32,
          .help = "The user that gatehoused becomes when it is started as root." },
        { .key = "helper_socket",
          .type = SETTING_PATH,
          .offset = AT(helper_socket),
          .preset = GATEHOUSE_RUNTIMEDIR "-helper/helper.sock",
          .help = "Where gatehouse-helper(8) answers." },
        { .key = "firewall",
          .type = SETTING_WORD,
          .offset = AT(firewall),
          .preset = "enforce",
          .words = firewall_words,
          .help = "Whether the kernel's packet filter (nftables) refuses the storage services to everybody whom "
                  "no "
                  "grant lets in. The storage nodes of every storage that is registered are let through; before "
                  "the first one nothing is refused. off leaves the filter alone: gatehouse firewall off "
                  "takes away what was there." },
        { .key = "members",
          .type = SETTING_LIST,
          .offset = AT(members),
          .preset = "none",
          .most = 64,
          .help = "Addresses of the other nodes of the Gluster pool, on each of which gatehoused(8) runs with "
                  "--enforce-only and does what this node decides. While one of them does not report its access "
                  "control in force, grants are by NFS. Needs firewall = enforce.",
          .accepts = address_is_valid,
          .form = "an address, as 10.0.0.12" },
        { .key = "pool_key",
          .type = SETTING_PATH,
          .offset = AT(pool_key),
          .preset = GATEHOUSE_SYSCONFDIR "/pool.key",
          .help = "The key that the nodes of the pool share: a file of user, mode 0600, the same on all of them. "
                  "gatehoused --make-pool-key makes it." },
        { .key = "enforce_for",
          .type = SETTING_TEXT,
          .offset = AT(enforce_for),
          .preset = "",
          .most = 45,
          .help = "For --enforce-only: the address from which the node that decides connects, to port 24108.",
          .accepts = address_or_nothing_is_valid,
          .form = "an address, as 10.0.0.11, or nothing" },
        { .key = "volfiled_socket",
          .type = SETTING_TEXT,
          .offset = AT(volfiled_socket),
          .preset = GATEHOUSE_RUNTIMEDIR "-volfiled/control.sock",
          .most = 107,
          .help = "Where gatehouse-volfiled(8) is told what to serve to native clients. Empty, or with firewall = "
                  "off: "
                  "native clients reach glusterd itself, which obeys whoever reaches it.",
          .accepts = path_or_nothing_is_valid,
          .form = "a path beginning with /, or nothing" },
        { .key = "volfiled_port",
          .type = SETTING_NUMBER,
          .offset = AT(volfiled_port),
          .preset = "24107",
          .least = 1024,
          .most = 65535,
          .help = "The port of gatehouse-volfiled(8), to which the packet filter leads native clients that ask "
                  "for "
                  "24007." },
        { .key = "worker_program",
          .type = SETTING_PATH,
          .offset = AT(worker_program),
          .preset = GATEHOUSE_LIBEXECDIR "/gatehouse-worker",
          .help = "The program that does what may hang." },
        { .key = "workers",
          .type = SETTING_NUMBER,
          .offset = AT(workers),
          .preset = "3",
          .least = 1,
          .most = 32,
          .help = "How many workers run at most." },
        { .key = "dbus_address",
          .type = SETTING_TEXT,
          .offset = AT(dbus_address),
          .preset = "",
          .most = 1024,
          .help = "Address of the message bus of NFS-Ganesha; empty for the system bus." },
        { .key = "platform_version_default",
          .type = SETTING_TEXT,
          .offset = AT(platform_version_default),
          .preset = "",
          .most = 16,
          .help = "Version of the platform assumed for environments that do not tell theirs; empty for unknown, "
                  "which keeps them on NFS.",
          .accepts = version_is_valid,
          .form = "a version, as 8.3 or 8.3.1, or nothing" },
        { .key = "known_stacks",
          .type = SETTING_LIST,
          .offset = AT(known_stacks),
          .preset = "none",
          .most = 256,
          .help = "Beginnings of image names that are known to hold a glibc-based system, for nodes that do not "
                  "tell their os." },
        { .key = "reconcile",
          .type = SETTING_WORD,
          .offset = AT(reconcile),
          .preset = "enforce",
          .words = reconcile_words,
          .help = "Whether the servers are made to be as wanted, or only looked at. observe changes nothing on "
                  "any "
                  "server: what would be done is shown by gatehouse drift." },
        { .key = "reconcile_interval",
          .type = SETTING_DURATION,
          .offset = AT(reconcile_interval_ms),
          .preset = "60s",
          .least = 1000,
          .most = 3600000,
          .help = "How often the servers are compared with what is wanted when nothing has happened." },
        { .key = "brick_restart",
          .type = SETTING_WORD,
          .offset = AT(brick_restart),
          .preset = "auto",
          .words = brick_restart_words,
          .help = "Whether bricks of this node that run since before the volfile filter was in place are started "
                  "again, one after another, each when nothing needs heal and no client lacks a brick; off leaves "
                  "them to the operator." },
        { .key = "inventory_warn",
          .type = SETTING_DURATION,
          .offset = AT(inventory_warn_ms),
          .preset = "2m",
          .least = 0,
          .most = 604800000,
          .help = "How long a source of the inventory that sends heartbeats may be silent before an event, a line "
                  "in the log and the health say so; 0s for ever." },
        { .key = "inventory_max_age",
          .type = SETTING_DURATION,
          .offset = AT(inventory_max_age_ms),
          .preset = "15m",
          .least = 0,
          .most = 604800000,
          .help = "How long it may be silent before its environments get no new grants; longer than "
                  "inventory_warn, or 0s for ever." },
        { .key = "inventory_expired",
          .type = SETTING_WORD,
          .offset = AT(inventory_expired),
          .preset = "keep",
          .words = expiry_words,
          .help = "What becomes of the grants that there are when a source has been silent for inventory_max_age: "
                  "keep leaves them, suspend takes all of its environments' away until it is heard again." },
        { .key = "verify",
          .type = SETTING_WORD,
          .offset = AT(verify),
          .preset = "on",
          .words = verify_words,
          .help = "Whether clients of Gatehouse's own, in network namespaces of this node, try from time to time "
                  "that who is admitted gets in and who is not does not." },
        { .key = "verify_interval",
          .type = SETTING_DURATION,
          .offset = AT(verify_interval_ms),
          .preset = "300s",
          .least = 1000,
          .most = 86400000,
          .help = "How often that is tried when nothing has happened." },
        { .key = "probe_network",
          .type = SETTING_TEXT,
          .offset = AT(probe_network),
          .preset = "100.127.255.248/29",
          .most = 18,
          .help = "The IPv4 network of these clients. Nobody else may have an address of it: with an interface or "
                  "a "
                  "route of this node that does, nothing is verified.",
          .accepts = probe_network_is_valid,
          .form = "an IPv4 network of 8 addresses, as 100.127.255.248/29" },
        { .key = "events_keep",
          .type = SETTING_DURATION,
          .offset = AT(events_keep_ms),
          .preset = "2160h",
          .least = 0,
          .most = 315360000000,
          .help = "How long the lines of the audit trail are kept; 0s for ever." },
        { .key = "events_most",
          .type = SETTING_NUMBER,
          .offset = AT(events_most),
          .preset = "500000",
          .least = 1000,
          .most = 100000000,
          .help = "How many of them at most; the oldest go first. One takes about half a kilobyte of disk." },
        { .key = "path_check_timeout",
          .type = SETTING_DURATION,
          .offset = AT(path_check_timeout_ms),
          .preset = "2s",
          .least = 10,
          .most = 60000,
          .help = "How long the creation of an export waits for its storage to say what is at the path." },
        { .key = "request_timeout",
          .type = SETTING_DURATION,
          .offset = AT(request_timeout_ms),
          .preset = "30s",
          .least = 1000,
          .most = 600000,
          .help = "How long a client may take to send the header of a request, again for its body, and again to "
                  "take each MiB of the reply; a connection without a request is closed after as long." },
        { .key = "max_connections",
          .type = SETTING_NUMBER,
          .offset = AT(max_connections),
          .preset = "256",
          .least = 8,
          .most = 65536,
          .help = "Connections at a time on all TCP sockets together, and as many on the Unix socket." },
        { .key = "max_connections_per_address",
          .type = SETTING_NUMBER,
          .offset = AT(max_connections_per_address),
          .preset = "64",
          .least = 1,
          .most = 65536,
          .help = "Connections at a time of each client address on TCP; of IPv6, of each network of 64 bits." },
        { .key = NULL },
};

/* Whether who listens where others reach it speaks TLS, or was told not to. */
static int listen_check(const struct configuration *configuration, const char *path, struct text *problems)
{
        bool has_certificate = configuration->tls_certificate[0] != '\0';
        int failed = 0;

        if (has_certificate != (configuration->tls_key[0] != '\0')) {
                text_addf(problems, "%s: tls_%s: it is not set; tls_certificate and tls_key go together\n", path,
                          has_certificate ? "key" : "certificate");
                failed = -1;
        }
        if (has_certificate || configuration->listen_plaintext == PLAINTEXT_ANYWHERE)
                return failed;
        for (char **address = configuration->listen; address && *address; address++)
                if (!listener_address_is_private(*address)) {
                        text_addf(
                                problems,
                                "%s: listen: %s is reached from outside, and plain HTTP shows tokens to everybody "
                                "on the way; a loopback address is allowed, or TLS (tls_certificate, tls_key), or "
                                "listen_plaintext = anywhere\n",
                                path, *address);
                        failed = -1;
                }
        return failed;
}

int configuration_load(const char *path, struct configuration *configuration, struct text *problems)
{
        int failed = settings_load(configuration_table, configuration, path, problems);
        const char *version = configuration->platform_version_default;

        if (version[0] != '\0' && platform_version_parse(version, &configuration->platform_version) != 0)
                abort(); /* version_is_valid has let it through */
        if (configuration->inventory_max_age_ms > 0 &&
            configuration->inventory_warn_ms >= configuration->inventory_max_age_ms) {
                text_addf(
                        problems,
                        "%s: inventory_warn: it is not shorter than inventory_max_age; a shorter time, or 0s, is "
                        "allowed\n",
                        path);
                failed = -1;
        }
        if ((configuration->members[0] || configuration->enforce_for[0]) &&
            configuration->firewall != FIREWALL_ENFORCE) {
                text_addf(problems, "%s: firewall: a pool whose members enforce needs firewall = enforce\n", path);
                failed = -1;
        }
        return listen_check(configuration, path, problems) < 0 ? -1 : failed;
}

void configuration_fini(struct configuration *configuration)
{
        settings_fini(configuration_table, configuration);
}
