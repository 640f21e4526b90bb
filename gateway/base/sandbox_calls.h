/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The lists behind base/sandbox.h, as data: system calls by the names that the kernel gives them on some machine;
 * a name that this machine lacks is passed over. Knows nothing of how they are put in force.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/sandbox.h"

/* One call; with a mask only where (argument & mask) == value. Several rows of a call are one or the other. Only
 * arguments that are numbers can be looked at, and of these 32 bits, which is what the kernel takes of an int. */
struct sandbox_call {
        const char *name;
        unsigned argument;
        uint32_t mask, value; /* mask 0: whatever the arguments are */
};

/* What a program may do: sets of calls, each ended by a row without name; the sets ended by NULL. */
struct sandbox_profile {
        const char *program;
        const struct sandbox_call *const *sets;
};

/* By enum sandbox_program. */
extern const struct sandbox_profile sandbox_profiles[SANDBOX_PROGRAM_COUNT];

/* What ends a program that does not have it in its list. Ended by NULL. */
extern const char *const sandbox_deadly[];

/* What libraries try first and go on without, answered with `error` and not logged, unless a list names the call
 * with that argument. Ended by a row without name. */
struct sandbox_quiet {
        struct sandbox_call call;
        int error;
};
extern const struct sandbox_quiet sandbox_quiet[];

/* Whether a row of the program's list has the name. */
bool sandbox_profile_has(const struct sandbox_profile *profile, const char *name);

/* Whether a row of the program's list is `wanted`, or the call whatever its arguments. */
bool sandbox_profile_allows(const struct sandbox_profile *profile, const struct sandbox_call *wanted);
