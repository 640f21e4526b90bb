/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The deciding storage node's side of one member of its pool: the seam struct pool_member over the member's acts
 * (member_acts.h).
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

/* The seam. `member` is borrowed and must outlive it. */
struct pool_member member_over(const struct act_caller *member);
