/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What it means when NFS-Ganesha's export manager refuses a change: its sentences, as our fault codes. Pure.
 */
#pragma once

#include "base/fault.h"

/* Sets the fault of a refusal with the sentence `message`; `label` says what was refused ("add NFS export 7").
 * CONFLICT, NOT_FOUND, UNAVAILABLE (busy, try again) or INVALID. */
int ganesha_refusal(const char *message, const char *label, struct fault *fault);
