/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/seams.h"

#include <stdlib.h>

void volume_seen_fini(struct volume_seen *seen)
{
        for (size_t i = 0; i < seen->brick_count; i++)
                free(seen->bricks[i].path);
        free(seen->bricks);
        *seen = (struct volume_seen){ 0 };
}
