/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The steps of a request that makes one export, whatever its body looked like: what speaks against it, what is at
 * its path, the commit, the wait for the servers.
 */
#pragma once

#include "domain/export.h"
#include "rest/request.h"

/* Makes `wanted` (taken; from export_from_json, checked) an export, waits for its grants for `wait_s` seconds at
 * most and answers by `reply`; a problem is answered from here. Sets the request's work. */
void export_create_begin(struct request *request, struct export *wanted, unsigned wait_s,
                         void (*reply)(struct request *request, const struct snapshot *now,
                                       const struct export *export));
