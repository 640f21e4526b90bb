/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The versions of the SQLite file's layout and the way from each to the next. Only forward. Knows the SQL, not
 * the library: store_sqlite.c runs what this says.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"

/* The version that this program writes: what PRAGMA user_version says after migrate_run. */
#define MIGRATE_VERSION 2

/* Brings a database of version `have` (0 = empty) to MIGRATE_VERSION: hands `execute` one script for each step;
 * a script is one transaction that ends with the new PRAGMA user_version, so that a crash between two steps
 * leaves a whole version. MALFORMED when `have` is newer than this program knows; nothing is executed then. A
 * fault of `execute` ends it. */
int migrate_run(uint64_t have, int (*execute)(void *context, const char *script, struct fault *fault),
                void *context, struct fault *fault);
