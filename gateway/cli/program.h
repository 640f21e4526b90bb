/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Another program that is run for what it says: with a deadline, without a shell, nothing on its standard input.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"

#define PROGRAM_SAYS_MAX 8192 /* bytes of its output that are kept; the rest is passed over */

/* Runs argv[0], found by PATH when it has no slash, and adds what it prints on both outputs to `said`. 0 and its
 * exit status (128 + the signal that ended it); NOT_FOUND: there is no such program; TIMEOUT: it took longer than
 * `deadline_ms` and was killed; UNAVAILABLE: it could not be started. */
int program_run(char *const argv[], unsigned deadline_ms, struct text *said, int *exit_status,
                struct fault *fault);
