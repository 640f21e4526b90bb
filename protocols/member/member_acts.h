/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a member of the pool does for the storage node that decides: acts that are served over the channel between
 * them. Every field is checked here; what is to be done is for the struct pool_member behind it.
 */
#pragma once

#include "base/act.h"

/* Closed by a row without `run`; their context is a const struct pool_member. */
extern const struct act member_acts[];
