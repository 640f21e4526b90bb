/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apart from access_list.c, so that the volfile filter does not link the whole policy. */
#include "domain/access_list.h"

void access_list_add_grants(struct access_list *list, const struct grant_list *grants)
{
        for (size_t i = 0; i < grants->count; i++) {
                const struct grant *grant = &grants->items[i];
                struct address addresses[NODE_ADDRESSES_MAX];
                size_t count;

                if (grant->verdict != ACCESS_ADMITTED || grant->choice.protocol != PROTOCOL_IS_GLUSTER)
                        continue;
                count = grant_addresses(grant, addresses);
                for (size_t k = 0; k < count; k++)
                        access_list_add(list, grant->export->path, &addresses[k]);
        }
}
