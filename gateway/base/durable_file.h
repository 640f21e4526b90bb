/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Small files that are there whole or not at all, also after a loss of power: written beside their name, synced,
 * and renamed. Used by whatever writes what another program reads at a moment of its own.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* Writes all of `text` to `fd` and to the disk. false: see errno. */
bool durable_file_write(int fd, const struct text *text);

/* Puts `text` under `name` in the folder that `folder` is a descriptor of, mode 0644. `temporary` is a name in the
 * same folder; a file of it that a crash has left behind is used again. false: see errno; `name` is as it was. */
bool durable_file_put(int folder, const char *name, const char *temporary, const struct text *text);
