/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehoused --enforce-only: a member of the Gluster pool that enforces what another storage node decides. No
 * store, no API, no decision of its own.
 */
#pragma once

#include <signal.h>

#include "configuration.h"
#include "world.h"

/* Serves the one that decides until one of `signals` (blocked) ends it. `world` is open. 0, or why not. */
int enforce_only_run(const struct configuration *configuration, const struct world *world, const sigset_t *signals,
                     struct fault *fault);
