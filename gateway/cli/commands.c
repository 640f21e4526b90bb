/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"

#include <stddef.h>

const struct command *const command_tables[] = {
        status_commands,   doctor_commands,    environment_commands,
        node_commands,     inventory_commands, storage_commands,
        export_commands,   apply_commands,     grant_commands,
        mount_commands,    task_commands,      event_commands,
        token_commands,    verify_commands,    drift_commands,
        firewall_commands, gateway_commands,   NULL,
};
