/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The keys of gatehouse.conf(5), in one table that the parser, the manual page and the example file are held to.
 */
#pragma once

#include <stdint.h>

#include "base/log.h"
#include "base/settings.h"
#include "domain/environment.h"

enum firewall_mode { FIREWALL_OFF, FIREWALL_ENFORCE };
enum brick_restart_mode { BRICK_RESTART_OFF, BRICK_RESTART_AUTO };
enum reconcile_mode { RECONCILE_OBSERVE, RECONCILE_ENFORCE };
enum plaintext_mode { PLAINTEXT_LOOPBACK, PLAINTEXT_ANYWHERE };
enum inventory_expiry { INVENTORY_EXPIRY_KEEP, INVENTORY_EXPIRY_SUSPEND };
enum verify_mode { VERIFY_OFF, VERIFY_ON };

struct configuration {
        char *state_dir;
        char *runtime_dir;
        char *socket;
        char *socket_group;
        char **listen;
        int listen_plaintext; /* enum plaintext_mode */
        char *tls_certificate;
        char *tls_key;
        int tls_minimum; /* enum tls_minimum */
        char **cors_origin;
        int log_level; /* enum log_level */
        char *user;
        char *helper_socket;
        int firewall; /* enum firewall_mode */
        char **members;
        char *pool_key;
        char *enforce_for;
        char *volfiled_socket;
        int64_t volfiled_port;
        char *worker_program;
        int64_t workers;
        char *dbus_address;
        char *platform_version_default;
        char **known_stacks;
        int reconcile; /* enum reconcile_mode */
        int64_t reconcile_interval_ms;
        int brick_restart; /* enum brick_restart_mode */
        int64_t inventory_warn_ms;
        int64_t inventory_max_age_ms;
        int inventory_expired; /* enum inventory_expiry */
        int verify;            /* enum verify_mode */
        int64_t verify_interval_ms;
        char *probe_network;
        int64_t events_keep_ms;
        int64_t events_most;
        int64_t path_check_timeout_ms;
        int64_t request_timeout_ms;
        int64_t max_connections;
        int64_t max_connections_per_address;
        struct platform_version platform_version; /* platform_version_default, parsed */
};

/* The table; ends with a row whose key is NULL. */
extern const struct setting configuration_table[];

/* Reads `path` into `configuration` (zeroed by the caller). 0, or -1 and one line for each problem. */
int configuration_load(const char *path, struct configuration *configuration, struct text *problems);
void configuration_fini(struct configuration *configuration);
