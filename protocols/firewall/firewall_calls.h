/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's side of the packet filter: the seam struct firewall over the helper's acts (firewall_acts.h).
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"
#include "protocols/firewall/ruleset.h"

struct firewall_calls {
        struct act_caller helper;
        struct firewall_ports ports; /* FIREWALL_PORTS_DEFAULT unless told otherwise */
};

/* The seam. `calls` is borrowed and must outlive it. */
struct firewall firewall_over(const struct firewall_calls *calls);
