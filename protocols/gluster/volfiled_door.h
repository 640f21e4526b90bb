/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam struct native_door over gatehouse-volfiled (volfile_publish.h); the volfile itself comes from the
 * helper (client_volfile.h), since root alone can read what glusterd writes.
 */
#pragma once

#include "base/act.h"
#include "domain/seams.h"

struct volfiled_door {
        struct act_caller helper;
        struct act_caller volfiled;
};

/* The seam. `door` is borrowed and must outlive it. */
struct native_door volfiled_door_open(const struct volfiled_door *door);
