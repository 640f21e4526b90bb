/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/volume_share.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define SHARE_KEY_MAX (EXPORT_PATH_MAX + 1 + EXPORT_ID_SIZE)

static void share_free(void *object)
{
        struct share *share = object;

        shared_put(share->export);
        shared_put(share->storage);
        free(share->addresses);
        free(share);
}

struct share *share_new(const struct grant_list *grants, uint64_t revision)
{
        struct share *share = NULL;

        for (size_t i = 0; i < grants->count; i++) {
                const struct grant *grant = &grants->items[i];
                struct address addresses[NODE_ADDRESSES_MAX];
                size_t count;

                if (grant->verdict != ACCESS_ADMITTED || grant->choice.protocol != PROTOCOL_IS_GLUSTER)
                        continue;
                count = grant_addresses(grant, addresses);
                if (count == 0)
                        continue;
                if (!share) {
                        share = NEW(struct share);
                        shared_init(share, share_free);
                        snprintf(share->id, sizeof share->id, "%s", grant->export->document.id);
                        share->export = shared_get(grant->export);
                        share->storage = shared_get(grant->storage);
                        share->revision = revision;
                }
                share->addresses =
                        memory_resize(share->addresses, share->address_count + count, sizeof *share->addresses);
                memcpy(share->addresses + share->address_count, addresses, count * sizeof *addresses);
                share->address_count += count;
        }
        return share;
}

static size_t share_key(const struct share *share, char key[SHARE_KEY_MAX + 1])
{
        return (size_t)snprintf(key, SHARE_KEY_MAX + 1, "%s%c%s", share->export->path, '\0', share->id);
}

void shares_fini(struct shares *shares)
{
        pmap_fini(&shares->by_path);
        pmap_fini(&shares->by_id);
        pmap_fini(&shares->leaving);
}

/* Takes the share of `id` out of both maps; a reference to it, or NULL. */
static struct share *share_take(struct shares *shares, const char *id)
{
        struct share *share = shared_get(pmap_find(shares->by_id, id, strlen(id)));
        char key[SHARE_KEY_MAX + 1];

        if (share) {
                pmap_remove(&shares->by_path, key, share_key(share, key));
                pmap_remove(&shares->by_id, id, strlen(id));
        }
        return share;
}

void shares_put(struct shares *shares, struct share *share)
{
        struct share *older = share_take(shares, share->id);
        char key[SHARE_KEY_MAX + 1];

        if (older && strcmp(older->export->path, share->export->path) == 0) {
                share->ready = older->ready;
                share->assumed = older->assumed;
        }
        shared_put(older);
        pmap_remove(&shares->leaving, share->id, strlen(share->id));
        pmap_put(&shares->by_path, key, share_key(share, key), share);
        pmap_put(&shares->by_id, share->id, strlen(share->id), share);
}

bool shares_remove(struct shares *shares, const char *id)
{
        struct share *share = share_take(shares, id);

        if (!share)
                return false;
        pmap_put(&shares->leaving, id, strlen(id), share);
        shared_put(share);
        return true;
}

void shares_list(const struct shares *shares, const struct address *peers, size_t peer_count,
                 struct access_list *list)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        access_list_init(list, peers, peer_count);
        pmap_first(shares->by_path, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct share *share = entry.value;

                for (size_t i = 0; (share->ready || share->assumed) && i < share->address_count; i++)
                        access_list_add(list, share->export->path, &share->addresses[i]);
        }
}

void shares_addresses(const struct shares *shares, bool ready_only, struct address_bag *bag)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(shares->by_id, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct share *share = entry.value;

                if (share->ready || !ready_only)
                        address_bag_add(bag, share->addresses, share->address_count);
        }
}
