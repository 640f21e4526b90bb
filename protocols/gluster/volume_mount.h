/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The volumes that a worker has open through gfapi, and how a request says which it means. One thread serves a
 * worker's requests and asks here; nothing is ever closed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/message.h"
#include "domain/storage.h"

struct glfs; /* gfapi's */

/* What the acts on a volume are told first. */
struct volume_place {
        const char *volume; /* borrowed of the request */
        int64_t until_ms;   /* monotonic: when to answer at the latest */
        struct address servers[STORAGE_NODES_MAX];
        size_t server_count;
};

/* MALFORMED, or INVALID for what cannot be a volume's name. */
int volume_place_take(struct message *request, struct volume_place *place, struct fault *fault);

/* The volume, opened unless it is. TIMEOUT: it goes on to be opened, and may be open at the next request. */
int volume_open(const struct volume_place *place, struct glfs **fs, struct fault *fault);

/* Whether the process should end after this call: a volume failed, or something of one hangs (volume_mount_doom),
 * or too many are open. The next process opens what it needs in some 25 ms; closing and opening again in this one
 * can take seconds, or hang. */
bool volume_mount_is_stale(void);
void volume_mount_doom(void);
