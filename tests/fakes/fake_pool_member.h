/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A member of the Gluster pool in memory behind the seam struct pool_member; what can go wrong is asked for with
 * the functions below. Thread-safe.
 */
#pragma once

#include <stdbool.h>

#include "domain/pool_member.h"

struct fake_pool_member;

/* Node number `node` of the fake pool (fake_gluster_volume.h). */
struct fake_pool_member *fake_pool_member_new(size_t node);
void fake_pool_member_free(struct fake_pool_member *fake);
struct pool_member fake_pool_member_seam(struct fake_pool_member *fake);

/* Lets `count` calls from number `nth` on (1 = the next) fail with `code`; 0 = none. */
void fake_pool_member_fail(struct fake_pool_member *fake, unsigned nth, unsigned count, enum fault_code code);

/* What it reports. */
void fake_pool_member_set_filter(struct fake_pool_member *fake, bool in_place);
void fake_pool_member_set_firewall(struct fake_pool_member *fake, enum known in_force);

/* What its next runs of verification find; `generation` is by how many its list was older then. NULL: none ends.
 */
void fake_pool_member_find(struct fake_pool_member *fake, const struct member_findings *findings);

/* The order that it has in force, of the same number, is of another deciding process than the one that asks. */
void fake_pool_member_restart(struct fake_pool_member *fake);

/* Whether it lets this address in by Gluster. */
bool fake_pool_member_admits(struct fake_pool_member *fake, const struct address *address);
uint64_t fake_pool_member_list(struct fake_pool_member *fake); /* generation of the list taken last */
unsigned fake_pool_member_orders(struct fake_pool_member *fake);
