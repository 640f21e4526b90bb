/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table `inet gatehouse` in this network namespace's kernel: put there, read, taken away. Needs CAP_NET_ADMIN;
 * faults are those of nftables.h.
 */
#pragma once

#include <stdbool.h>

#include "protocols/firewall/ruleset.h"

/* Puts the table in place of whatever is there of it, in one transaction; by simpler rules, from then on, where
 * the kernel does not know all that is asked of it. */
int firewall_table_install(const struct firewall_set *set, const struct firewall_ports *ports,
                           struct fault *fault);

/* The commands that firewall_table_install would give. */
void firewall_table_print(const struct firewall_set *set, const struct firewall_ports *ports,
                          struct text *ruleset);

/* Reads the sets into `set` (zeroed by the caller). *ours = false when one has an element that Gatehouse cannot
 * have put in. */
int firewall_table_read(struct firewall_set *set, bool *ours, struct fault *fault);

/* 0 also when it is not there. */
int firewall_table_remove(struct fault *fault);
