/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asks one brick what access list it has taken, by trying to connect as a client that mounts the canary
 * directory of a generation. The directory never exists, so a brick whose list has it says that it is not there,
 * and one whose list has not refuses; nothing is mounted and no connection stays. Runs in a worker.
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

/* Whether `brick` of `volume` holds `generation`: *held is KNOWN_PRESENT, KNOWN_ABSENT, or KNOWN_UNKNOWN when
 * the brick cannot be reached or said neither (then `fault` has the cause, and the return value is still 0). A
 * fault: the worker could not be asked. */
int brick_probe_canary(const struct act_caller *worker, const char *volume, const struct volume_brick *brick,
                       uint64_t generation, int deadline_ms, enum known *held, struct fault *fault);

/* The worker's acts, closed by a row without `run`; no context. */
extern const struct act brick_probe_acts[];
