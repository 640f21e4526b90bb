/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_wanted.h"

#include <stdlib.h>

#include "domain/snapshot.h"

struct nfs_export *nfs_wanted(const struct snapshot *snapshot, const struct export *export,
                              const struct protocol_facts *facts, int64_t now_ms)
{
        AUTO_GRANTS struct grant_list grants = { 0 };

        if (!snapshot_storage(snapshot, export->storage))
                return NULL;
        grant_derive(snapshot, export, facts, now_ms, &grants);
        return nfs_export_wanted(&grants);
}

/* Whether `export` (NULL lets in nobody) lets in the client; its clients are sorted. */
static bool lets_in(const struct nfs_export *export, const struct nfs_client *client)
{
        return export && export->client_count > 0 &&
               bsearch(client, export->clients, export->client_count, sizeof *client, nfs_client_compare);
}

struct nfs_export *nfs_wanted_in_doubt(const struct snapshot *snapshot, const struct export *export,
                                       const struct protocol_facts *facts, int64_t now_ms,
                                       const struct nfs_export *wanted, const struct nfs_export_seen *seen)
{
        struct protocol_facts unenforced = *facts;
        struct nfs_export *all = NULL;

        if (facts->pool_enforced == KNOWN_PRESENT)
                return NULL;
        unenforced.pool_enforced = KNOWN_ABSENT;
        for (size_t i = 0; i < seen->client_count; i++) {
                if (lets_in(wanted, &seen->clients[i]))
                        continue;
                if (!all)
                        all = nfs_wanted(snapshot, export, &unenforced, now_ms);
                if (!all || lets_in(all, &seen->clients[i]))
                        return all;
        }
        nfs_export_free(all);
        return NULL;
}
