/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which exports a commit may have changed something for: the ones that were edited, and those of every
 * environment, address and storage that was. Keeps the work after a change proportional to the change.
 */
#pragma once

#include "domain/snapshot.h"

/* Calls `each` for every export whose grants may differ between the two snapshots, with the export as it was and
 * as it is (NULL = not there); the same one may come more than once. `older` NULL: every export of `newer`. */
void changes_walk(const struct snapshot *older, const struct snapshot *newer,
                  void (*each)(void *context, const struct export *old_export, const struct export *new_export),
                  void *context);
