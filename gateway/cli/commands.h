/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables of commands, one for each noun; each ends with a NULL noun.
 */
#pragma once

#include "cli/invocation.h"

/* All of them, in the order of the help; ends with NULL. */
extern const struct command *const command_tables[];

extern const struct command apply_commands[];
extern const struct command environment_commands[];
extern const struct command inventory_commands[];
extern const struct command storage_commands[];
extern const struct command event_commands[];
extern const struct command export_commands[];
extern const struct command grant_commands[];
extern const struct command mount_commands[];
extern const struct command task_commands[];
extern const struct command token_commands[];
extern const struct command status_commands[];
extern const struct command drift_commands[];
extern const struct command firewall_commands[];
extern const struct command verify_commands[];
extern const struct command doctor_commands[];
extern const struct command node_commands[];
extern const struct command gateway_commands[];
