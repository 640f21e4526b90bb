/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Root's word that this node is to run without its packet filter: an empty file beside the rulesets. While it is
 * there the helper installs none, whoever asks; so it holds across restarts of everything, and gatehoused, which
 * cannot take it back, goes on without.
 */
#pragma once

#include <stdbool.h>

#include "base/fault.h"

#define FIREWALL_SWITCH_NAME "firewall.off"

/* Through to the disk. `folder` is made when missing. Idempotent. */
int firewall_switch_off(const char *folder, struct fault *fault);
int firewall_switch_on(const char *folder, struct fault *fault);

bool firewall_is_off(const char *folder);
