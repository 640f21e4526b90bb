/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfiled_door.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "protocols/gluster/client_volfile.h"
#include "protocols/gluster/volfile_publish.h"

static void bricks_copy(struct volfile_served *served, const struct volume_brick *bricks, size_t count)
{
        served->bricks = memory_new(count, sizeof *bricks);
        for (size_t i = 0; i < count; i++) {
                if (!bricks[i].local)
                        continue;
                served->bricks[served->brick_count] = bricks[i];
                served->bricks[served->brick_count++].path = memory_text(bricks[i].path);
        }
}

static int door_publish(void *context, const char *volume, const struct volume_brick *bricks, size_t brick_count,
                        const struct address *clients, size_t client_count, struct fault *fault)
{
        struct volfiled_door *door = context;
        AUTO_VOLFILE_SERVED struct volfile_served served = { 0 };
        AUTO_TEXT struct text volfile = { 0 };
        int failed = client_volfile_get(&door->helper, volume, &volfile, fault);

        if (failed)
                return failed;
        volfiled_door_fini(door);
        door->volume = memory_text(volume);
        text_add_bytes(&door->published, volfile.data, volfile.length);
        served.volume = memory_text(volume);
        served.length = volfile.length;
        served.text = text_take(&volfile);
        bricks_copy(&served, bricks, brick_count);
        return volfile_publish(&door->volfiled, &served, clients, client_count, fault);
}

/* Whether glusterd has written something else since. A file that cannot be read just now, because it is being
 * written, is looked at the next time. */
static bool volfile_has_changed(const struct volfiled_door *door)
{
        AUTO_TEXT struct text now = { 0 };
        struct fault fault = { 0 };

        return door->volume && client_volfile_get(&door->helper, door->volume, &now, &fault) == 0 &&
               (now.length != door->published.length ||
                memcmp(text_get(&now), text_get(&door->published), now.length) != 0);
}

static int door_observe(void *context, bool *told, struct fault *fault)
{
        const struct volfiled_door *door = context;
        struct volfile_status status = { 0 };
        int failed = volfile_publish_status(&door->volfiled, &status, fault);

        *told = !failed && status.number != 0 && !volfile_has_changed(door);
        return failed;
}

struct native_door volfiled_door_open(struct volfiled_door *door)
{
        return (struct native_door){ door_publish, door_observe, door };
}

void volfiled_door_fini(struct volfiled_door *door)
{
        free(door->volume);
        door->volume = NULL;
        text_fini(&door->published);
}
