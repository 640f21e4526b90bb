/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The real `struct storage_files`: sends the directories of a cluster storage to a worker (gfapi), and those of a
 * single one to the helper; asks for the room on a single one in a worker that does nothing else.
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

struct storage_files_real {
        struct act_caller worker;
        struct act_caller helper;
        struct act_caller room_worker;
};

/* The table over `real`, which must outlive it. */
struct storage_files storage_files_open(struct storage_files_real *real);
