/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam struct native_door over gatehouse-volfiled (volfile_publish.h); the volfile itself comes from the
 * helper (client_volfile.h), since root alone can read what glusterd writes.
 */
#pragma once

#include "base/act.h"
#include "base/text.h"
#include "domain/seams.h"

struct volfiled_door {
        struct act_caller helper;
        struct act_caller volfiled;
        char *volume;          /* published last; NULL = none yet */
        struct text published; /* and what glusterd had written of it then */
};

/* The seam. `door` is borrowed, must outlive it, and is freed with volfiled_door_fini. */
struct native_door volfiled_door_open(struct volfiled_door *door);
void volfiled_door_fini(struct volfiled_door *door);
