/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What verification finds out on its way into the audit trail: one line each time that it changes,
 * `verification.failed`, `verification.passed` or `verification.unverified`, by actor gatehouse.
 */
#pragma once

#include "domain/verification.h"
#include "store/writer.h"

/* Hands the line to the writer and returns; `older` NULL: nothing was known before. `writer` is a struct writer:
 * of the form that struct verify_settings takes. */
void verification_event_write(void *writer, const struct verification *older, const struct verification *row);
