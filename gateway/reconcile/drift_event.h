/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Differences on their way into the audit trail: one line each, `drift.repaired`, `drift.reported` or
 * `drift.failed`, by actor gatehouse.
 */
#pragma once

#include "domain/difference.h"
#include "store/writer.h"

/* Hands the line to the writer and returns. `writer` is a struct writer: of the form that drift_new takes. */
void drift_event_write(void *writer, const struct difference *difference);
