/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/seams.h"

#include <stdlib.h>

void volume_seen_fini(struct volume_seen *seen)
{
        for (size_t i = 0; i < seen->brick_count; i++)
                free(seen->bricks[i].path);
        for (size_t i = 0; i < seen->pool_members; i++)
                free(seen->pool[i].name);
        free(seen->bricks);
        free(seen->pool);
        *seen = (struct volume_seen){ 0 };
}

bool replicas_can_spare_one(unsigned replica, unsigned quorum)
{
        return replica >= REPLICA_LEAST && quorum < replica;
}

void bricks_seen_fini(struct bricks_seen *seen)
{
        for (size_t i = 0; i < seen->brick_count; i++)
                free(seen->bricks[i].brick.path);
        free(seen->bricks);
        free(seen->begun);
        *seen = (struct bricks_seen){ 0 };
}
