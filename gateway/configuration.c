/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "configuration.h"

#include <string.h>

static const char *const log_words[] = { "error", "warning", "notice", "info", "debug", NULL };

#define AT(member) offsetof(struct configuration, member)

const struct setting configuration_table[] = {
        { "state_dir", SETTING_PATH, AT(state_dir), GATEHOUSE_STATEDIR, 0, 0, NULL,
          "Folder of the store, gatehouse.db; owned by user, mode 0700." },
        { "runtime_dir", SETTING_PATH, AT(runtime_dir), GATEHOUSE_RUNTIMEDIR, 0, 0, NULL,
          "Folder of scratch files, such as the EXPORT block that NFS-Ganesha is handed; owned by user, on "
          "tmpfs." },
        { "socket", SETTING_PATH, AT(socket), GATEHOUSE_RUNTIMEDIR "/gatehouse.sock", 0, 0, NULL,
          "Unix socket of the API. Not made when the service manager passes listening sockets in." },
        { "socket_group", SETTING_TEXT, AT(socket_group), "gatehouse", 0, 32, NULL,
          "Group of the Unix socket; its members are operators, as root is." },
        { "listen", SETTING_LIST, AT(listen), "127.0.0.1:8470", 0, 8, NULL,
          "Addresses with ports on which the API answers bearers of tokens; IPv6 in brackets; none for the Unix "
          "socket "
          "alone. Not made when the service manager passes listening sockets in." },
        { "log_level", SETTING_WORD, AT(log_level), "info", 0, 0, log_words,
          "The least important lines that are logged." },
        { "user", SETTING_TEXT, AT(user), "gatehouse", 0, 32, NULL,
          "The user that gatehoused becomes when it is started as root." },
        { "helper_socket", SETTING_PATH, AT(helper_socket), GATEHOUSE_RUNTIMEDIR "-helper/helper.sock", 0, 0, NULL,
          "Where gatehouse-helper(8) answers." },
        { "worker_program", SETTING_PATH, AT(worker_program), GATEHOUSE_LIBEXECDIR "/gatehouse-worker", 0, 0, NULL,
          "The program that does what may hang." },
        { "workers", SETTING_NUMBER, AT(workers), "3", 1, 32, NULL, "How many workers run at most." },
        { "dbus_address", SETTING_TEXT, AT(dbus_address), "", 0, 1024, NULL,
          "Address of the message bus of NFS-Ganesha; empty for the system bus." },
        { "platform_version_default", SETTING_TEXT, AT(platform_version_default), "", 0, 16, NULL,
          "Version of the platform assumed for environments that do not tell theirs; empty for unknown, which "
          "keeps them on NFS." },
        { "known_stacks", SETTING_LIST, AT(known_stacks), "none", 0, 256, NULL,
          "Beginnings of image names that are known to hold a glibc-based system, for nodes that do not tell "
          "their os." },
        { "reconcile_interval", SETTING_DURATION, AT(reconcile_interval_ms), "60s", 1000, 3600000, NULL,
          "How often the servers are compared with what is wanted when nothing has happened." },
        { "path_check_timeout", SETTING_DURATION, AT(path_check_timeout_ms), "2s", 10, 60000, NULL,
          "How long the creation of an export waits for its storage to say what is at the path." },
        { "request_timeout", SETTING_DURATION, AT(request_timeout_ms), "30s", 1000, 600000, NULL,
          "How long a client may be silent within a request." },
        { "max_connections", SETTING_NUMBER, AT(max_connections), "256", 8, 65536, NULL,
          "Connections at a time on each listening socket." },
        { NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL, NULL },
};

int configuration_load(const char *path, struct configuration *configuration, struct text *problems)
{
        int failed = settings_load(configuration_table, configuration, path, problems);
        const char *version = configuration->platform_version_default;

        if (version[0] != '\0' && platform_version_parse(version, &configuration->platform_version) != 0) {
                text_addf(problems,
                          "%s: platform_version_default: \"%s\" is not allowed; allowed is a version like 8.3 or "
                          "8.3.1\n",
                          path, version);
                failed = -1;
        }
        return failed;
}

void configuration_fini(struct configuration *configuration)
{
        settings_fini(configuration_table, configuration);
}
