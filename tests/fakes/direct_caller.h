/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An act_caller that runs acts in the calling thread, each with the capabilities of its row alone, as the helper
 * would: what is not in the row is not needed, or the test fails. Needs root when a row names capabilities.
 */
#pragma once

#include "base/act.h"

struct direct_caller {
        const struct act *table;
        uint64_t withheld; /* capabilities that are not raised although a row names them */
};

struct act_caller direct_caller_acts(struct direct_caller *caller);
