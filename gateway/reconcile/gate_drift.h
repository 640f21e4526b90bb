/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is told of a packet filter that is not as it was left.
 */
#pragma once

#include "domain/firewall_set.h"
#include "reconcile/drift.h"

/* The kernel's table holds `held` (NULL: it is gone) and not `wanted`; putting it right has ended with `failed`,
 * of which `fault` tells. */
void gate_drift_note(struct drift *drift, const struct firewall_set *wanted, const struct firewall_set *held,
                     int failed, const struct fault *fault);
