/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pieces of OpenMetrics text.
 */
#pragma once

#include "base/text.h"

/* A family's head. `type` is gauge, counter, histogram or info; a counter's samples end in _total. `unit` is the
 * one by which the name ends, or NULL. `name` is without "gatehouse_". */
void metric_family_add(struct text *text, const char *name, const char *type, const char *unit, const char *help);

/* name="value", with \, " and line ends escaped. */
void metric_label_add(struct text *text, const char *name, const char *value);
