/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the helper does for verification: it keeps the probe place, and starts workers in it. The fields of each
 * request and reply, in order; probe_calls.c is the other side.
 *
 *   ACT_PROBE_MAKE     network text ("100.127.255.248/29") -> number of the making u64
 *   ACT_PROBE_WORKER   client u64 (enum probe_client), descriptor: the worker's end of a SOCK_SEQPACKET pair
 *                      -> process id u64, descriptor: pidfd
 *   ACT_PROBE_REMOVE   - -> -
 */
#pragma once

#include "base/act.h"

/* The helper's acts, closed by a row without `run`; no context. */
extern const struct act probe_acts[];
