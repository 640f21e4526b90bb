/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_wanted.h"

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

static bool lets_in(const struct nfs_export *export, const struct address *address)
{
        for (size_t i = 0; export && i < export->client_count; i++)
                if (address_equal(&export->clients[i].address, address))
                        return true;
        return false;
}

struct nfs_export *nfs_wanted_in_doubt(const struct snapshot *snapshot, const struct export *export,
                                       const struct protocol_facts *facts, int64_t now_ms,
                                       const struct nfs_export *wanted, const struct nfs_export_seen *seen)
{
        struct protocol_facts unenforced = *facts;
        struct nfs_export *all;

        if (facts->pool_enforced == KNOWN_PRESENT)
                return NULL;
        unenforced.pool_enforced = KNOWN_ABSENT;
        all = nfs_wanted(snapshot, export, &unenforced, now_ms);
        for (size_t i = 0; all && i < seen->client_count; i++)
                if (lets_in(all, &seen->clients[i].address) && !lets_in(wanted, &seen->clients[i].address))
                        return all;
        nfs_export_free(all);
        return NULL;
}
